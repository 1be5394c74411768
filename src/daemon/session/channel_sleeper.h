// How a session's thread sleeps in a request: the client's signals and its death arrive on the
// channel.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/wait.h"
#include "transport/channel.h"

namespace plugboard::daemon {

/// Owned by a session; sleep() on its thread, wake() on any.
class ChannelSleeper final : public Sleeper {
  public:
    /// What wake() writes to. MFile, NFile, NoMem.
    static Result<UniqueFd> make_event();

    ChannelSleeper(transport::Channel& channel, UniqueFd event, Clock& clock);
    ~ChannelSleeper();

    /// The request that a Cancel has to name.
    void begin(uint32_t sequence) { sequence_ = sequence; }

    void wake() override;
    /// Interrupted by a Cancel, and for ever once the client has hung up. An uninterruptible sleep
    /// does not look at the channel, as a kernel's does not end with SIGKILL.
    Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override;

  private:
    void wait_for_something(std::optional<Nanos> left, Interrupts interrupts);

    transport::Channel& channel_;
    Clock& clock_;
    const UniqueFd event_;
    std::atomic<bool> woken_ = false;  // set before event_ is written, cleared after it is read
    uint32_t sequence_ = 0;
};

}  // namespace plugboard::daemon
