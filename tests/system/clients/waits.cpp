// Waits in one of the ways a client can, while the card is pulled or the daemon is killed:
// waits vblank|poll|read|blocking|nonblocking [kill]. Each wait must end at once, as
// docs/life-of-an-unplug.md says.
#include <signal.h>
#include <sys/socket.h>

#include <fstream>
#include <functional>
#include <map>

#include "tests/system/clients/card.h"
#include "tests/system/clients/facts.h"

namespace {

using client::Card;
using client::expect;
using client::must;

/// True once the thread sleeps in the kernel.
bool sleeps(pid_t thread) {
    std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string text;
    std::getline(stat, text);
    const auto end = text.rfind(')');
    return end != std::string::npos && end + 2 < text.size() && text[end + 2] == 'S';
}

void unplug(const Card&) {
    must(client::plugboard("unplug gpu0") == 0, "plugboard unplug");
}

void kill_daemon(const Card& card) {
    ucred peer{};
    socklen_t size = sizeof peer;
    must(getsockopt(card.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0, "SO_PEERCRED");
    must(kill(peer.pid, SIGKILL) == 0, "kill -9 of the daemon");
}

/// Ends the card as soon as the calling thread has slept for three looks in a row.
std::thread end_while_waiting(const Card& card, void (*end)(const Card&)) {
    const pid_t waiter = gettid();
    return std::thread([waiter, &card, end] {
        for (int asleep = 0; asleep < 3;) {
            asleep = sleeps(waiter) ? asleep + 1 : 0;
            poll(nullptr, 0, 20);
        }
        end(card);
    });
}

int64_t milliseconds(const std::function<void()>& work) {
    const int64_t start = client::now_ns();
    work();
    return (client::now_ns() - start) / 1'000'000;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string how = argc >= 2 ? argv[1] : "";
    const bool kills = argc == 3 && std::strcmp(argv[2], "kill") == 0;
    // The run ends its command when the daemon dies: this one ends by itself.
    if (kills) signal(SIGTERM, SIG_IGN);
    alarm(30);
    Card card;
    card.discover();
    const auto first = card.create_buffer(card.mode.hdisplay, card.mode.vdisplay);
    const auto second = card.create_buffer(card.mode.hdisplay, card.mode.vdisplay);
    must(card.set_crtc(first) == 0, "SETCRTC");
    const uint32_t fb = card.property(card.primary, DRM_MODE_OBJECT_PLANE, "FB_ID");
    const uint32_t in_fence = card.property(card.primary, DRM_MODE_OBJECT_PLANE, "IN_FENCE_FD");
    const uint32_t out_fence = card.property(card.crtc, DRM_MODE_OBJECT_CRTC, "OUT_FENCE_PTR");
    const client::Timeline timeline;
    std::array<char, 64> bytes{};
    const auto pull_while_waiting = [&] {
        return end_while_waiting(card, kills ? kill_daemon : unplug);
    };

    if (how == "vblank") {
        std::thread puller = pull_while_waiting();
        drm_wait_vblank wait{};
        wait.request.type = _DRM_VBLANK_RELATIVE;
        wait.request.sequence = 100000;
        int error = 0;
        const auto ms = milliseconds([&] { error = card.call(DRM_IOCTL_WAIT_VBLANK, wait); });
        expect(error == ENODEV, "WAIT_VBLANK says ENODEV");
        expect(ms < 2500, "before its own limit of 3 s");
        puller.join();
    } else if (how == "poll") {
        std::thread puller = pull_while_waiting();
        expect((client::poll_for(card.fd(), POLLIN, 20000) & POLLHUP) != 0, "poll says HUP");
        puller.join();
    } else if (how == "read") {
        std::thread puller = pull_while_waiting();
        expect(read(card.fd(), bytes.data(), bytes.size()) < 0 && errno == ENODEV,
               "read says ENODEV");
        puller.join();
    } else if (how == "blocking") {
        std::thread puller = pull_while_waiting();
        const int error =
            card.atomic({{card.primary, fb, second.fb},
                         {card.primary, in_fence, static_cast<uint64_t>(timeline.fence(1))}},
                        0);
        expect(error == ENODEV, "a blocking commit says ENODEV");
        puller.join();
    } else if (how == "nonblocking") {
        int32_t out = -1;
        must(card.atomic({{card.primary, fb, second.fb},
                          {card.primary, in_fence, static_cast<uint64_t>(timeline.fence(1))},
                          {card.crtc, out_fence, Card::address(&out)}},
                         DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT, 77) == 0,
             "non-blocking commit");
        std::thread puller = pull_while_waiting();
        expect(client::poll_for(out, POLLIN, 20000) != 0, "its out-fence is signalled");
        puller.join();
        drm_event_vblank event{};
        if (!kills) {  // a daemon that is dead has sent none
            expect(read(card.fd(), &event, sizeof event) == sizeof event && event.user_data == 77,
                   "its event is there to be read");
        }
        expect(read(card.fd(), bytes.data(), bytes.size()) < 0 && errno == ENODEV,
               "then read says ENODEV");
    } else if (how == "hang") {  // until it is killed
        alarm(0);
        for (;;) {
            drm_wait_vblank wait{};
            wait.request.type = _DRM_VBLANK_RELATIVE;
            wait.request.sequence = 100000;
            std::puts("hanging");
            std::fflush(stdout);
            must(card.call(DRM_IOCTL_WAIT_VBLANK, wait) == EBUSY, "WAIT_VBLANK");
        }
    } else {
        std::fprintf(stderr, "usage: waits vblank|poll|read|blocking|nonblocking|hang [kill]\n");
        return 2;
    }
    first.pixels[1] = 3;
    expect(first.pixels[1] == 3, "the mapping is still good");
    return client::failures == 0 ? 0 : 1;
}
