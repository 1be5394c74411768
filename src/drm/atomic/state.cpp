#include "drm/atomic/state.h"

#include <algorithm>
#include <utility>

namespace plugboard::drm::atomic {
namespace {

template <class Change>
std::vector<Change*> pulled_in(std::vector<std::optional<Change>>& changes) {
    std::vector<Change*> found;
    for (auto& change : changes) {
        if (change) found.push_back(&*change);
    }
    return found;
}

template <class Change>
Change* at(std::vector<std::optional<Change>>& changes, uint32_t index) {
    return index < changes.size() && changes[index] ? &*changes[index] : nullptr;
}

template <class Change>
std::optional<Change>& slot(std::vector<std::optional<Change>>& changes, uint32_t index) {
    if (changes.size() <= index) changes.resize(index + 1);
    return changes[index];
}

void visit(RefVisitor& visitor, const PlaneState& state, std::string_view reason) {
    if (state.fb) visitor.edge(*state.fb, reason);
    if (state.in_fence) visitor.edge(*state.in_fence, "drm_plane_state.fence");
    if (state.damage_clips) visitor.edge(*state.damage_clips, "drm_plane_state.fb_damage_clips");
}

void visit(RefVisitor& visitor, const ColoropState& state) {
    if (state.data) visitor.edge(*state.data, "drm_colorop_state.data");
}

void visit(RefVisitor& visitor, const CrtcState& state) {
    if (state.mode_blob) visitor.edge(*state.mode_blob, "drm_crtc_state.mode_blob");
    if (state.degamma_lut) visitor.edge(*state.degamma_lut, "drm_crtc_state.degamma_lut");
    if (state.ctm) visitor.edge(*state.ctm, "drm_crtc_state.ctm");
    if (state.gamma_lut) visitor.edge(*state.gamma_lut, "drm_crtc_state.gamma_lut");
}

void visit(RefVisitor& visitor, const ConnectorState& state) {
    if (state.hdr_output_metadata)
        visitor.edge(*state.hdr_output_metadata, "drm_connector_state.hdr_output_metadata");
    if (!state.writeback) return;
    if (state.writeback->fb) visitor.edge(*state.writeback->fb, "drm_writeback_job.fb");
    if (state.writeback->out_fence)
        visitor.edge(*state.writeback->out_fence, "drm_writeback_job.out_fence");
}

}  // namespace

Ref<State> State::create(Device& device, Request* request, Options options, Recipe recipe) {
    return make_ref<State>(device, request, options, std::move(recipe));
}

State::State(Device& device, Request* request, Options options, Recipe recipe)
    : device_(Ref<Device>::share(device)),
      request_(request),
      pid_(request ? request->caller().pid : 0),
      options_(options),
      recipe_(std::move(recipe)),
      flipped_(device.mode_config().crtcs.size()) {}

State::~State() = default;

ColoropState& State::colorop(Colorop& colorop) {
    auto& change = slot(contents_.colorops, colorop.index());
    if (!change) {
        change.emplace(ColoropChange{&colorop, colorop.state, colorop.state});
        plane(colorop.plane());
    }
    return change->new_state;
}

PlaneState& State::plane(Plane& plane) {
    auto& change = slot(contents_.planes, plane.index());
    if (!change) {
        change.emplace(PlaneChange{&plane, plane.state, plane.state});
        change->new_state.in_fence.reset();
        change->new_state.damage_clips.reset();
        if (plane.state.crtc) crtc(*plane.state.crtc);
    }
    return change->new_state;
}

CrtcState& State::crtc(Crtc& crtc) {
    auto& change = slot(contents_.crtcs, crtc.index());
    if (!change) {
        change.emplace();
        change->crtc = &crtc;
        change->old_state = crtc.state;
        change->new_state = crtc.state;
        change->new_state.async_flip = false;
    }
    return change->new_state;
}

ConnectorState& State::connector(Connector& connector) {
    const auto [entry, is_new] = contents_.connectors.try_emplace(connector.serial());
    ConnectorChange& change = entry->second;
    if (is_new) {
        change.connector = Ref<Connector>::share(connector);
        change.old_state = connector.state;
        change.new_state = connector.state;
        change.new_state.writeback.reset();
        if (connector.state.crtc) crtc(*connector.state.crtc);
    }
    return change.new_state;
}

void State::set_crtc(Plane& target, Crtc* new_crtc) {
    plane(target).crtc = new_crtc;
    if (new_crtc) crtc(*new_crtc);
}

void State::set_crtc(Connector& target, Crtc* new_crtc) {
    connector(target).crtc = new_crtc;
    if (new_crtc) crtc(*new_crtc);
}

std::vector<ColoropChange*> State::colorops() {
    return pulled_in(contents_.colorops);
}

std::vector<PlaneChange*> State::planes() {
    return pulled_in(contents_.planes);
}

std::vector<CrtcChange*> State::crtcs() {
    return pulled_in(contents_.crtcs);
}

std::vector<ConnectorChange*> State::connectors() {
    std::vector<ConnectorChange*> found;
    for (auto& [index, change] : contents_.connectors) found.push_back(&change);
    return found;
}

ColoropChange* State::find(const Colorop& colorop) {
    return at(contents_.colorops, colorop.index());
}

PlaneChange* State::find(const Plane& plane) {
    return at(contents_.planes, plane.index());
}

CrtcChange* State::find(const Crtc& crtc) {
    return at(contents_.crtcs, crtc.index());
}

ConnectorChange* State::find(const Connector& connector) {
    const auto found = contents_.connectors.find(connector.serial());
    return found == contents_.connectors.end() ? nullptr : &found->second;
}

State::Contents State::take_contents() {
    return std::exchange(contents_, {});
}

Result<void> State::fill() {
    return recipe_(*this);
}

void State::seal() {
    MutexLock lock(mutex_);
    request_ = nullptr;
    is_sealed_ = true;
}

State::Contents State::take_references() {
    // Only these: other threads still look at which CRTCs the objects were and are on.
    const auto take = [](auto& taken, auto& state) { taken = std::exchange(state, std::nullopt); };
    Contents held;
    MutexLock lock(mutex_);
    for (auto& change : contents_.colorops) {
        if (!change) continue;
        ColoropChange& taken = *held.colorops.emplace_back(ColoropChange{});
        take(taken.old_state.data, change->old_state.data);
        take(taken.new_state.data, change->new_state.data);
    }
    for (auto& change : contents_.planes) {
        if (!change) continue;
        PlaneChange& taken = *held.planes.emplace_back(PlaneChange{});
        take(taken.old_state.fb, change->old_state.fb);
        take(taken.new_state.fb, change->new_state.fb);
        take(taken.new_state.in_fence, change->new_state.in_fence);
        take(taken.old_state.damage_clips, change->old_state.damage_clips);
        take(taken.new_state.damage_clips, change->new_state.damage_clips);
    }
    for (auto& change : contents_.crtcs) {
        if (!change) continue;
        CrtcChange& taken = *held.crtcs.emplace_back(CrtcChange{});
        take(taken.old_state.mode_blob, change->old_state.mode_blob);
        take(taken.new_state.mode_blob, change->new_state.mode_blob);
        for (const auto blob : {&CrtcState::degamma_lut, &CrtcState::ctm, &CrtcState::gamma_lut}) {
            take(taken.old_state.*blob, change->old_state.*blob);
            take(taken.new_state.*blob, change->new_state.*blob);
        }
    }
    for (auto& [serial, change] : contents_.connectors) {
        ConnectorChange& taken = held.connectors[serial];
        take(taken.old_state.hdr_output_metadata, change.old_state.hdr_output_metadata);
        take(taken.new_state.hdr_output_metadata, change.new_state.hdr_output_metadata);
        take(taken.new_state.writeback, change.new_state.writeback);
    }
    for (Flipped& flipped : flipped_)
        if (flipped.release) held.releases.push_back(*std::exchange(flipped.release, std::nullopt));
    return held;
}

Progress State::progress(const Crtc& crtc) const {
    MutexLock lock(mutex_);
    return {.hw_done = is_hw_done_,
            .flip_done = flipped_[crtc.index()].done,
            .told = flipped_[crtc.index()].told};
}

bool State::is_told_everywhere() const {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < contents_.crtcs.size(); i++) {
        if (contents_.crtcs[i] && !flipped_[i].told) return false;
    }
    return true;
}

