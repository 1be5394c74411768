// Threads that help another one with its loop.
// Linux: kernel/padata.c (padata_do_multithreaded)
#include "drivers/vkms/composer/helpers.h"

#include <utility>

namespace plugboard::vkms {

Helpers::~Helpers() {
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
    }
    more_.notify_all();
    for (Thread& thread : threads_) thread.join();
}

void Helpers::run(size_t count, const std::function<void(size_t)>& job) {
    if (count > 1) start();
    {
        MutexLock lock(mutex_);
        job_ = &job;
        next_ = 0;
        count_ = left_ = count;
    }
    more_.notify_all();
    while (do_one()) {
    }
    MutexLock lock(mutex_);
    while (left_ != 0) done_.wait(lock);
}

void Helpers::start() {
    if (std::exchange(is_started_, true)) return;
    for (size_t i = 0; i < wanted_; ++i) {
        auto thread = Thread::start([this] { help(); });
        if (!thread.ok()) return;  // then those that there are do it
        threads_.push_back(*std::move(thread));
    }
}

void Helpers::help() {
    while (true) {
        {
            MutexLock lock(mutex_);
            while (!is_ending_ && next_ == count_) more_.wait(lock);
            if (is_ending_) return;
        }
        (void)do_one();
    }
}

bool Helpers::do_one() {
    const std::function<void(size_t)>* job = nullptr;
    size_t index = 0;
    {
        MutexLock lock(mutex_);
        if (next_ == count_) return false;
        job = job_;
        index = next_++;
    }
    (*job)(index);
    MutexLock lock(mutex_);
    if (--left_ == 0) done_.notify_all();
    return true;
}

}  // namespace plugboard::vkms
