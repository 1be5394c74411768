// Looking again and again for the next message, for a moment, before sleeping until it comes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace plugboard::transport {

/// CLOCK_MONOTONIC, ns, by a system call: whatever the process has in front of its libc's clock.
int64_t monotonic_ns();

/// One end's memory of how messages follow each other, for a channel. Waking a sleeping processor
/// takes longer than a whole request does, so neither end sleeps while requests follow each other
/// at once. Looks in vain are paid for more and more seldom. All zero: always sleeps.
class BusyPoll {
  public:
    /// Polls when the other end can run at the same time, not on a single processor.
    static BusyPoll where_of_use();
    constexpr BusyPoll() = default;
    explicit constexpr BusyPoll(bool may_poll) : may_poll_(may_poll) {}

    /// Longer than it takes to wake a sleeper, or two that sleep would never be quick.
    static constexpr int64_t quick_ns = 200'000;
    static constexpr int most_looks = 256;  // a system call each: about 100 us

    /// A request, or a reply, has come.
    void note_message(int64_t now) {
        is_quick_ = may_poll_ && last_ != 0 && now - last_ < quick_ns;
        last_ = now;
    }
    /// Calls `look` until it says that there is something. False: not in the time that there was
    /// for it.
    template <class Look>
    bool poll(Look look) {
        if (!is_quick_) return false;
        if (to_skip_ > 0) {
            to_skip_--;
            return false;
        }
        for (int i = 0; i < most_looks; i++) {
            if (!look()) continue;
            in_vain_ = 0;
            return true;
        }
        in_vain_ = std::min(in_vain_ + 1, 6);
        to_skip_ = (1 << in_vain_) - 1;
        return false;
    }

  private:
    int64_t last_ = 0;
    int in_vain_ = 0;
    int to_skip_ = 0;
    bool may_poll_ = false;
    bool is_quick_ = false;
};

}  // namespace plugboard::transport
