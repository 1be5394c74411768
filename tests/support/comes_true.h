// Waiting for other threads of this process, which need no time but may have to wait for a
// processor.
#pragma once

#include <chrono>
#include <thread>

namespace plugboard::tests {

/// How long a busy machine may take for what takes no time.
inline constexpr std::chrono::seconds patience{60};

/// False: not within the patience.
template <class Predicate>
bool comes_true(Predicate predicate) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!predicate()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    return true;
}

}  // namespace plugboard::tests
