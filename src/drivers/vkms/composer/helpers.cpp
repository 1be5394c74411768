// Threads that do jobs for others, and help them with their loops.
// Linux: kernel/padata.c (padata_do_multithreaded), kernel/workqueue.c
#include "drivers/vkms/composer/helpers.h"

#include <utility>

namespace plugboard::vkms {

Result<void> Helpers::start() {
    MutexLock lock(mutex_);
    while (threads_.size() < wanted_ && !is_ending_)
        threads_.push_back(TRY(start_thread_([this] { help(); })));
    return {};
}

void Helpers::end() {
    std::vector<Thread> threads;
    std::deque<std::function<void()>> dropped;
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
        threads.swap(threads_);
        dropped.swap(posted_);
    }
    dropped.clear();
    more_.notify_all();
    for (Thread& thread : threads) thread.join();
}

void Helpers::run(size_t count, const std::function<void(size_t)>& job) {
    if (count == 0) return;
    if (count == 1) return job(0);
    (void)start();  // with none of them the caller does it all
    Loop loop{.job = job, .count = count};
    MutexLock lock(mutex_);
    loops_.push_back(&loop);
    more_.notify_all();
    while (loop.next != count) {
        const size_t index = begin_locked(loop);
        lock.unlock();
        job(index);
        lock.lock();
        end_locked(loop);
    }
    while (loop.left != 0) done_.wait(lock);
}

void Helpers::post(std::function<void()> job) {
    MutexLock lock(mutex_);
    posted_.push_back(std::move(job));
    more_.notify_one();
}

void Helpers::help() {
    MutexLock lock(mutex_);
    while (!is_ending_) {
        if (!posted_.empty()) {
            std::function<void()> job = std::move(posted_.front());
            posted_.pop_front();
            lock.unlock();
            job();
            job = nullptr;  // what it holds
            lock.lock();
        } else if (!loops_.empty()) {
            Loop& loop = *loops_.front();
            const size_t index = begin_locked(loop);
            lock.unlock();
            loop.job(index);
            lock.lock();
            end_locked(loop);
        } else {
            more_.wait(lock);
        }
    }
}

size_t Helpers::begin_locked(Loop& loop) {
    const size_t index = loop.next++;
    if (loop.next == loop.count) std::erase(loops_, &loop);
    return index;
}

void Helpers::end_locked(Loop& loop) {
    if (--loop.left == 0) done_.notify_all();
}

}  // namespace plugboard::vkms