bool State::has_unreleased_flip() const {
    MutexLock lock(mutex_);
    return std::ranges::any_of(
        flipped_, [](const Flipped& one) { return one.release && one.done && !one.told; });
}

void State::set_release_fence(const Crtc& crtc, Ref<Fence> fence) {
    MutexLock lock(mutex_);
    flipped_[crtc.index()].release = std::move(fence);
}

MaybeRef<Fence> State::release_fence(uint32_t crtc_index) const {
    MutexLock lock(mutex_);
    return flipped_[crtc_index].release;
}

bool State::is_released() const {
    if (has_unreleased_flip()) return false;
    for (uint32_t i = 0; i < contents_.crtcs.size(); i++) {
        const auto release = release_fence(i);
        if (release && !(*release)->is_signaled()) return false;
    }
    return true;
}

bool State::is_hw_done() const {
    MutexLock lock(mutex_);
    return is_hw_done_;
}

bool State::is_cleaned_up() const {
    MutexLock lock(mutex_);
    return is_cleaned_up_;
}

void State::set_hw_done() {
    {
        MutexLock lock(mutex_);
        is_hw_done_ = true;
    }
    progress_queue_.wake_all();
}

void State::set_flip_done(uint32_t crtc_index, VblankCount at) {
    {
        MutexLock lock(mutex_);
        flipped_[crtc_index].done = true;
        flipped_[crtc_index].tidings = {.at = at, .is_device_gone = is_device_gone_};
    }
    progress_queue_.wake_all();
}

