// A bounded queue of packets that is the socket to its reader itself: read and poll need no server.
// Linux: the circular buffer of drivers/gpu/drm/drm_debugfs_crc.c
#pragma once

#include <string_view>

#include "base/unique_fd.h"

namespace plugboard::vkms {

/// The writing end. All packets have the same size. One thread at a time.
class PacketRing {
  public:
    enum class Push { Sent, Full, HungUp };

    PacketRing(UniqueFd ours, int capacity) : ours_(std::move(ours)), capacity_(capacity) {}

    /// Full: as many packets as the ring holds are unread; this one is dropped.
    Push push(std::string_view packet);
    /// The reader gets what is there, then the end.
    void hang_up();

  private:
    const UniqueFd ours_;
    const int capacity_;
    int packet_cost_ = 0;  // what an unread packet adds to SIOCOUTQ; 0: not known yet
};

}  // namespace plugboard::vkms
