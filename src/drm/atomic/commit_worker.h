// The thread on which a device's commits are programmed, shown and cleaned up.
// Linux: commit_tail() in drivers/gpu/drm/drm_atomic_helper.c (there: a work item per commit)
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/wait.h"
#include "drm/atomic/flip_log.h"
#include "drm/atomic/state.h"
#include "drm/sync/fence.h"

namespace plugboard::drm::atomic {

/// One per device, owned by its ModeConfig. The thread waits for nothing but its own sleeper:
/// fences, vblanks and predecessors make a commit runnable.
/// Public functions: any thread.
class CommitWorker {
  public:
    explicit CommitWorker(Device& device);
    ~CommitWorker();  // no commit is pending
    CommitWorker(const CommitWorker&) = delete;
    CommitWorker& operator=(const CommitWorker&) = delete;

    /// Once, before the device is published: nothing may fail after a commit is installed. Again.
    Result<void> start();
    /// Unpublished, and nobody is inside the device's gate: every pending commit ends now, with its
    /// events, the fences of flips that never were in error (NoDev), and no driver hook. Waits for
    /// no foreign fence, and not for what is still read. Later commits are NoDev.
    void shut_down();
    bool is_shut_down() const;
    /// The caller runs on the worker: it must not wait for a commit, nor destroy the worker.
    bool is_current_thread() const;

    FlipLog& flip_log() { return flip_log_; }
    /// Commits whose old state is not let go yet.
    size_t pending_count() const;
    /// Whether there is nothing to do before an in-fence, a vblank or a new commit comes. A flip
    /// that is still to be told, once what it has replaced is read no more, will be soon.
    bool is_idle();
    /// Woken whenever is_idle() has become true.
    WaitQueue& idle_queue() { return idle_queue_; }

    // For commit.cpp, under the modeset lock.
    /// Takes over a commit that has just been installed. NoDev: shut down.
    Result<void> add(const Ref<State>& state);
    /// The newest pending commit on the CRTC that is older than its newest one.
    MaybeRef<State> second_newest(const Crtc& crtc) const;
    /// A pending commit that is not programmed yet and has an object of `state`.
    MaybeRef<State> unprogrammed_predecessor(State& state) const;
    /// Whether the last commit of one of its planes or connectors has not flipped yet.
    bool has_unflipped_object(State& state) const;

    /// Whether the pending commit, or one that it waits for, waits for an in-fence.
    bool is_held_up_by_fence(State& state) const;

    /// A new fence of the CRTC's or writeback connector's own timeline.
    Ref<Fence> make_fence(const Crtc& crtc);
    Ref<Fence> make_fence(const Connector& connector);

  private:
    enum class Stage {
        Waiting,      // for in-fences and for the commits before it
        Holding,      // a fault has it programmed at a later vblank: the worker asks for that
        Held,         // that vblank is waited for
        Late,         // it has come
        Programming,  // the worker is at it
        Shown,        // programmed; flips are under way
        Finishing,    // the worker is at it
    };
    struct FenceWatch {
        Ref<Fence> fence;  // outlives the entry
        std::unique_ptr<WaitQueue::Entry> entry;
    };
    struct Pending {
        Ref<State> state;
        Stage stage = Stage::Waiting;
        std::vector<FenceWatch> fence_watches{};
        std::optional<Time> flip_deadline{};  // while Held, and when Shown
    };
    struct Timeline {
        FenceContext context{};
        uint64_t last_seqno = 0;
    };
    enum class Task { Stop, Sleep, Hold, Program, Finish };
    struct Next {
        Task task = Task::Sleep;
        MaybeRef<State> state{};
        std::optional<Time> deadline{};
        const Crtc* slow_crtc = nullptr;  // Hold: whose flip is slow
        uint32_t vblanks = 0;
    };

    void run();
    Next next_task();
    bool is_runnable_locked(std::list<Pending>::iterator pending) REQUIRES(mutex_);
    /// To hold it, if a fault makes it slow; else to program it.
    Next begin_locked(Pending& pending, Time now) REQUIRES(mutex_);
    /// Null: it is finished.
    Pending* find_locked(const State& state) REQUIRES(mutex_);
    void hold(const Next& next);
    void complain_of_flip() const;
    void program(State& state);
    void finish(Ref<State> state);
    /// Ends a commit on all its CRTCs without touching the hardware.
    void abandon(State& state);
    void start_flip(State& state, uint32_t crtc_index);
    /// The new picture is there. Whoever waits for it is told, at once or when the one before is
    /// read no more.
    void complete_flip(State& state, uint32_t crtc_index, VblankCount at);
    /// Sends the events, and signals the fence; once.
    void tell_of_flip(State& state, uint32_t crtc_index);
    Ref<Fence> next_fence(uint32_t object, std::string timeline);
    void stop_thread();

    Device& device_;
    FlipLog flip_log_;
    ThreadSleeper sleeper_;
    WaitQueue idle_queue_;
    std::atomic<std::thread::id> thread_id_{};
    mutable Mutex<LockClass<CommitWorker>> mutex_;
    std::list<Pending> pending_ GUARDED_BY(mutex_);  // in the order of installation
    bool is_shut_down_ GUARDED_BY(mutex_) = false;
    bool is_stopping_ GUARDED_BY(mutex_) = false;
    Thread thread_ GUARDED_BY(mutex_);
    std::map<uint32_t, Timeline> timelines_ GUARDED_BY(mutex_);  // by object id
};

}  // namespace plugboard::drm::atomic
