#include "drm/atomic/signals.h"

#include <algorithm>
#include <cassert>

#include "device/model.h"
#include "drm/atomic/check.h"
#include "drm/atomic/commit_worker.h"
#include "drm/sync/sync_file.h"

namespace plugboard::drm::atomic {

Signals::Signals(Request& request, Device& device, File& file, std::optional<uint64_t> event)
    : request_(request), device_(device), file_(file), event_(event) {}

Signals::~Signals() {
    for (size_t i = 0; i < reserved_events_; i++) file_.cancel_event();
    for (const uapi::UserAddress slot : written_)
        (void)request_.memory().write_value(slot, int32_t{-1});
}

Signals::Wishes Signals::wishes_of(State& state) {
    Wishes wishes;
    for (const CrtcChange* change : state.crtcs())
        wishes.crtcs.push_back({change->crtc, change->out_fence_slot});
    for (const ConnectorChange* change : state.connectors()) {
        if (change->new_state.writeback)
            wishes.connectors.push_back({*change->connector, change->out_fence_slot});
    }
    return wishes;
}

Result<void> Signals::prepare(const Wishes& wishes) {
    CommitWorker& worker = device_.mode_config().worker();
    for (const auto& [crtc, slot] : wishes.crtcs) {
        if (std::ranges::find(prepared_, crtc) != prepared_.end()) continue;
        if (event_) {
            if (auto reserved = file_.reserve_event(); !reserved.ok())
                return request_.refuse(
                    log::Category::Atomic, reserved.error(),
                    "{}: no event space: 4096 bytes of events are queued or waited for",
                    name_of(*crtc));
            reserved_events_++;
        }
        if (slot != uapi::UserAddress{})
            crtc_fences_.emplace(crtc->index(), TRY(export_fence(worker.make_fence(*crtc), slot)));
        prepared_.push_back(crtc);
    }
    for (const auto& [connector, slot] : wishes.connectors) {
        if (slot == uapi::UserAddress{} || connector_fences_.contains(connector->serial()))
            continue;
        connector_fences_.emplace(connector->serial(),
                                  TRY(export_fence(worker.make_fence(*connector), slot)));
    }
    if (event_ && wishes.crtcs.empty())
        return request_.refuse(log::Category::Atomic, Errno::Inval,
                               "EVENT is set, but the request has no CRTC that could send one");
    return {};
}

Result<Ref<Fence>> Signals::export_fence(Ref<Fence> fence, uapi::UserAddress slot) {
    auto charge = TRY(drm::charge(request_, Resource::SyncFiles));
    auto fd =
        device_.parent().model().service<SpecialFiles>().export_fence(fence, std::move(charge));
    auto number =
        fd.ok() ? request_.memory().install_fd(*std::move(fd), uapi::OnExec::Close) : fd.error();
    if (!number.ok())
        return request_.refuse(log::Category::Atomic, number.error(),
                               "no descriptor for the out-fence of {}", fence->info().timeline);
    written_.push_back(slot);
    if (auto written = request_.memory().write_value(slot, int32_t{*number}); !written.ok())
        return request_.refuse(log::Category::Atomic, written.error(),
                               "out-fence pointer 0x{:x} of {} cannot be written",
                               static_cast<uint64_t>(slot), fence->info().timeline);
    return fence;
}

bool Signals::attach(State& state) const {
    for (CrtcChange* change : state.crtcs()) {
        if (std::ranges::find(prepared_, change->crtc) == prepared_.end()) return false;
        if (event_) change->events.push_back({.file_id = file_.id(), .user_data = *event_});
        const auto fence = crtc_fences_.find(change->crtc->index());
        if (fence != crtc_fences_.end()) change->out_fence = fence->second;
    }
    for (ConnectorChange* change : state.connectors()) {
        const auto fence = connector_fences_.find((*change->connector)->serial());
        if (fence != connector_fences_.end() && change->new_state.writeback)
            change->new_state.writeback->out_fence = fence->second;
    }
    return true;
}

void Signals::give_away(State& state) {
    for (const CrtcChange* change : state.crtcs()) {
        assert(reserved_events_ >= change->events.size());
        reserved_events_ -= change->events.size();
    }
    for (; reserved_events_ > 0; reserved_events_--) file_.cancel_event();
}

void Signals::keep_slots() {
    written_.clear();
}

}  // namespace plugboard::drm::atomic
