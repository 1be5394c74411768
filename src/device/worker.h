// One thread that does things later, one after the other.
// Linux: a workqueue (alloc_ordered_workqueue)
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/wait.h"

namespace plugboard::device {

/// Any thread.
class Worker {
  public:
    explicit Worker(Clock& clock) : clock_(clock) {}
    /// Finishes what is queued; what is due later is dropped.
    ~Worker();
    /// So that run() needs no thread that may not be had then. Again.
    Result<void> start();
    /// Tries to start the thread when nobody has. Until there is one the work stays queued. What is
    /// queued by work that the destructor waits for is done too.
    void run(std::function<void()> work);
    /// Queues it when the time has come.
    void run_at(Time when, std::function<void()> work);
    /// Waits until nothing is queued or running, nor what is due now; without a thread the caller
    /// does the work. Not from within work.
    void flush();

  private:
    void loop();
    Result<void> start_locked() REQUIRES(mutex_);
    void changed_locked() REQUIRES(mutex_);
    /// Queues what is due. When the next is; none: there is none.
    std::optional<Time> queue_due_locked() REQUIRES(mutex_);
    /// Does the oldest work with no lock held. False: there is none, or another does some.
    bool do_next();

    Clock& clock_;
    WaitQueue wakeups_;  // of the thread
    Mutex<LockClass<Worker>> mutex_;
    CondVar changed_;
    std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
    std::multimap<Time, std::function<void()>> later_ GUARDED_BY(mutex_);
    bool is_busy_ GUARDED_BY(mutex_) = false;
    bool is_ending_ GUARDED_BY(mutex_) = false;
    Thread thread_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::device
