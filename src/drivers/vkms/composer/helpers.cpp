// Threads that help others with their loops.
// Linux: kernel/padata.c (padata_do_multithreaded)
#include "drivers/vkms/composer/helpers.h"

#include <algorithm>
#include <utility>

namespace plugboard::vkms {

Helpers::~Helpers() {
    std::vector<Thread> threads;
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
        threads.swap(threads_);
    }
    changed_.notify_all();
    for (Thread& thread : threads) thread.join();
}

void Helpers::run(size_t count, const std::function<void(size_t)>& job) {
    if (count == 0) return;
    if (count > 1) start();
    MutexLock lock(mutex_);
    Loop loop{.job = job, .count = count};
    loops_.push_back(&loop);
    lock.unlock();
    changed_.notify_all();
    run_jobs(&loop);
}

void Helpers::start() {
    MutexLock lock(mutex_);
    if (std::exchange(is_started_, true)) return;
    for (size_t i = 0; i < wanted_; ++i) {
        auto thread = Thread::start([this] { run_jobs(nullptr); });
        if (!thread.ok()) return;  // then those that there are do it
        threads_.push_back(*std::move(thread));
    }
}

std::optional<Helpers::Job> Helpers::next_job(const Loop* own) {
    MutexLock lock(mutex_);
    while (own != nullptr ? own->left != 0 : !is_ending_) {
        if (loops_.empty()) {
            changed_.wait(lock);
            continue;
        }
        auto found = std::ranges::find(loops_, own);
        if (found == loops_.end()) found = loops_.begin();
        Loop& loop = **found;
        const Job job{.loop = loop, .index = loop.next++};
        if (loop.next == loop.count) loops_.erase(found);
        return job;
    }
    return std::nullopt;
}

void Helpers::run_jobs(const Loop* own) {
    while (const std::optional<Job> job = next_job(own)) {
        job->loop.job(job->index);
        MutexLock lock(mutex_);
        if (--job->loop.left == 0) changed_.notify_all();
    }
}

}  // namespace plugboard::vkms
