#include "base/wait.h"

#include <algorithm>
#include <chrono>

namespace plugboard {
namespace {

constexpr Nanos longest_sleep = std::chrono::hours(24);  // then it looks again

}  // namespace

WaitQueue::Entry::Entry(WaitQueue& queue, Waker& waker) : queue_(queue), waker_(waker) {
    MutexLock lock(queue_.mutex_);
    queue_.entries_.push_back(*this);
}

WaitQueue::Entry::~Entry() {
    MutexLock lock(queue_.mutex_);
    unlink();
}

void WaitQueue::wake_all() {
    MutexLock lock(mutex_);
    for (Entry* entry = entries_.front(); entry; entry = entries_.next(*entry))
        entry->waker_.wake();
}

void ThreadSleeper::wake() {
    MutexLock lock(mutex_);
    woken_ = true;
    cond_.notify_one();
}

void ThreadSleeper::interrupt() {
    MutexLock lock(mutex_);
    interrupted_ = true;
    cond_.notify_one();
}

Wakeup ThreadSleeper::sleep(std::optional<Time> deadline, Interrupts interrupts) {
    for (;;) {
        // The clock's lock is not taken under ours: a fake clock wakes us with its own lock held.
        std::optional<Nanos> left;
        if (deadline) left = clock_.real_time_until(*deadline);
        if (left && left->count() == 0) return Wakeup::Deadline;
        MutexLock lock(mutex_);
        if (interrupted_ && interrupts == Interrupts::Allowed) return Wakeup::Interrupted;
        if (woken_) {
            woken_ = false;
            return Wakeup::Woken;
        }
        if (left) {
            // The end of time is not to be passed: INT64_MAX is a deadline that clients use.
            cond_.wait_until(lock,
                             std::chrono::steady_clock::now() + std::min(*left, longest_sleep));
        } else {
            cond_.wait(lock);
        }
    }
}

}  // namespace plugboard
