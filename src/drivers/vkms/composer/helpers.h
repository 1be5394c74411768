// Threads that do jobs for others, and help them with their loops.
// Linux: kernel/padata.c (padata_do_multithreaded), kernel/workqueue.c
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/thread.h"

namespace plugboard::vkms {

/// Any thread.
class Helpers {
  public:
    /// Begins a thread that calls the function. Again: there is none.
    using StartThread = std::function<Result<Thread>(std::function<void()>)>;

    explicit Helpers(size_t count, StartThread start_thread = Thread::start)
        : wanted_(count), start_thread_(std::move(start_thread)) {}
    ~Helpers() { end(); }
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

    /// Those that have not been started. Else the first loop does it, with as many as there are.
    /// Again: they are fewer than asked for.
    Result<void> start();
    /// Ends the threads, after the jobs that they have begun; the others are dropped.
    void end();

    /// Calls job(0) to job(count - 1), each once, here and in helpers that have no other job. All
    /// are done when it returns, and what they wrote is seen. In a posted job, too.
    void run(size_t count, const std::function<void(size_t)>& job);
    /// A helper calls it, before it helps with a loop. They have been started.
    void post(std::function<void()> job);

  private:
    struct Loop {
        const std::function<void(size_t)>& job;
        const size_t count;
        size_t next = 0, left = count;
    };

    void help();
    /// The job of the loop that is to be done now; end_locked() follows it.
    size_t begin_locked(Loop& loop) REQUIRES(mutex_);
    void end_locked(Loop& loop) REQUIRES(mutex_);

    const size_t wanted_;
    const StartThread start_thread_;
    Mutex<LockClass<Helpers>> mutex_;
    CondVar more_, done_;
    std::deque<std::function<void()>> posted_ GUARDED_BY(mutex_);
    std::deque<Loop*> loops_ GUARDED_BY(mutex_);  // with jobs to begin, the oldest first
    bool is_ending_ GUARDED_BY(mutex_) = false;
    std::vector<Thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::vkms
