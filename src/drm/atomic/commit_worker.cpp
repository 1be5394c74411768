#include "drm/atomic/commit_worker.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "device/model.h"
#include "drm/atomic/check.h"
#include "drm/fault_plan.h"
#include "drm/vblank/events.h"

namespace plugboard::drm::atomic {
namespace {

/// How long a flip may take before the commits behind it go on without it.
constexpr Nanos longest_flip = std::chrono::seconds(10);

/// The CRTC whose flip ends the change of a plane or connector; null: it is off, before and after.
template <class Change>
const Crtc* flipping_crtc(const Change& change) {
    return change.new_state.crtc ? change.new_state.crtc : change.old_state.crtc;
}

/// What an older commit has in common with a newer one.
/// Linux: drm_atomic_helper_wait_for_dependencies
struct Overlap {
    bool is_empty = true;
    std::vector<const Crtc*> crtcs;  // whose flips end the older one's changes of common objects

    void add(const Crtc* crtc) {
        is_empty = false;
        if (crtc) crtcs.push_back(crtc);
    }
};

Overlap overlap_of(State& older, State& newer) {
    Overlap overlap;
    for (const CrtcChange* change : newer.crtcs()) {
        if (older.find(*change->crtc)) overlap.add(change->crtc);
    }
    for (const PlaneChange* change : newer.planes()) {
        if (const PlaneChange* last = older.find(*change->plane)) overlap.add(flipping_crtc(*last));
    }
    for (const ConnectorChange* change : newer.connectors()) {
        if (const ConnectorChange* last = older.find(**change->connector))
            overlap.add(flipping_crtc(*last));
    }
    return overlap;
}

bool has_unsignaled_fence(State& state) {
    return std::ranges::any_of(state.planes(), [](const PlaneChange* change) {
        const auto& fence = change->new_state.in_fence;
        return fence && !(*fence)->is_signaled();
    });
}

}  // namespace

CommitWorker::CommitWorker(Device& device) : device_(device), sleeper_(device.clock()) {}

CommitWorker::~CommitWorker() {
    stop_thread();
    assert(pending_count() == 0);
}

Result<void> CommitWorker::start() {
    Thread thread = TRY(device_.parent().model().start_thread([this] { run(); }));
    MutexLock lock(mutex_);
    thread_ = std::move(thread);
    return {};
}

bool CommitWorker::is_shut_down() const {
    MutexLock lock(mutex_);
    return is_shut_down_;
}

bool CommitWorker::is_current_thread() const {
    return thread_id_.load() == std::this_thread::get_id();
}

size_t CommitWorker::pending_count() const {
    MutexLock lock(mutex_);
    return pending_.size();
}

bool CommitWorker::is_idle() {
    const Time now = device_.clock().now();
    MutexLock lock(mutex_);
    for (auto pending = pending_.begin(); pending != pending_.end(); ++pending) {
        const bool waits = pending->stage == Stage::Waiting && !is_runnable_locked(pending);
        const bool flips = pending->stage == Stage::Shown &&
                           !pending->state->is_told_everywhere() &&
                           !pending->state->has_unreleased_flip();
        const bool is_for_vblank = flips || pending->stage == Stage::Held;
        if (!waits && (!is_for_vblank || now >= *pending->flip_deadline)) return false;
    }
    return true;
}

Result<void> CommitWorker::add(const Ref<State>& state) {
    Pending pending{.state = state};
    for (const PlaneChange* change : state->planes()) {
        const auto& fence = change->new_state.in_fence;
        if (!fence || (*fence)->is_signaled()) continue;
        pending.fence_watches.push_back(
            {*fence, std::make_unique<WaitQueue::Entry>((*fence)->queue(), sleeper_)});
    }
    {
        MutexLock lock(mutex_);
        if (is_shut_down_) return Errno::NoDev;
        assert(thread_.is_started());
        pending_.push_back(std::move(pending));
    }
    sleeper_.wake();
    return {};
}

MaybeRef<State> CommitWorker::second_newest(const Crtc& crtc) const {
    MutexLock lock(mutex_);
    size_t seen = 0;
    for (auto pending = pending_.rbegin(); pending != pending_.rend(); ++pending) {
        if (pending->state->find(crtc) && ++seen == 2) return pending->state;
    }
    return std::nullopt;
}

MaybeRef<State> CommitWorker::unprogrammed_predecessor(State& state) const {
    MutexLock lock(mutex_);
    for (const Pending& pending : pending_) {
        if (!pending.state->is_hw_done() && !overlap_of(*pending.state, state).is_empty)
            return pending.state;
    }
    return std::nullopt;
}

bool CommitWorker::has_unflipped_object(State& state) const {
    MutexLock lock(mutex_);
    for (const Pending& pending : pending_) {
        State& older = *pending.state;
        const auto is_flipping = [&](const Crtc* crtc) {
            return crtc && older.find(*crtc) && !older.progress(*crtc).flip_done;
        };
        for (const PlaneChange* change : state.planes()) {
            const PlaneChange* last = older.find(*change->plane);
            if (last && is_flipping(flipping_crtc(*last))) return true;
        }
        for (const ConnectorChange* change : state.connectors()) {
            const ConnectorChange* last = older.find(**change->connector);
            if (last && is_flipping(flipping_crtc(*last))) return true;
        }
    }
    return false;
}

bool CommitWorker::is_held_up_by_fence(State& state) const {
    std::vector<State*> waiting;  // for each other, the newest first
    MutexLock lock(mutex_);
    for (auto pending = pending_.rbegin(); pending != pending_.rend(); ++pending) {
        if (pending->stage != Stage::Waiting) continue;  // its fences have signalled
        State& older = *pending->state;
        const bool is_waited_for = std::ranges::any_of(
            waiting, [&](State* newer) { return !overlap_of(older, *newer).is_empty; });
        if (&older != &state && !is_waited_for) continue;
        if (has_unsignaled_fence(older)) return true;
        waiting.push_back(&older);
    }
    return false;
}

Ref<Fence> CommitWorker::make_fence(const Crtc& crtc) {
    return next_fence(raw(crtc.id()), fmt::format("CRTC:{}-{}", raw(crtc.id()), crtc.name()));
}

Ref<Fence> CommitWorker::make_fence(const Connector& connector) {
    return next_fence(raw(connector.id()),
                      fmt::format("CONNECTOR:{}-{}", raw(connector.id()), connector.name()));
}

Ref<Fence> CommitWorker::next_fence(uint32_t object, std::string timeline) {
    FenceInfo info{.driver = device_.info().name, .timeline = std::move(timeline)};
    {
        MutexLock lock(mutex_);
        Timeline& own = timelines_[object];
        if (own.last_seqno == 0) own.context = next_fence_context();
        info.context = own.context;
        info.seqno = ++own.last_seqno;
    }
    return Fence::create(device_.clock(), std::move(info));
}

void CommitWorker::run() {
    thread_id_ = std::this_thread::get_id();
    for (;;) {
        Next next = next_task();
        switch (next.task) {
            case Task::Stop: return;
            case Task::Sleep:
                idle_queue_.wake_all();
                sleeper_.sleep(next.deadline, Interrupts::Ignored);
                break;
            case Task::Hold: hold(next); break;
            case Task::Program: program(**next.state); break;
            case Task::Finish: finish(*std::move(next.state)); break;
        }
    }
}

CommitWorker::Next CommitWorker::next_task() {
    const Time now = device_.clock().now();
    Next next;
    MutexLock lock(mutex_);
    if (is_stopping_) return {.task = Task::Stop};
    for (auto pending = pending_.begin(); pending != pending_.end(); ++pending) {
        if (pending->stage == Stage::Waiting && is_runnable_locked(pending))
            return begin_locked(*pending, now);
        const bool is_held = pending->stage == Stage::Held;
        const bool is_overdue = pending->flip_deadline && now >= *pending->flip_deadline;
        if (pending->stage == Stage::Late || (is_held && is_overdue)) {
            if (is_held) complain_of_flip();
            pending->stage = Stage::Programming;
            return {.task = Task::Program, .state = pending->state};
        }
        if (!is_held && pending->stage != Stage::Shown) continue;
        if (!is_held && !pending->state->is_released()) continue;  // it wakes us when it is
        const bool is_told = !is_held && pending->state->is_told_everywhere();
        if (is_told || is_overdue) {
            pending->stage = Stage::Finishing;
            if (!is_told) complain_of_flip();
            return {.task = Task::Finish, .state = pending->state};
        }
        next.deadline =
            std::min(*pending->flip_deadline, next.deadline.value_or(*pending->flip_deadline));
    }
    return next;
}

/// Linux: drm_atomic_helper_wait_for_dependencies, drm_atomic_helper_wait_for_fences
bool CommitWorker::is_runnable_locked(std::list<Pending>::iterator pending) {
    State& state = *pending->state;
    if (has_unsignaled_fence(state)) return false;
    for (auto older = pending_.begin(); older != pending; ++older) {
        const Overlap overlap = overlap_of(*older->state, state);
        if (overlap.is_empty) continue;
        if (!older->state->is_hw_done()) return false;
        // Told, not only flipped: the events of a CRTC come in the order of its commits.
        const auto is_told = [&](const Crtc* crtc) { return older->state->progress(*crtc).told; };
        if (!std::ranges::all_of(overlap.crtcs, is_told)) return false;
    }
    return true;
}

CommitWorker::Next CommitWorker::begin_locked(Pending& pending, Time now) {
    pending.stage = Stage::Programming;
    Next next{.task = Task::Program, .state = pending.state};
    FaultPlan& faults = faults_of(device_);
    if (faults.is_empty()) return next;
    for (const CrtcChange* change : pending.state->crtcs()) {
        const bool stays_on = change->old_state.active && change->new_state.active;
        if (!stays_on || change->needs_modeset()) continue;
        if (pending.state->progress(*change->crtc).flip_done) continue;
        const uint32_t vblanks = faults.judge_flip(change->crtc->index(), now);
        if (vblanks <= next.vblanks) continue;
        pending.stage = Stage::Holding;
        next.task = Task::Hold;
        next.slow_crtc = change->crtc;
        next.vblanks = vblanks;
    }
    return next;
}

/// Whoever ends the CRTC's vblanks, an unplug too, ends this. Held, and so idle, only once the
/// vblank is waited for; that may have come by then.
void CommitWorker::hold(const Next& next) {
    Vblank& vblank = device_.mode_config().crtcs[next.slow_crtc->index()]->vblank();
    const Ref<State> held = *next.state;
    const Time deadline =
        device_.clock().now() + next.vblanks * vblank.idle_period() + longest_flip;
    vblank.call_at(vblank.current().sequence + next.vblanks, [this, held](VblankCount) {
        {
            MutexLock lock(mutex_);
            Pending* pending = find_locked(*held);
            if (!pending) return;
            const bool is_over = pending->stage != Stage::Holding && pending->stage != Stage::Held;
            if (is_over) return;  // it went on without this vblank
            pending->stage = Stage::Late;
        }
        sleeper_.wake();
    });
    MutexLock lock(mutex_);
    Pending* pending = find_locked(*held);
    if (!pending || pending->stage != Stage::Holding) return;
    pending->stage = Stage::Held;
    pending->flip_deadline = deadline;
}

void CommitWorker::complain_of_flip() const {
    log::error("{}: a flip has not come within 10 s", device_.card_name());
}

CommitWorker::Pending* CommitWorker::find_locked(const State& state) {
    for (Pending& pending : pending_)
        if (&*pending.state == &state) return &pending;
    return nullptr;
}

/// Linux: drm_atomic_helper_commit_tail
void CommitWorker::program(State& state) {
    if (const device::Entered entered =
            device_.enter({.what = "commit", .hook = "KmsHooks::commit", .pid = state.pid()})) {
        for (const CrtcChange* change : state.crtcs()) {
            if (change->old_state.active && (!change->new_state.active || change->needs_modeset()))
                change->crtc->vblank().turn_off();
            change->crtc->vblank().set_longest(change->longest_frame);
        }
        if (KmsHooks* hooks = device_.mode_config().hooks) hooks->commit(entered.bound(), state);
        for (const CrtcChange* change : state.crtcs()) start_flip(state, change->crtc->index());
        for (const CrtcChange* change : state.crtcs()) {
            if (!change->new_state.active || !change->needs_modeset()) continue;
            change->crtc->vblank().turn_on(
                Nanos(static_cast<int64_t>(change->new_state.mode->frame_duration_ns())));
        }
        state.set_hw_done();
    } else {
        abandon(state);
    }
    const Time deadline = device_.clock().now() + longest_flip;
    MutexLock lock(mutex_);
    if (Pending* pending = find_locked(state)) {
        pending->stage = Stage::Shown;
        pending->flip_deadline = deadline;
    }
}

void CommitWorker::start_flip(State& state, uint32_t crtc_index) {
    Crtc& crtc = *device_.mode_config().crtcs[crtc_index];
    if (const auto release = state.release_fence(crtc_index))
        (*release)->on_signal([this, held = Ref<State>::share(state)] { sleeper_.wake(); });
    if (state.progress(crtc).flip_done) return;
    // Linux: drm_atomic_helper_fake_vblank, of a driver that has none
    if (!device_.info().vblank) {
        complete_flip(state, crtc_index, {.sequence = 0, .time = device_.clock().now()});
        return;
    }
    if (state.find(crtc)->new_state.async_flip) {
        complete_flip(state, crtc_index, crtc.vblank().current());
        return;
    }
    const bool is_armed =
        crtc.vblank().arm([this, held = Ref<State>::share(state), crtc_index](VblankCount at) {
            complete_flip(*held, crtc_index, at);  // the state keeps the device, and so this
        });
    if (!is_armed) complete_flip(state, crtc_index, crtc.vblank().current());
}

void CommitWorker::complete_flip(State& state, uint32_t crtc_index, VblankCount at) {
    const Crtc& crtc = *device_.mode_config().crtcs[crtc_index];
    // Before the client hears of it, and draws in what was shown until now.
    flip_log_.add({crtc.id(), at.sequence, at.time, state.options().file_id});
    // In this order: who has seen the event may commit again without getting EBUSY.
    state.set_flip_done(crtc_index, at);
    const MaybeRef<Fence> release = state.release_fence(crtc_index);
    if (!release) return tell_of_flip(state, crtc_index);
    (*release)->on_signal([this, held = Ref<State>::share(state), crtc_index] {
        tell_of_flip(*held, crtc_index);  // the state keeps the device, and so this
    });
}

void CommitWorker::tell_of_flip(State& state, uint32_t crtc_index) {
    const std::optional<State::Tidings> tidings = state.begin_to_tell(crtc_index);
    if (!tidings) return;
    const Crtc& crtc = *device_.mode_config().crtcs[crtc_index];
    const CrtcChange& change = *state.find(crtc);
    if (change.out_fence) {
        const auto error = tidings->is_device_gone ? std::optional(Errno::NoDev) : std::nullopt;
        (*change.out_fence)->signal_at(tidings->at.time, error);
    }
    for (const FlipEvent& event : change.events)
        send_event(
            device_, event.file_id,
            vblank_event(VblankEventType::FlipComplete, event.user_data, tidings->at, crtc.id()));
    state.set_told(crtc_index);
    if (FaultPlan& faults = faults_of(device_); !faults.is_empty()) faults.note_flip(crtc_index);
    sleeper_.wake();
}

void CommitWorker::abandon(State& state) {
    state.mark_gone();
    for (const CrtcChange* change : state.crtcs()) {
        if (!state.progress(*change->crtc).flip_done)
            complete_flip(state, change->crtc->index(), change->crtc->vblank().current());
    }
    for (const ConnectorChange* change : state.connectors()) {
        const auto& job = change->new_state.writeback;
        if (job && job->out_fence) (*job->out_fence)->signal(Errno::NoDev);
    }
    state.set_hw_done();
}

void CommitWorker::finish(Ref<State> state) {
    State::Contents held = state->take_references();
    std::vector<Ref<State>> newest;
    {
        MutexLock lock(device_.mode_config().lock());
        for (const CrtcChange* change : state->crtcs()) {
            auto& commit = change->crtc->newest_commit;
            if (!commit || &**commit != &*state) continue;
            newest.push_back(*std::exchange(commit, std::nullopt));
        }
    }
    newest.clear();
    held = {};
    {
        std::list<Pending> finished;
        MutexLock lock(mutex_);
        const auto pending = std::ranges::find_if(
            pending_, [&](const Pending& entry) { return entry.state == state; });
        if (pending != pending_.end()) finished.splice(finished.begin(), pending_, pending);
        lock.unlock();
    }
    // The caller of a blocking commit goes on here; what the old state held is gone by then.
    state->set_cleaned_up();
}

void CommitWorker::stop_thread() {
    Thread thread;
    {
        MutexLock lock(mutex_);
        is_stopping_ = true;
        thread = std::move(thread_);
    }
    sleeper_.wake();
    assert(!thread.is_current());
    thread.join();
}

void CommitWorker::shut_down() {
    {
        // Under both: a commit is installed and added in one hold of the modeset lock.
        MutexLock modeset(device_.mode_config().lock());
        MutexLock lock(mutex_);
        if (std::exchange(is_shut_down_, true)) return;
    }
    stop_thread();
    std::vector<Ref<State>> commits;
    {
        MutexLock lock(mutex_);
        for (const Pending& pending : pending_) commits.push_back(pending.state);
    }
    for (const Ref<State>& commit : commits) commit->mark_gone();
    // Flips that are armed, and whoever waits for a vblank, are told by this.
    for (Crtc* crtc : device_.mode_config().crtcs) crtc->vblank().turn_off();
    for (Ref<State>& commit : commits) {
        if (!commit->is_hw_done()) abandon(*commit);
        // Of flips that still waited for what was shown before them.
        for (const CrtcChange* change : commit->crtcs()) {
            tell_of_flip(*commit, change->crtc->index());
            commit->wait_until_told(change->crtc->index());
        }
        finish(std::move(commit));
    }
    idle_queue_.wake_all();
}

}  // namespace plugboard::drm::atomic
