// A mutex that names its lock class, and the scopes that hold it.
// Linux: include/linux/mutex.h, kernel/locking/lockdep.c
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string_view>

#include "base/lock_order.h"
#include "base/thread_annotations.h"

namespace plugboard {

/// One class of locks: all mutexes with the same Owner (and Index) are alike to the order check.
template <class Owner, int Index = 0>
struct LockClass {
    static const LockClassInfo& info() {
        static const LockClassInfo instance(__PRETTY_FUNCTION__);
        return instance;
    }
};

/// std::mutex with a class. Debug builds abort on an order that could deadlock. Any thread.
template <class Class>
class CAPABILITY("mutex") Mutex {
  public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() ACQUIRE() {
        lock_order::before_lock(Class::info());
        mutex_.lock();
    }
    void unlock() RELEASE() {
        mutex_.unlock();
        lock_order::after_unlock(Class::info());
    }
    std::mutex& native() RETURN_CAPABILITY(this) { return mutex_; }

  private:
    std::mutex mutex_;
};

/// Holds one mutex for a scope.
template <class Class>
class SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex<Class>& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() RELEASE() {
        if (held_) mutex_.unlock();
    }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    /// For the short stretches that must run without the lock (callbacks, last references).
    void unlock() RELEASE() {
        held_ = false;
        mutex_.unlock();
    }
    void lock() ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

  private:
    friend class CondVar;
    Mutex<Class>& mutex_;
    bool held_ = true;
};

/// Condition variable for the Mutex above.
class CondVar {
  public:
    void notify_one() { cond_.notify_one(); }
    void notify_all() { cond_.notify_all(); }

    template <class Class>
    void wait(MutexLock<Class>& lock) NO_THREAD_SAFETY_ANALYSIS {
        std::unique_lock<std::mutex> native(lock.mutex_.native(), std::adopt_lock);
        cond_.wait(native);
        native.release();
    }
    /// False when the deadline came first.
    template <class Class>
    bool wait_until(MutexLock<Class>& lock,
                    std::chrono::steady_clock::time_point deadline) NO_THREAD_SAFETY_ANALYSIS {
        std::unique_lock<std::mutex> native(lock.mutex_.native(), std::adopt_lock);
        const bool woken = cond_.wait_until(native, deadline) == std::cv_status::no_timeout;
        native.release();
        return woken;
    }

  private:
    std::condition_variable cond_;
};

}  // namespace plugboard
