#include "drivers/vkms/frame_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <thread>
#include <utility>

#include "base/log.h"
#include "device/model.h"
#include "drm/objects/crtc.h"
#include "drm/objects/mode_config.h"

namespace plugboard::vkms {
namespace {

/// `why`: "shown on crtc-0".
void visit_frame(RefVisitor& visitor, const Frame& frame, const std::string& why) {
    for (const ShownPlane& plane : frame.planes) visitor.edge(plane.fb, why);
    if (frame.degamma) visitor.edge(*frame.degamma, why + ": degamma");
    if (frame.ctm) visitor.edge(*frame.ctm, why + ": ctm");
    if (frame.gamma) visitor.edge(*frame.gamma, why + ": gamma");
}

void visit_jobs(RefVisitor& visitor, const std::vector<WritebackJob>& jobs) {
    for (const WritebackJob& job : jobs) {
        visitor.edge(job.fb, "writeback");
        if (job.done) visitor.edge(*job.done, "writeback");
    }
}

}  // namespace

size_t FrameWorker::hands_of_machine() {
    return std::clamp(size_t{std::thread::hardware_concurrency()}, size_t{1}, size_t{4});
}

Result<std::unique_ptr<FrameWorker>> FrameWorker::create(drm::Device& device, uint32_t crtcs,
                                                         drm::Size largest, size_t hands) {
    std::unique_ptr<FrameWorker> worker(new FrameWorker(device, crtcs, largest, hands));
    TRY(worker->hands_.start());
    worker->thread_ =
        TRY(device.parent().model().start_thread([worker = worker.get()] { worker->run(); }));
    return worker;
}

FrameWorker::FrameWorker(drm::Device& device, uint32_t crtcs, drm::Size largest, size_t hands)
    : device_(device),
      largest_(largest),
      sleeper_(device.clock()),
      outputs_(crtcs),
      hand_count_(hands),
      hands_(hands,
             [&device](std::function<void()> function) {
                 return device.parent().model().start_thread(std::move(function));
             }),
      screens_(crtcs) {
    for (Screen& screen : screens_) screen.composer = FastComposer(hands_, hands);
}

FrameWorker::~FrameWorker() {
    {
        MutexLock lock(mutex_);
        is_ending_ = true;
    }
    sleeper_.wake();
    thread_.join();
    hands_.end();

    // Nobody else is here any more: the gate is drained, the timer stopped.
    std::deque<Task> tasks;
    std::vector<Output> outputs;
    std::vector<Ref<CrcFile>> files;
    std::list<Watched> watched;
    {
        MutexLock lock(mutex_);
        tasks.swap(tasks_);
        for (size_t crtc = 0; crtc < outputs_.size(); ++crtc) {
            if (outputs_[crtc].holds_vblank) device_.mode_config().crtcs[crtc]->vblank().put();
        }
        outputs.swap(outputs_);
        files.swap(files_);
        watched.swap(watched_);
    }
    for (Task& task : tasks) finish(task.jobs, Errno::NoDev);
    tasks.clear();
    for (Output& output : outputs) {
        finish(output.jobs, Errno::NoDev);
        for (const Release& release : output.releases) release.fence->signal();
    }
    for (const auto& file : files) file->hang_up();
}

MaybeRef<drm::Fence> FrameWorker::show(uint32_t crtc, std::optional<Frame> frame,
                                       std::vector<WritebackJob> jobs) {
    MaybeRef<drm::Fence> release;
    MutexLock lock(mutex_);
    Output& output = outputs_[crtc];
    // Jobs whose vblank never came get the picture that they were made with.
    const bool fits = frame && output.frame && frame->size == output.frame->size;
    if (!output.jobs.empty() && !fits) push_task_locked(crtc, output.last_vblank, std::nullopt);
    std::swap(output.frame, frame);
    output.generation++;
    if (oldest_pending_locked(crtc)) {
        release = drm::Fence::create(device_.clock(),
                                     {.context = output.context,
                                      .seqno = output.generation,
                                      .driver = device_.info().name,
                                      .timeline = fmt::format("composed:crtc-{}", crtc)});
        output.releases.push_back({output.generation, *release});
    }
    std::move(jobs.begin(), jobs.end(), std::back_inserter(output.jobs));
    update_vblank_locked(crtc);
    return release;
}

void FrameWorker::watch(Ref<drm::atomic::State> commit) {
    MutexLock lock(mutex_);
    watched_.emplace_back(std::move(commit), sleeper_);
}

std::optional<Frame> FrameWorker::shown(uint32_t crtc) const {
    MutexLock lock(mutex_);
    return outputs_[crtc].frame;
}

bool FrameWorker::is_composing(uint32_t crtc) const {
    MutexLock lock(mutex_);
    return outputs_[crtc].is_wanted();
}

void FrameWorker::handle_vblank(uint32_t crtc, uint64_t sequence) {
    MutexLock lock(mutex_);
    Output& output = outputs_[crtc];
    if (output.last_vblank == sequence) return;
    output.last_vblank = sequence;
    if (!output.frame || !output.is_wanted()) return;
    if (Task* late = find_late_task_locked(crtc)) {
        late->last = sequence;
    } else {
        push_task_locked(crtc, sequence, output.crc);
    }
    update_vblank_locked(crtc);
}

Result<void> FrameWorker::start_crc(Ref<CrcData> file) {
    MutexLock lock(mutex_);
    Output& output = outputs_[file->crtc()];
    if (output.crc) return Errno::Busy;
    output.crc = file;
    update_vblank_locked(file->crtc());
    files_.push_back(std::move(file));
    return {};
}

bool FrameWorker::has_crc(uint32_t crtc) const {
    MutexLock lock(mutex_);
    return outputs_[crtc].crc.has_value();
}

void FrameWorker::remember(Ref<CrcFile> file) {
    MutexLock lock(mutex_);
    files_.push_back(std::move(file));
}

void FrameWorker::forget(CrcFile& file) {
    std::vector<Ref<CrcFile>> forgotten;  // let go without the lock
    MaybeRef<CrcData> crc;
    {
        MutexLock lock(mutex_);
        Output& output = outputs_[file.crtc()];
        if (borrow(output.crc) == &file) crc.swap(output.crc);
        update_vblank_locked(file.crtc());
        const auto other = [&](const Ref<CrcFile>& one) { return &*one != &file; };
        const auto from = std::stable_partition(files_.begin(), files_.end(), other);
        forgotten.assign(std::make_move_iterator(from), std::make_move_iterator(files_.end()));
        files_.erase(from, files_.end());
    }
}

void FrameWorker::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    for (size_t crtc = 0; crtc < outputs_.size(); ++crtc) {
        const Output& output = outputs_[crtc];
        if (output.frame)
            visit_frame(visitor, *output.frame, fmt::format("shown on crtc-{}", crtc));
        visit_jobs(visitor, output.jobs);
        if (output.crc) visitor.edge(*output.crc, "crc");
        if (output.running) visit_task(visitor, *output.running, "being composed");
        for (const Release& release : output.releases)
            visitor.edge(release.fence, fmt::format("crtc-{} is composed", crtc));
    }
    for (const Task& task : tasks_) visit_task(visitor, task, "to be composed");
    for (const auto& file : files_) visitor.edge(file, "open file");
    for (const Watched& watched : watched_) visitor.edge(watched.commit, "commit");
}

