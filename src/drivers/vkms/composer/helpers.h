// Threads that help another one with its loop.
// Linux: kernel/padata.c (padata_do_multithreaded)
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"

namespace plugboard::vkms {

/// Started when there is first something to do; fewer than asked for where the system has no more
/// threads for us. One owner, one thread at a time.
class Helpers {
  public:
    explicit Helpers(size_t count) : wanted_(count) {}
    ~Helpers();
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

    /// As many as run() uses, and the caller.
    size_t hands() const { return wanted_ + 1; }
    /// Calls job(0) to job(count - 1), each once, here and in the helpers. All are done when it
    /// returns, and what they wrote is seen.
    void run(size_t count, const std::function<void(size_t)>& job);

  private:
    void start();
    void help();
    /// The next job; false: none is left to begin.
    bool do_one();

    const size_t wanted_;
    bool is_started_ = false;  // the owner's
    std::vector<Thread> threads_;
    Mutex<LockClass<Helpers>> mutex_;
    CondVar more_, done_;
    const std::function<void(size_t)>* job_ GUARDED_BY(mutex_) = nullptr;
    size_t next_ GUARDED_BY(mutex_) = 0, count_ GUARDED_BY(mutex_) = 0,
                 left_ GUARDED_BY(mutex_) = 0;
    bool is_ending_ GUARDED_BY(mutex_) = false;
};

}  // namespace plugboard::vkms