std::optional<State::Tidings> State::begin_to_tell(uint32_t crtc_index) {
    MutexLock lock(mutex_);
    Flipped& flipped = flipped_[crtc_index];
    if (!flipped.done || flipped.told || flipped.teller) return std::nullopt;
    flipped.teller = std::this_thread::get_id();
    return flipped.tidings;
}

void State::wait_until_told(uint32_t crtc_index) {
    const auto is_told = [&] {
        MutexLock lock(mutex_);
        const Flipped& flipped = flipped_[crtc_index];
        return flipped.told || !flipped.teller || *flipped.teller == std::this_thread::get_id();
    };
    ThreadSleeper sleeper(device_->clock());
    wait_until(sleeper, progress_queue_, is_told, std::nullopt, Interrupts::Ignored);
}

void State::set_told(uint32_t crtc_index) {
    {
        MutexLock lock(mutex_);
        flipped_[crtc_index].told = true;
    }
    progress_queue_.wake_all();
}

void State::set_cleaned_up() {
    {
        MutexLock lock(mutex_);
        is_cleaned_up_ = true;
    }
    progress_queue_.wake_all();
}

void State::mark_gone() {
    MutexLock lock(mutex_);
    is_device_gone_ = true;
}

std::string State::label() const {
    return "commit on " + device_->card_name();
}

void State::visit_refs(RefVisitor& visitor) const {
    visitor.edge(device_, "drm_atomic_state.dev");
    MutexLock lock(mutex_);
    if (!is_sealed_) return;  // its request's thread is still filling it
    for (const auto& change : contents_.colorops) {
        if (!change) continue;
        visit(visitor, change->old_state);
        visit(visitor, change->new_state);
    }
    for (const auto& change : contents_.planes) {
        if (!change) continue;
        visit(visitor, change->old_state, "old drm_plane_state.fb");
        visit(visitor, change->new_state, "new drm_plane_state.fb");
    }
    for (const auto& change : contents_.crtcs) {
        if (!change) continue;
        visit(visitor, change->old_state);
        visit(visitor, change->new_state);
        if (change->out_fence) visitor.edge(*change->out_fence, "drm_crtc_state.event");
    }
    for (const Flipped& one : flipped_)
        if (one.release) visitor.edge(*one.release, "release fence");
    for (const auto& [index, change] : contents_.connectors) {
        visitor.edge(*change.connector, "drm_atomic_state.connectors");
        visit(visitor, change.old_state);
        visit(visitor, change.new_state);
    }
}

}  // namespace plugboard::drm::atomic
