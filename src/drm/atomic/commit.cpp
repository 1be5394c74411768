#include "drm/atomic/commit.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "drm/atomic/check.h"
#include "drm/atomic/commit_worker.h"
#include "drm/atomic/implicit_fences.h"

namespace plugboard::drm::atomic {

/// Puts a checked state in the place of the current one. Linux: drm_atomic_helper_swap_state
struct Installation {
    /// What the swap leaves to be done with no lock held; most are references to be dropped.
    struct Freed {
        State::Contents contents;
        std::vector<Ref<State>> commits;
        std::vector<Ref<Connector>> connectors;  // whose attributes in sysfs may have changed
        std::vector<Ref<Connector>> unlisted;    // removed ones that no CRTC is on any more
    };
    static Result<void> run(const Ref<State>& state, Freed& freed);

  private:
    static void count_flips_that_do_not_happen(State& state);
    static void update_dpms(State& state, Freed& freed);
    static void unlist_removed(State& state, Freed& freed);
};

namespace {

/// How long a commit waits for the clean-up of those before it, and the core for its own.
constexpr Nanos longest_stall = std::chrono::seconds(10);

/// What must be over before a request may be installed.
struct Obstacle {
    enum class Kind { Cleanup, Fence, HwDone } kind;
    MaybeRef<State> commit;
    MaybeRef<Fence> fence;
};

/// One request's way to its installation. The request is null for the core itself.
class Attempt {
  public:
    Attempt(Request* request, const Ref<State>& state, Signals* signals)
        : request_(request), state_(state), signals_(signals), device_(state->device()) {}

    Result<void> run();

  private:
    enum class Outcome { Installed, Tested, Again };
    /// Fills, checks and installs under the modeset lock; Again: something has to be done without
    /// it.
    Result<Outcome> try_once();
    Result<Outcome> install_locked(Installation::Freed& freed);
    Result<void> prepare_signals();
    Result<void> find_obstacle();
    Result<void> check_busy(const Crtc& crtc);
    Result<void> wait_for_obstacle();
    Result<void> wait_until_cleaned_up();

