// The threads that compose a device's frames when somebody wants to see them: CRC readers,
// writeback. Linux: drivers/gpu/drm/vkms/vkms_composer.c, vkms_composer_worker; vkms_crtc.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/wait.h"
#include "device/bound.h"
#include "drivers/vkms/composer/fast_composer.h"
#include "drivers/vkms/composer/helpers.h"
#include "drivers/vkms/composer/kept_crcs.h"
#include "drivers/vkms/debug_files.h"
#include "drivers/vkms/frame.h"
#include "drm/atomic/state.h"
#include "drm/device.h"
#include "drm/sync/fence.h"

namespace plugboard::vkms {

/// A picture that a commit wants written to memory.
struct WritebackJob {
    Ref<drm::Framebuffer> fb;
    MaybeRef<drm::Fence> done;
};

/// devm. Any thread. Frames of one CRTC are composed one after the other, those of others beside
/// them, the oldest first; what stays the same is composed once for all vblanks it was late for.
class FrameWorker {
  public:
    /// A thread for each core, four at most: a compositor wants cores, too.
    static size_t hands_of_machine();
    /// `largest`: wider or higher frames are not composed: nobody could show them. `hands`: so many
    /// frames at once, at least one. Again: there is no thread for it.
    static Result<std::unique_ptr<FrameWorker>> create(drm::Device& device, uint32_t crtcs,
                                                       drm::Size largest,
                                                       size_t hands = hands_of_machine());
    /// Ends: jobs that are left fail with NoDev, CRC files are hung up.
    ~FrameWorker();
    FrameWorker(const FrameWorker&) = delete;
    FrameWorker& operator=(const FrameWorker&) = delete;

    /// From the next vblank on the CRTC shows this; none: it is off. The fence signals once what it
    /// showed before is composed, whose buffers nobody may draw to until then; none: it is.
    MaybeRef<drm::Fence> show(uint32_t crtc, std::optional<Frame> frame,
                              std::vector<WritebackJob> jobs);
    /// A copy of what the CRTC shows; none when it is off.
    std::optional<Frame> shown(uint32_t crtc) const;
    /// Somebody wants the frames of this CRTC.
    bool is_composing(uint32_t crtc) const;
    /// The CRTC goes on with this commit, after it was programmed: then its vblanks can begin.
    void watch(Ref<drm::atomic::State> commit);
    /// A vblank of that CRTC; the second call for the same one does nothing.
    void handle_vblank(uint32_t crtc, uint64_t sequence);

    /// The file gets an entry each vblank until it is forgotten. Busy: there is one already.
    Result<void> start_crc(Ref<CrcData> file);
    bool has_crc(uint32_t crtc) const;
    /// The file will be hung up at the end, unless it is forgotten before.
    void remember(Ref<CrcFile> file);
    void forget(CrcFile& file);

    void visit_refs(RefVisitor& visitor) const;

  private:
    /// One composition to do, for one or more vblanks.
    struct Task {
        uint32_t crtc = 0;
        uint64_t generation = 0;
        uint64_t first = 0, last = 0;  // vblank counts
        Frame frame{};
        MaybeRef<CrcData> crc{};
        std::vector<WritebackJob> jobs{};
    };
    /// Of the frames before this one.
    struct Release {
        uint64_t generation = 0;
        Ref<drm::Fence> fence;
    };
    struct Output {
        std::optional<Frame> frame;
        uint64_t generation = 0;  // counts the frames
        uint64_t last_vblank = 0;
        std::vector<WritebackJob> jobs;  // for the next vblank
        MaybeRef<CrcData> crc;
        std::optional<Task> running;    // the hand that has it reads it without the lock
        std::vector<Release> releases;  // the oldest first
        drm::FenceContext context = drm::next_fence_context();
        bool holds_vblank = false;

        bool is_wanted() const { return crc || !jobs.empty(); }
    };
    /// What composes a CRTC's frames, for whoever has its task.
    struct Screen {
        FastComposer composer{};
        KeptCrcs kept{};
    };
    /// Wakes the worker at each step of a commit.
    struct Watched {
        Watched(Ref<drm::atomic::State> state, Waker& waker)
            : commit(std::move(state)), entry(commit->progress_queue(), waker) {}
        Ref<drm::atomic::State> commit;
        WaitQueue::Entry entry;
    };

    FrameWorker(drm::Device& device, uint32_t crtcs, drm::Size largest, size_t hands);
    void run();
    static void visit_task(RefVisitor& visitor, const Task& task, std::string_view what);
    /// What there is to do, until there is none that can be begun. A hand does it for each task
    /// that came while fewer were on their way than there are hands.
    void do_tasks();
    /// Of a CRTC of which nothing is being composed; null: there is none.
    Task* take_task();
    void do_task(Task& task);
    /// The CRTC's next task may be begun, after all that this one held has been let go.
    void end_running(uint32_t crtc);
    Result<void> compose_frame(const Task& task, uint32_t& crc,
                               std::span<const TargetImage> images);
    static void finish(std::vector<WritebackJob>& jobs, std::optional<Errno> error);
    /// Begins the vblanks that could not begin before, and lets go of commits that are programmed.
    void look_after_commits();
    /// The CRTC's vblanks come while somebody wants its frames, and it is on.
    void update_vblank_locked(uint32_t crtc) REQUIRES(mutex_);
    /// With what the CRTC shows and all its jobs; `crc`: whom to tell.
    void push_task_locked(uint32_t crtc, uint64_t sequence, MaybeRef<CrcData> crc) REQUIRES(mutex_);
    /// The oldest frame of the CRTC that is being composed, or will be; none: all are.
    std::optional<uint64_t> oldest_pending_locked(uint32_t crtc) const REQUIRES(mutex_);
    /// The task that a missed vblank of what the CRTC shows may be added to; null: none.
    Task* find_late_task_locked(uint32_t crtc) REQUIRES(mutex_);

    drm::Device& device_;
    const drm::Size largest_;
    ThreadSleeper sleeper_;
    mutable Mutex<LockClass<FrameWorker>> mutex_;
    std::vector<Output> outputs_ GUARDED_BY(mutex_);  // by CRTC index
    std::deque<Task> tasks_ GUARDED_BY(mutex_);
    size_t called_ GUARDED_BY(mutex_) = 0;  // hands that have not come yet
    std::vector<Ref<CrcFile>> files_ GUARDED_BY(mutex_);
    std::list<Watched> watched_ GUARDED_BY(mutex_);
    bool is_ending_ GUARDED_BY(mutex_) = false;
    const size_t hand_count_;
    Helpers hands_;
    std::vector<Screen> screens_;  // by CRTC index
    Thread thread_;                // for commits
};

/// Calls `use(worker)` while the device is bound to the driver that made the worker; else NoDev.
template <class Use>
auto with_worker(drm::Device& device, const device::Managed<FrameWorker>& worker, Use use)
    -> decltype(use(std::declval<FrameWorker&>())) {
    const device::Entered entered = device.enter();
    if (!entered) return Errno::NoDev;
    return use(worker.get(entered.bound()));
}

}  // namespace plugboard::vkms
