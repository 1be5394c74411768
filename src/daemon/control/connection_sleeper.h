// How the thread of a control connection sleeps in a command that waits: who asked may hang up.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/wait.h"

namespace plugboard::daemon {

/// sleep() on the connection's thread, wake() on any.
class ConnectionSleeper final : public Sleeper {
  public:
    /// What wake() writes to. MFile, NFile, NoMem.
    static Result<UniqueFd> make_event();

    /// `socket` is connected, `event` make_event()'s; both outlive it.
    ConnectionSleeper(int socket, int event, Clock& clock);
    ~ConnectionSleeper();

    void wake() override;
    /// Interrupted when the peer has hung up, or this end was shut down for reading.
    Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override;

  private:
    const int socket_;
    Clock& clock_;
    const int event_;
    std::atomic<bool> woken_ = false;  // set before event_ is written, cleared after it is read
};

}  // namespace plugboard::daemon
