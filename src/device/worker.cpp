#include "device/worker.h"

#include <cassert>
#include <utility>

namespace plugboard::device {

Worker::~Worker() {
    Thread thread;
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
        changed_locked();
        thread = std::move(thread_);
    }
    thread.join();
    while (do_next()) {
    }
}

Result<void> Worker::start() {
    MutexLock lock(mutex_);
    return start_locked();
}

Result<void> Worker::start_locked() {
    if (!thread_.is_started() && !is_ending_) thread_ = TRY(Thread::start([this] { loop(); }));
    return {};
}

void Worker::run(std::function<void()> work) {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(work));
    (void)start_locked();
    changed_locked();
}

void Worker::run_at(Time when, std::function<void()> work) {
    MutexLock lock(mutex_);
    later_.emplace(when, std::move(work));
    (void)start_locked();
    changed_locked();
}

void Worker::changed_locked() {
    changed_.notify_all();
    wakeups_.wake_all();
}

std::optional<Time> Worker::queue_due_locked() {
    const Time now = later_.empty() ? Time() : clock_.now();
    while (!later_.empty() && later_.begin()->first <= now)
        queue_.push_back(std::move(later_.extract(later_.begin()).mapped()));
    if (later_.empty()) return std::nullopt;
    return later_.begin()->first;
}

void Worker::flush() {
    {
        MutexLock lock(mutex_);
        assert(!thread_.is_current());
        (void)queue_due_locked();
        changed_locked();
    }
    for (;;) {
        {
            MutexLock lock(mutex_);
            while (is_busy_ || (thread_.is_started() && !queue_.empty())) changed_.wait(lock);
            if (queue_.empty()) return;
        }
        do_next();
    }
}

bool Worker::do_next() {
    MutexLock lock(mutex_);
    if (queue_.empty() || is_busy_) return false;
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    is_busy_ = true;
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes with no lock held
    lock.lock();
    is_busy_ = false;
    changed_locked();
    return true;
}

void Worker::loop() {
    ThreadSleeper sleeper(clock_);
    const WaitQueue::Entry entry(wakeups_, sleeper);
    for (;;) {
        std::optional<Time> next;
        {
            MutexLock lock(mutex_);
            next = queue_due_locked();
            if (queue_.empty() && is_ending_) return;
        }
        if (!do_next()) (void)sleeper.sleep(next, Interrupts::Ignored);
    }
}

}  // namespace plugboard::device