void FrameWorker::visit_task(RefVisitor& visitor, const Task& task, std::string_view what) {
    visit_frame(visitor, task.frame, fmt::format("{} on crtc-{}", what, task.crtc));
    visit_jobs(visitor, task.jobs);
    if (task.crc) visitor.edge(*task.crc, "crc");
}

void FrameWorker::run() {
    for (;;) {
        look_after_commits();
        {
            MutexLock lock(mutex_);
            if (is_ending_) return;
        }
        sleeper_.sleep(std::nullopt, Interrupts::Ignored);
    }
}

/// Nothing is forgotten: of a CRTC whose last frame is being composed, who does that has the next.
void FrameWorker::do_tasks() {
    {
        MutexLock lock(mutex_);
        --called_;
    }
    while (Task* task = take_task()) do_task(*task);
}

FrameWorker::Task* FrameWorker::take_task() {
    MutexLock lock(mutex_);
    const auto first = std::ranges::find_if(
        tasks_, [this](const Task& task) REQUIRES(mutex_) { return !outputs_[task.crtc].running; });
    if (is_ending_ || first == tasks_.end()) return nullptr;
    Output& output = outputs_[first->crtc];
    output.running = std::move(*first);
    tasks_.erase(first);
    return &*output.running;
}

void FrameWorker::end_running(uint32_t crtc) {
    MutexLock lock(mutex_);
    Output& output = outputs_[crtc];
    std::optional<Task> ended(std::move(*output.running));
    *output.running = {.crtc = crtc, .generation = ended->generation};
    lock.unlock();
    ended.reset();  // who waits for the composition may look whether the buffers are free
    lock.lock();
    output.running.reset();
    const auto oldest = oldest_pending_locked(crtc);
    const auto kept = std::ranges::find_if(
        output.releases, [&](const Release& one) { return oldest && *oldest < one.generation; });
    const std::vector<Release> released(output.releases.begin(), kept);
    output.releases.erase(output.releases.begin(), kept);
    lock.unlock();
    for (const Release& release : released) release.fence->signal();
}

