// Waiting for something that another thread makes true.
// Linux: include/linux/wait.h
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/list.h"
#include "base/mutex.h"

namespace plugboard {

/// Where sleepers register to be woken. Any thread; its lock is a leaf.
class WaitQueue {
  public:
    /// On the queue for the scope of this object.
    class Entry : private ListNode {
      public:
        Entry(WaitQueue& queue, Waker& waker);
        ~Entry();

      private:
        friend class WaitQueue;
        friend class List<Entry>;
        WaitQueue& queue_;
        Waker& waker_;
    };

    void wake_all();

  private:
    Mutex<LockClass<WaitQueue>> mutex_;
    List<Entry> entries_ GUARDED_BY(mutex_);
};

enum class Wakeup {
    Woken,        // look at the predicate again
    Deadline,     // the deadline has passed
    Interrupted,  // a signal to the caller, or the caller is dead
};

/// Whether a signal to the caller may end a wait.
enum class Interrupts { Allowed, Ignored };

/// How one thread sleeps. wake() before sleep() is not lost.
class Sleeper : public Waker {
  public:
    /// Sleeps until wake(), the deadline, or an interruption where that is allowed.
    virtual Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) = 0;

  protected:
    ~Sleeper() = default;
};

/// A Sleeper for threads that nobody interrupts from outside; interrupt() is for tests.
class ThreadSleeper final : public Sleeper {
  public:
    explicit ThreadSleeper(Clock& clock) : clock_(clock) { clock_.watch(*this); }
    ~ThreadSleeper() { clock_.unwatch(*this); }

    void wake() override;
    Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override;
    void interrupt();

  private:
    Clock& clock_;
    Mutex<LockClass<ThreadSleeper>> mutex_;
    CondVar cond_;
    bool woken_ GUARDED_BY(mutex_) = false;
    bool interrupted_ GUARDED_BY(mutex_) = false;
};

/// Sleeps until `ready()` holds. The predicate takes the locks that it needs.
template <class Predicate>
Wakeup wait_until(Sleeper& sleeper, WaitQueue& queue, Predicate ready,
                  std::optional<Time> deadline = std::nullopt,
                  Interrupts interrupts = Interrupts::Allowed) {
    WaitQueue::Entry entry(queue, sleeper);
    for (;;) {
        if (ready()) return Wakeup::Woken;
        const Wakeup end = sleeper.sleep(deadline, interrupts);
        if (end != Wakeup::Woken) return ready() ? Wakeup::Woken : end;
    }
}

}  // namespace plugboard
