#include "device/worker.h"

#include <cassert>
#include <utility>

namespace plugboard::device {

Worker::~Worker() {
    std::thread thread;
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
        changed_.notify_all();
        thread = std::move(thread_);
    }
    if (thread.joinable()) thread.join();
}

void Worker::run(std::function<void()> work) {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(work));
    if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
    changed_.notify_all();
}

void Worker::flush() {
    MutexLock lock(mutex_);
    assert(thread_.get_id() != std::this_thread::get_id());
    while (is_busy_ || !queue_.empty()) changed_.wait(lock);
}

void Worker::loop() {
    MutexLock lock(mutex_);
    for (;;) {
        while (queue_.empty() && !is_ending_) changed_.wait(lock);
        if (queue_.empty()) return;
        std::function<void()> work = std::move(queue_.front());
        queue_.pop_front();
        is_busy_ = true;
        lock.unlock();
        work();
        work = nullptr;  // what it holds goes with no lock held
        lock.lock();
        is_busy_ = false;
        changed_.notify_all();
    }
}

}  // namespace plugboard::device
