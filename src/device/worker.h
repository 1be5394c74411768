// One thread that does things later, one after the other.
// Linux: a workqueue (alloc_ordered_workqueue)
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace plugboard::device {

/// Any thread. The thread is started by the first work.
class Worker {
  public:
    /// Finishes what is queued.
    ~Worker();
    void run(std::function<void()> work);
    /// Waits until nothing is queued or running. Not from the worker.
    void flush();

  private:
    void loop();

    Mutex<LockClass<Worker>> mutex_;
    CondVar changed_;
    std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
    bool is_busy_ GUARDED_BY(mutex_) = false;
    bool is_ending_ GUARDED_BY(mutex_) = false;
    std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::device