void FrameWorker::look_after_commits() {
    std::list<Watched> programmed;  // let go without the lock
    MutexLock lock(mutex_);
    for (auto it = watched_.begin(); it != watched_.end();) {
        const auto next = std::next(it);
        if (it->commit->is_hw_done()) programmed.splice(programmed.end(), watched_, it);
        it = next;
    }
    for (uint32_t crtc = 0; crtc < outputs_.size(); ++crtc) update_vblank_locked(crtc);
    lock.unlock();
}

void FrameWorker::update_vblank_locked(uint32_t crtc) {
    Output& output = outputs_[crtc];
    // Always so until publish(), while CRTCs are being made: nobody can want a frame then.
    if (output.is_wanted() == output.holds_vblank) return;
    drm::Vblank& vblank = device_.mode_config().crtcs[crtc]->vblank();
    if (output.is_wanted()) {
        // False while the CRTC is off; look_after_commits() tries again.
        output.holds_vblank = vblank.get();
    } else {
        output.holds_vblank = false;
        vblank.put();
    }
}

void FrameWorker::do_task(Task& task) {
    std::vector<TargetImage> images;
    Result<void> done;
    for (const WritebackJob& job : task.jobs) {
        auto image = target_of(*job.fb);
        if (image.ok()) {
            images.push_back(*image);
        } else {
            done = image.error();
        }
    }
    uint32_t crc = 0;
    const drm::Size size = task.frame.size;
    if (size.width > largest_.width || size.height > largest_.height) done = Errno::Inval;
    if (done.ok()) done = compose_frame(task, crc, images);
    if (!done.ok()) {
        log::line(log::Category::Driver, "crtc-{}: frame {} cannot be composed: {}", task.crtc,
                  task.last, errno_name(done.error()));
    } else if (task.crc) {
        for (uint64_t sequence = task.first; sequence <= task.last; ++sequence)
            (*task.crc)->push(static_cast<uint32_t>(sequence), crc);
    }
    std::vector<WritebackJob> jobs;
    {
        MutexLock lock(mutex_);
        jobs.swap(task.jobs);
    }
    finish(jobs, done.ok() ? std::nullopt : std::optional(done.error()));
    end_running(task.crtc);
}

Result<void> FrameWorker::compose_frame(const Task& task, uint32_t& crc,
                                        std::span<const TargetImage> images) {
    auto& [composer, kept] = screens_[task.crtc];
    if (images.empty()) return compose(composer, task.frame, crc, kept);
    return compose(composer, task.frame, {.crc = task.crc ? &crc : nullptr, .images = images});
}

void FrameWorker::finish(std::vector<WritebackJob>& jobs, std::optional<Errno> error) {
    for (WritebackJob& job : jobs) {
        const MaybeRef<drm::Fence> done = std::move(job.done);
        // Who waits for the fence may look at once whether the framebuffer is free.
        { const Ref<drm::Framebuffer> fb = std::move(job.fb); }
        if (done) (*done)->signal(error);
    }
    jobs.clear();
}

void FrameWorker::push_task_locked(uint32_t crtc, uint64_t sequence, MaybeRef<CrcData> crc) {
    Output& output = outputs_[crtc];
    assert(output.frame);
    tasks_.push_back({.crtc = crtc,
                      .generation = output.generation,
                      .first = sequence,
                      .last = sequence,
                      .frame = *output.frame,
                      .crc = std::move(crc),
                      .jobs = std::exchange(output.jobs, {})});
    if (called_ == hand_count_) return;  // each of them looks for all that there is to do
    ++called_;
    hands_.post([this] { do_tasks(); });
}

std::optional<uint64_t> FrameWorker::oldest_pending_locked(uint32_t crtc) const {
    if (outputs_[crtc].running) return outputs_[crtc].running->generation;
    const auto first = std::ranges::find(tasks_, crtc, &Task::crtc);  // in their order
    return first == tasks_.end() ? std::nullopt : std::optional(first->generation);
}

FrameWorker::Task* FrameWorker::find_late_task_locked(uint32_t crtc) {
    Output& output = outputs_[crtc];
    if (!output.jobs.empty()) return nullptr;  // they have to be composed
    const auto is_same = [&](const Task& task) {
        return task.crtc == crtc && task.generation == output.generation && task.crc == output.crc;
    };
    const auto late = std::find_if(tasks_.rbegin(), tasks_.rend(), is_same);
    return late == tasks_.rend() ? nullptr : &*late;
}

}  // namespace plugboard::vkms
