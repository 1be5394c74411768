// A thread whose start may fail.
// Linux: kernel/kthread.c (kthread_run, kthread_stop)
#pragma once

#include <pthread.h>

#include <cassert>
#include <functional>
#include <optional>
#include <utility>

#include "base/result.h"

namespace plugboard {

/// Joined by its owner before it is destroyed or replaced. One thread at a time.
class Thread {
  public:
    Thread() = default;  // not started
    Thread(Thread&& other) noexcept : id_(std::exchange(other.id_, std::nullopt)) {}
    Thread& operator=(Thread&& other) noexcept {
        assert(!is_started());
        id_ = std::exchange(other.id_, std::nullopt);
        return *this;
    }
    ~Thread() { assert(!is_started()); }

    /// Again: the process or its user has as many threads as it may.
    static Result<Thread> start(std::function<void()> run);

    /// What each thread that is started from now on does first. Null: nothing.
    static void set_prologue(void (*prologue)());

    /// And not joined yet.
    bool is_started() const { return id_.has_value(); }
    bool is_current() const { return id_ && pthread_equal(*id_, pthread_self()) != 0; }
    /// Waits for its end. Does nothing when it is not started.
    void join();

  private:
    explicit Thread(pthread_t id) : id_(id) {}
    std::optional<pthread_t> id_;
};

}  // namespace plugboard