    Request* const request_;
    const Ref<State>& state_;
    Signals* const signals_;
    Device& device_;
    std::optional<Signals::Wishes> wishes_;  // not prepared yet
    std::optional<Obstacle> obstacle_;
    std::vector<Ref<State>> stalled_on_;  // waited for long enough
    ImplicitFences implicit_fences_;
};

Result<void> Attempt::check_busy(const Crtc& crtc) {
    const bool is_flipping = crtc.newest_commit && !(*crtc.newest_commit)->progress(crtc).flip_done;
    if (!is_flipping || !state_->options().nonblock) return {};
    return state_->refuse(Errno::Busy, "{}: the commit before has not flipped yet (NONBLOCK)",
                          name_of(crtc));
}

/// Linux: drm_atomic_helper_setup_commit, drm_atomic_helper_wait_for_fences
Result<void> Attempt::find_obstacle() {
    CommitWorker& worker = device_.mode_config().worker();
    obstacle_.reset();
    for (const CrtcChange* change : state_->crtcs()) {
        TRY(check_busy(*change->crtc));
        MaybeRef<State> older = worker.second_newest(*change->crtc);
        if (!older || !request_) continue;
        if (std::ranges::find(stalled_on_, *older) != stalled_on_.end()) continue;
        obstacle_.emplace(Obstacle{Obstacle::Kind::Cleanup, std::move(older), {}});
        return {};
    }
    if (state_->options().nonblock && worker.has_unflipped_object(*state_))
        return state_->refuse(
            Errno::Busy, "the last commit of one of its planes or connectors has not flipped yet");
    if (!request_) return {};  // the core's own: the worker waits
    if (!state_->options().nonblock) {
        for (const PlaneChange* change : state_->planes()) {
            const auto& fence = change->new_state.in_fence;
            if (!fence || (*fence)->is_signaled()) continue;
            obstacle_.emplace(Obstacle{Obstacle::Kind::Fence, {}, fence});
            return {};
        }
    }
    if (MaybeRef<State> older = worker.unprogrammed_predecessor(*state_))
        obstacle_.emplace(Obstacle{Obstacle::Kind::HwDone, std::move(older), {}});
    return {};
}

Result<void> Attempt::wait_for_obstacle() {
    const Obstacle obstacle = *std::exchange(obstacle_, std::nullopt);
    switch (obstacle.kind) {
        case Obstacle::Kind::Fence: {
            Fence& fence = **obstacle.fence;
            return request_->wait(device_, fence.queue(), [&] { return fence.is_signaled(); });
        }
        case Obstacle::Kind::HwDone: {
            State& older = **obstacle.commit;
            return request_->wait(device_, older.progress_queue(),
                                  [&] { return older.is_hw_done(); });
        }
        case Obstacle::Kind::Cleanup: break;
    }
    State& older = **obstacle.commit;
    const auto ended = request_->wait(
        device_, older.progress_queue(), [&] { return older.is_cleaned_up(); },
        device_.clock().now() + longest_stall);
    stalled_on_.push_back(*obstacle.commit);
    if (!ended.ok() && ended.error() == Errno::Time) return {};
    return ended;
}

Result<Attempt::Outcome> Attempt::install_locked(Installation::Freed& freed) {
    TRY(check(*state_));
    if (state_->options().test_only) return Outcome::Tested;
    if (request_) implicit_fences_.add_to(*state_);  // the core's own wait for no client's fence
    TRY(find_obstacle());
    if (obstacle_) return Outcome::Again;
    TRY(Installation::run(state_, freed));
    return Outcome::Installed;
}

Result<Attempt::Outcome> Attempt::try_once() {
    Installation::Freed freed;
    State::Contents stale;
    MutexLock lock(device_.mode_config().lock());
    stale = state_->take_contents();
    TRY(state_->fill());
    if (signals_ && !state_->options().test_only) {
        if (!signals_->attach(*state_)) {
            wishes_ = Signals::wishes_of(*state_);
            return Outcome::Again;
        }
    }
    auto outcome = install_locked(freed);
    lock.unlock();  // what the attempt has replaced goes with no lock held
    for (const Ref<Connector>& connector : freed.connectors) device_.connector_changed(*connector);
    for (const Ref<Connector>& connector : freed.unlisted) ObjectIds::remove(*connector);
    return outcome;
}

Result<void> Attempt::prepare_signals() {
    Signals::Wishes wishes;
    {
        State::Contents stale;
        MutexLock lock(device_.mode_config().lock());
        stale = state_->take_contents();
        TRY(state_->fill());
        wishes = Signals::wishes_of(*state_);
        lock.unlock();
    }
    return signals_->prepare(wishes);
}

Result<void> Attempt::run() {
    if (signals_ && !state_->options().test_only) TRY(prepare_signals());
    for (;;) {
        const Outcome outcome = TRY(try_once());
        if (outcome == Outcome::Tested) return {};
        if (outcome == Outcome::Installed) break;
        if (wishes_) TRY(signals_->prepare(*std::exchange(wishes_, std::nullopt)));
        if (obstacle_) TRY(wait_for_obstacle());
    }
    if (signals_) signals_->give_away(*state_);
    if (!state_->options().nonblock) TRY(wait_until_cleaned_up());
    if (signals_) signals_->keep_slots();
    return {};
}

Result<void> Attempt::wait_until_cleaned_up() {
    const auto is_over = [this] { return state_->is_cleaned_up(); };
    if (request_)
        return request_->wait(device_, state_->progress_queue(), is_over, std::nullopt,
                              Interrupts::Ignored);
    CommitWorker& worker = device_.mode_config().worker();
    // The worker cannot wait for itself; its own commit goes on without it.
    if (worker.is_current_thread()) return {};
    // Who signals the fence may be a client that waits for this thread. Asked once is enough: what
    // this commit waits for is older than it, and a fence that has signalled stays so.
    if (worker.is_held_up_by_fence(*state_)) return {};
    if (device_.clock().stands_still()) return {};
    ThreadSleeper sleeper(device_.clock());
    const Wakeup end = wait_until(sleeper, state_->progress_queue(), is_over,
                                  device_.clock().now() + longest_stall, Interrupts::Ignored);
    if (end == Wakeup::Deadline)
        log::error("{}: the core's own commit has not ended after 10 s", device_.card_name());
    return {};
}

}  // namespace

Result<void> Installation::run(const Ref<State>& state, Freed& freed) {
    // What cannot fail comes after what can: the worker refuses on a device that is gone.
    CommitWorker& worker = state->device().mode_config().worker();
    if (worker.is_shut_down())
        return state->refuse(Errno::NoDev, "{} is gone", state->device().card_name());
    for (CrtcChange* change : state->crtcs()) {
        Crtc& crtc = *change->crtc;
        freed.contents.crtcs.emplace_back(CrtcChange{})->old_state =
            std::exchange(change->old_state, std::exchange(crtc.state, change->new_state));
        if (crtc.newest_commit) freed.commits.push_back(*std::move(crtc.newest_commit));
        crtc.newest_commit = state;
        crtc.last_change = {.planes = change->planes_changed,
                            .mode = change->mode_changed,
                            .active = change->active_changed,
                            .connectors = change->connectors_changed,
                            .color = change->color_changed};
    }
    for (ColoropChange* change : state->colorops()) {
        freed.contents.colorops.emplace_back(ColoropChange{})->old_state = std::exchange(
            change->old_state, std::exchange(change->colorop->state, change->new_state));
    }
    for (PlaneChange* change : state->planes()) {
        Plane& plane = *change->plane;
        freed.contents.planes.emplace_back(PlaneChange{})->old_state =
            std::exchange(change->old_state, std::exchange(plane.state, change->new_state));
        plane.state.in_fence.reset();  // never the last: the request's own state has it
    }
    for (ConnectorChange* change : state->connectors()) {
        Connector& connector = **change->connector;
        freed.contents.connectors[connector.serial()].old_state =
            std::exchange(change->old_state, std::exchange(connector.state, change->new_state));
        connector.state.writeback.reset();
    }
    update_dpms(*state, freed);
    unlist_removed(*state, freed);
    count_flips_that_do_not_happen(*state);
    state->seal();
    [[maybe_unused]] const auto added = worker.add(state);
    return {};
}

/// CRTCs that stay off, and cursor updates, have flipped from the start.
/// Linux: drm_atomic_helper_setup_commit
void Installation::count_flips_that_do_not_happen(State& state) {
    for (const CrtcChange* change : state.crtcs()) {
        const bool is_lit = change->old_state.active || change->new_state.active;
        if (is_lit && !state.options().legacy_cursor) continue;
        state.set_flip_done(change->crtc->index());
        state.set_told(change->crtc->index());
    }
}

/// Linux: drm_atomic_helper_update_legacy_modeset_state
void Installation::update_dpms(State& state, Freed& freed) {
    for (const ConnectorChange* change : state.connectors()) {
        Connector& connector = **change->connector;
        const Crtc* crtc = change->new_state.crtc;
        const bool is_attached = crtc && !change->old_state.crtc;
        const bool is_detached = !crtc && change->old_state.crtc;
        if (!is_detached && !(crtc && state.find(*crtc)->needs_modeset())) continue;
        const auto old = std::exchange(
            connector.dpms, crtc && crtc->state.active ? DRM_MODE_DPMS_ON : DRM_MODE_DPMS_OFF);
        if (is_attached || is_detached || old != connector.dpms)
            freed.connectors.push_back(*change->connector);
    }
}

/// Linux: drm_atomic_set_crtc_for_connector, whose reference was the last
void Installation::unlist_removed(State& state, Freed& freed) {
    for (const ConnectorChange* change : state.connectors()) {
        if (auto unlisted = state.device().mode_config().unlist_if_unused(**change->connector))
            freed.unlisted.push_back(*std::move(unlisted));
    }
}

Result<void> commit(Request& request, const Ref<State>& state) {
    return Attempt(&request, state, nullptr).run();
}

Result<void> commit(Request& request, const Ref<State>& state, Signals& signals) {
    return Attempt(&request, state, &signals).run();
}

Result<void> commit_internal(const Ref<State>& state) {
    return Attempt(nullptr, state, nullptr).run();
}

Result<void> commit_recipe(Request& request, Device& device, Options options, Recipe recipe) {
    return commit(request, State::create(device, &request, options, std::move(recipe)));
}

}  // namespace plugboard::drm::atomic
