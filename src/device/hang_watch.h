// Says in the log what a wait that lasts is for.
// Linux: kernel/hung_task.c (there: a stack, after two minutes)
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/thread.h"
#include "base/wait.h"

namespace plugboard::device {

/// From its making to its end somebody waits. After two seconds, then four, eight ... a line says
/// so: "unbind of gpu0 waits for: commit of pid 4711, 3.2 s, in hook Screen::commit".
class HangWatch {
  public:
    /// `describe` is called on another thread: what is waited for. Without a thread there are no
    /// lines.
    HangWatch(Clock& clock, std::string who, std::function<std::string()> describe);
    ~HangWatch();
    HangWatch(const HangWatch&) = delete;
    HangWatch& operator=(const HangWatch&) = delete;

  private:
    void watch();

    Clock& clock_;
    const std::string who_;
    const std::function<std::string()> describe_;
    const Time since_;
    std::atomic<bool> is_over_{false};
    WaitQueue over_;
    Thread thread_;
};

}  // namespace plugboard::device
