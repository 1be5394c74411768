// Looking again and again for the next message, for a moment, instead of sleeping until it comes.
#pragma once

#include <cstdint>

namespace plugboard::transport {

/// Times are CLOCK_MONOTONIC, ns.
int64_t monotonic_ns();

/// One end's memory of how messages follow each other. Waking a sleeping processor takes longer
/// than a whole request does, so neither end sleeps while requests follow each other at once; a
/// client that thinks in between costs nobody any time. All zero at first.
class BusyPoll {
  public:
    /// Longer than a sleeper takes to wake, or nobody would ever be quick.
    static constexpr int64_t quick_ns = 200'000;
    static constexpr int64_t longest_ns = 100'000;

    /// A request or a reply has come.
    void note_message(int64_t now) {
        is_quick_ = last_ != 0 && now - last_ < quick_ns;
        last_ = now;
    }
    /// Until when a wait that begins now is to look without sleeping; not after `now`: sleep.
    int64_t until(int64_t now) const {
        return is_quick_ && now - last_ < quick_ns ? now + longest_ns : now;
    }

    /// The other end can run at the same time; of no use on a single processor.
    static bool is_of_use();

  private:
    int64_t last_ = 0;
    bool is_quick_ = false;
};

}  // namespace plugboard::transport
