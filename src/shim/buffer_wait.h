// Waiting for descriptors of which some are buffers: what poll(2) and select(2) do of it alike.
#pragma once

#include <poll.h>
#include <signal.h>

#include "shim/deadline.h"
#include "shim/held_signals.h"
#include "shim/room.h"
#include "shim/stand_ins.h"
#include "transport/protocol.h"

namespace plugboard::shim {

/// One call's. Signals wait from its begin to its end, but while it sleeps: one that comes in
/// between interrupts the sleep, as it would the kernel's. Asking the daemon is a sleep too.
class BufferWait {
  public:
    /// `fds`: the caller's; null: its own, see fds(). What they say of all but buffers is known.
    BufferWait(pollfd* fds, nfds_t count);
    ~BufferWait() { end(); }
    BufferWait(const BufferWait&) = delete;
    BufferWait& operator=(const BufferWait&) = delete;

    /// Null: there is no memory.
    pollfd* fds() { return has_room_ ? fds_ : nullptr; }
    /// When there are less.
    void set_count(nfds_t count) { count_ = count; }
    /// Until one is ready: as ppoll(2), or minus an errno. A cancellation point, which leaves
    /// nothing behind.
    long wait(Deadline& deadline, const sigset_t* mask);
    /// Before errno is set: handlers run in here. Twice is once.
    void end();

  private:
    static constexpr size_t few = 32;
    /// Finds the buffers, of which nothing is known then.
    void look();
    /// Asks the daemon for them. 0 or minus an errno.
    long ask(bool may_sleep, const sigset_t& mask);
    long sleep(const timespec* left, const sigset_t& mask);
    int count_ready() const;
    void close_stand_ins();

    HeldSignals signals_;
    bool is_ended_ = false;
    nfds_t count_;
    Room<pollfd, few> own_;
    Room<pollfd, few> waited_;      // a buffer that is not waited for: its number is negative
    Room<StandIn, few> stand_ins_;  // for the buffers that are pending
    pollfd* const fds_;
    const bool has_room_;
};

}  // namespace plugboard::shim
