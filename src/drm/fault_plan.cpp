#include "drm/fault_plan.h"

#include <drm_mode.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "device/model.h"
#include "drm/device_state.h"
#include "drm/file.h"
#include "drm/hotplug.h"
#include "drm/objects/mode_config.h"
#include "drm/request.h"

namespace plugboard::drm {
namespace {

bool is_of(const std::optional<uint32_t>& wanted, uint32_t crtc) {
    return !wanted || *wanted == crtc;
}

/// What CREATE_DUMB is asked for, roughly: a line may be rounded up.
uint64_t dumb_size(std::span<const std::byte> argument) {
    drm_mode_create_dumb dumb{};
    std::memcpy(&dumb, argument.data(), std::min(argument.size(), sizeof(dumb)));
    const uint64_t pitch = (uint64_t{dumb.width} * dumb.bpp + 7) / 8;
    const bool overflows = dumb.height != 0 && pitch > UINT64_MAX / dumb.height;
    return overflows ? UINT64_MAX : pitch * dumb.height;
}

bool is_about(const IoctlFault& fault, const Request& request, const File& file,
              std::span<const std::byte> argument) {
    if (fault.number != request.row().number()) return false;
    if (fault.pid != 0 && fault.pid != request.caller().pid) return false;
    if (!fault.command.empty() && fault.command != file.info().command) return false;
    return fault.min_bytes == 0 || dumb_size(argument) >= fault.min_bytes;
}

const BadLink* timed_link(const Fault& fault) {
    const auto* link = std::get_if<BadLink>(&fault.what);
    return link && !link->at_flips ? link : nullptr;
}

/// What flips a CRTC, by the connector's name.
std::vector<std::string> connectors_on(Device& device, uint32_t crtc) {
    std::vector<std::string> names;
    MutexLock lock(device.mode_config().lock());
    for (const auto& connector : device.mode_config().connectors) {
        const Crtc* shown = connector->state.crtc;
        if (shown && shown->index() == crtc) names.push_back(connector->name());
    }
    return names;
}

void break_link(Device& device, const std::string& name) {
    MaybeRef<Connector> found;
    {
        MutexLock lock(device.mode_config().lock());
        for (const auto& connector : device.mode_config().connectors) {
            if (connector->name() == name) found = connector;
        }
    }
    if (found) {
        set_link_status(device, **found, LinkStatus::Bad);
    } else {
        log::error("{}: the link of {} cannot go bad: there is no such connector",
                   device.card_name(), name);
    }
}

}  // namespace

FaultPlan::Entry& FaultPlan::append_locked(Fault fault, Time now) {
    assert(fault.trigger.every != 0);  // who reads faults has checked it
    Entry& entry = entries_.emplace_back();
    entry.planted.id = ++last_id_;
    entry.planted.fault = std::move(fault);
    entry.since = now;
    return entry;
}

uint64_t FaultPlan::add(Fault fault) {
    const Time now = clock_.now();
    MutexLock lock(mutex_);
    const uint64_t id = append_locked(std::move(fault), now).planted.id;
    changed_locked();
    return id;
}

uint64_t FaultPlan::plant(Device& device, Fault fault) {
    const BadLink* link = timed_link(fault);
    if (!link || fault.trigger.after.count() > 0) return add(std::move(fault));
    const std::string connector = link->connector;
    const Time now = clock_.now();
    uint64_t id = 0;
    {
        MutexLock lock(mutex_);
        Entry& entry = append_locked(std::move(fault), now);
        entry.is_over = true;
        entry.planted.events = entry.planted.hits = 1;
        id = entry.planted.id;
        changed_locked();
    }
    break_link(device, connector);
    return id;
}

bool FaultPlan::remove(uint64_t id) {
    MutexLock lock(mutex_);
    const bool removed =
        std::erase_if(entries_, [&](const Entry& entry) { return entry.planted.id == id; }) > 0;
    changed_locked();
    return removed;
}

void FaultPlan::clear() {
    MutexLock lock(mutex_);
    entries_.clear();
    changed_locked();
}

std::vector<PlantedFault> FaultPlan::list() const {
    std::vector<PlantedFault> planted;
    MutexLock lock(mutex_);
    for (const Entry& entry : entries_) planted.push_back(entry.planted);
    return planted;
}

void FaultPlan::changed_locked() {
    is_empty_ = entries_.empty();
    if (!is_flip_waited_for_locked()) flips_.clear();  // a later fault does not count them
    if (timer_) timer_->wake();
}

bool FaultPlan::is_in_time(const Entry& entry, Time now) const {
    const FaultTrigger& trigger = entry.planted.fault.trigger;
    const Nanos age = now - entry.since;
    return age >= trigger.after && (!trigger.until || age < *trigger.until);
}

bool FaultPlan::count(Entry& entry) const {
    const FaultTrigger& trigger = entry.planted.fault.trigger;
    const uint64_t number = ++entry.planted.events;
    const bool hit = number >= trigger.first && number <= trigger.last &&
                     (number - trigger.first) % trigger.every == 0;
    if (hit) ++entry.planted.hits;
    return hit;
}

Result<void> FaultPlan::check_call(Request& request, const File& file,
                                   std::span<const std::byte> argument) {
    const Time now = clock_.now();
    std::optional<PlantedFault> hit;  // all count the call, the first that hits answers it
    {
        MutexLock lock(mutex_);
        for (Entry& entry : entries_) {
            const auto* fault = std::get_if<IoctlFault>(&entry.planted.fault.what);
            if (!fault || !is_in_time(entry, now) || !is_about(*fault, request, file, argument))
                continue;
            if (count(entry) && !hit) hit = entry.planted;
        }
    }
    if (!hit) return {};
    return request.refuse(core, std::get<IoctlFault>(hit->fault.what).error,
                          "fault {}: {}, call {}", hit->id, request.row().name, hit->events);
}

FaultPlan::VblankFate FaultPlan::judge_vblank(uint32_t crtc, Time now) {
    VblankFate fate;
    MutexLock lock(mutex_);
    for (Entry& entry : entries_) {
        const auto* late = std::get_if<LateVblank>(&entry.planted.fault.what);
        const auto* lost = std::get_if<LostVblank>(&entry.planted.fault.what);
        const bool is_about_it = late ? is_of(late->crtc, crtc) : lost && is_of(lost->crtc, crtc);
        if (!is_about_it || !is_in_time(entry, now) || !count(entry)) continue;
        if (lost) fate.lost = true;
        if (late) fate.late = std::max(fate.late, late->by);
    }
    return fate;
}

uint32_t FaultPlan::judge_flip(uint32_t crtc, Time now) {
    uint32_t vblanks = 0;
    MutexLock lock(mutex_);
    for (Entry& entry : entries_) {
        const auto* slow = std::get_if<SlowFlip>(&entry.planted.fault.what);
        if (!slow || !is_of(slow->crtc, crtc) || !is_in_time(entry, now) || !count(entry)) continue;
        vblanks = std::max(vblanks, slow->vblanks);
    }
    return vblanks;
}

bool FaultPlan::is_flip_waited_for_locked() const {
    return std::ranges::any_of(entries_, [](const Entry& entry) {
        const auto* link = std::get_if<BadLink>(&entry.planted.fault.what);
        return link && link->at_flips;
    });
}

void FaultPlan::note_flip(uint32_t crtc) {
    MutexLock lock(mutex_);
    if (!timer_ || !is_flip_waited_for_locked()) return;
    flips_.push_back(crtc);
    timer_->wake();
}

void FaultPlan::set_timer(Waker* timer) {
    MutexLock lock(mutex_);
    timer_ = timer;
    if (!timer) flips_.clear();
}

std::optional<Time> FaultPlan::next_due() const {
    if (is_empty()) return std::nullopt;
    MutexLock lock(mutex_);
    return next_due_locked();
}

std::optional<Time> FaultPlan::next_due_locked() const {
    std::optional<Time> due;
    if (!flips_.empty()) due = Time{};  // now
    for (const Entry& entry : entries_) {
        if (entry.is_over || !timed_link(entry.planted.fault)) continue;
        const Time own = entry.since + entry.planted.fault.trigger.after;
        due = std::min(own, due.value_or(own));
    }
    return due;
}

void FaultPlan::break_links(Device& device) {
    const Time now = clock_.now();
    std::vector<uint32_t> flips;
    std::vector<std::string> bad;
    {
        MutexLock lock(mutex_);
        flips.swap(flips_);
        for (Entry& entry : entries_) {
            const BadLink* link = timed_link(entry.planted.fault);
            if (!link || entry.is_over || now < entry.since + entry.planted.fault.trigger.after)
                continue;
            entry.is_over = true;
            entry.planted.events = entry.planted.hits = 1;
            bad.push_back(link->connector);
        }
    }
    for (const uint32_t crtc : flips) {
        const auto names = connectors_on(device, crtc);
        MutexLock lock(mutex_);
        for (Entry& entry : entries_) {
            const auto* link = std::get_if<BadLink>(&entry.planted.fault.what);
            if (!link || !link->at_flips || !is_in_time(entry, now)) continue;
            if (std::ranges::find(names, link->connector) == names.end()) continue;
            if (count(entry)) bad.push_back(link->connector);
        }
    }
    if (bad.empty()) return;
    device.parent().model().run_later([device = Ref<Device>::share(device), bad = std::move(bad)] {
        for (const std::string& connector : bad) break_link(*device, connector);
    });
}

FaultPlan& faults_of(Device& device) {
    return device.state().faults;
}

}  // namespace plugboard::drm
