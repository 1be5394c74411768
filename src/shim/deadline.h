// The time that is left of a timeout.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

#include "shim/syscalls.h"

namespace plugboard::shim {

class Deadline {
  public:
    /// Null: none.
    explicit Deadline(const timespec* timeout) : is_set_(timeout != nullptr) {
        if (!is_set_) return;
        const int64_t seconds = std::min<int64_t>(timeout->tv_sec, INT32_MAX);
        end_ = now() + seconds * second + timeout->tv_nsec;
    }
    /// Null: there is none. Valid until the next call.
    timespec* left() {
        if (!is_set_) return nullptr;
        const int64_t left = std::max<int64_t>(0, end_ - now());
        left_ = {.tv_sec = left / second, .tv_nsec = left % second};
        return &left_;
    }
    bool is_over() { return is_set_ && end_ <= now(); }

  private:
    static constexpr int64_t second = 1'000'000'000;
    static int64_t now() {
        timespec time{};
        raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
        return time.tv_sec * second + time.tv_nsec;
    }
    const bool is_set_;
    int64_t end_ = 0;
    timespec left_{};
};

}  // namespace plugboard::shim
