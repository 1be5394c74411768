// The process's connections to the daemon: a pool, one checked out for each call.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "transport/busy_poll.h"

namespace plugboard::shim {

/// Where one channel is kept. A slot's number may change under a running call (dup2 onto it).
struct ChannelSlot {
    enum State : uint32_t { Empty = 0, Busy = 1, Idle = 2 };
    std::atomic<uint32_t> state;
    std::atomic<int> fd;
    std::atomic<uint64_t>
        cookie;               // 0: no channel here; else fd is ours while its SO_COOKIE is this
    std::atomic<int> thread;  // who is using it
    std::atomic<uintptr_t> frame;  // of the call that is using it
    uint32_t sequence;
    transport::BusyPoll busy_poll;
};

/// A channel for the scope of one call. Any thread, also in signal handlers and after fork.
class Channel {
  public:
    /// `frame` is __builtin_frame_address(0) of the call.
    explicit Channel(const void* frame);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// There is a daemon at the other end.
    bool is_open() const { return slot_ != nullptr; }
    /// Why it is not open: ENODEV, or what the process has run out of.
    int error() const { return error_; }
    const std::atomic<int>& socket() const { return slot_->fd; }
    uint32_t next_sequence() { return ++slot_->sequence; }
    transport::BusyPoll& busy_poll() { return slot_->busy_poll; }
    /// The call ended badly: the channel is not used again.
    void give_up() { broken_ = true; }

  private:
    ChannelSlot* slot_ = nullptr;
    ChannelSlot temporary_{};  // when the pool has none
    bool broken_ = false;
    int error_ = ENODEV;
};

/// Closes those that no call has now: their daemon is gone.
void close_idle_channels();
/// For a fork child: closes its copies of its parent's channels.
void close_inherited_channels();

/// The descriptor is one of the shim's own, which the application knows nothing of.
bool is_own_channel(int fd);
/// Moves an own channel out of the way of a descriptor that the application puts there.
void move_own_channel(int fd);
/// The lowest own channel at or above `fd`; -1 when there is none.
int next_own_channel(int fd);

}  // namespace plugboard::shim
