#include "drivers/vkms/packet_ring.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/hangup_watch.h"

namespace plugboard::vkms {
namespace {

/// What was sent and is not yet read, as the kernel accounts for it: more than the bytes.
int unread_cost(int fd) {
    int cost = 0;
    return ioctl(fd, SIOCOUTQ, &cost) == 0 ? cost : 0;
}

}  // namespace

PacketRing::Push PacketRing::push(std::string_view packet) {
    const int before = unread_cost(ours_.borrow());
    if (packet_cost_ > 0 && before / packet_cost_ >= capacity_) return Push::Full;
    if (send(ours_.borrow(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return errno == EAGAIN ? Push::Full : Push::HungUp;
    // The reader may have been there in between: then it is measured the next time.
    if (packet_cost_ == 0) packet_cost_ = std::max(unread_cost(ours_.borrow()) - before, 0);
    return Push::Sent;
}

void PacketRing::hang_up() {
    HangupWatch::shut_down(ours_.borrow());
}

}  // namespace plugboard::vkms
