// Threads that help others with their loops.
// Linux: kernel/padata.c (padata_do_multithreaded)
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"

namespace plugboard::vkms {

/// Started when there is first something to do; fewer than asked for where the system has no more
/// threads for us. Any thread; a job may have a loop of its own.
class Helpers {
  public:
    explicit Helpers(size_t count) : wanted_(count) {}
    ~Helpers();
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

    /// As many as run() uses, and the caller.
    size_t hands() const { return wanted_ + 1; }
    /// Calls job(0) to job(count - 1), each once, here and in the helpers. All are done when it
    /// returns, and what they wrote is seen. A hand that has nothing of its own takes from the
    /// oldest loop: of a loop of loops each has one, and then helps with the others'.
    void run(size_t count, const std::function<void(size_t)>& job);

  private:
    struct Loop {
        const std::function<void(size_t)>& job;
        const size_t count;
        size_t next = 0, left = count;
    };
    struct Job {
        Loop& loop;
        size_t index = 0;
    };

    void start();
    /// Waits for one to begin. `own`: of this loop first, until it is done; null: until the end.
    std::optional<Job> next_job(const Loop* own);
    void run_jobs(const Loop* own);

    const size_t wanted_;
    Mutex<LockClass<Helpers>> mutex_;
    CondVar changed_;
    std::deque<Loop*> loops_ GUARDED_BY(mutex_);  // with jobs to begin, the oldest first
    bool is_started_ GUARDED_BY(mutex_) = false;
    bool is_ending_ GUARDED_BY(mutex_) = false;
    std::vector<Thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::vkms
