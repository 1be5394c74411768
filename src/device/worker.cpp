#include "device/worker.h"

#include <cassert>
#include <utility>

namespace plugboard::device {

Worker::~Worker() {
    Thread thread;
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
        changed_.notify_all();
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
    if (!thread_.is_started()) thread_ = TRY(Thread::start([this] { loop(); }));
    return {};
}

void Worker::run(std::function<void()> work) {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(work));
    (void)start_locked();
    changed_.notify_all();
}

void Worker::flush() {
    for (;;) {
        {
            MutexLock lock(mutex_);
            assert(!thread_.is_current());
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
    changed_.notify_all();
    return true;
}

void Worker::loop() {
    for (;;) {
        {
            MutexLock lock(mutex_);
            while (is_busy_ || (queue_.empty() && !is_ending_)) changed_.wait(lock);
            if (queue_.empty()) return;
        }
        do_next();
    }
}

}  // namespace plugboard::device
