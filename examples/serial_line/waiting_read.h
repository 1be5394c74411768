// A client's read on a thread of its own, to be pulled at while it waits.
#pragma once

#include <atomic>
#include <string>

#include "base/ref.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/wait.h"
#include "examples/serial_line/line.h"

namespace plugboard::serial {

/// Made when the read is asleep, or has ended.
class WaitingRead {
  public:
    explicit WaitingRead(Ref<Line> line);
    ~WaitingRead() { thread_.join(); }
    WaitingRead(const WaitingRead&) = delete;
    WaitingRead& operator=(const WaitingRead&) = delete;

    void interrupt() { sleeper_.interrupt(); }
    /// Waits for its end: the line, or the error's name.
    std::string result();

  private:
    /// Sleeps as a ThreadSleeper does, and tells when it does.
    class TellingSleeper final : public Sleeper {
      public:
        TellingSleeper(Clock& clock, std::atomic<bool>& asleep) : inner_(clock), asleep_(asleep) {}
        void wake() override { inner_.wake(); }
        Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override;
        void interrupt() { inner_.interrupt(); }

      private:
        ThreadSleeper inner_;
        std::atomic<bool>& asleep_;
    };

    std::atomic<bool> asleep_or_over_{false};
    TellingSleeper sleeper_;
    std::string result_;
    Thread thread_;
};

}  // namespace plugboard::serial
