#include "drivers/vgem/fences.h"

#include <optional>
#include <utility>
#include <vector>

#include "device/device.h"
#include "device/model.h"

namespace plugboard::vgem {

Result<std::unique_ptr<Fences>> Fences::create(const device::Bound& bound) {
    std::unique_ptr<Fences> fences(new Fences(bound.device().model().clock()));
    fences->timer_ = TRY(device::Workqueue::create(bound, "vgem fence timer"));
    return fences;
}

Fences::~Fences() {
    timer_.reset();
    std::map<uint64_t, Pending::Entry> left;
    {
        MutexLock lock(pending_->mutex);
        left = pending_->all;
    }
    for (auto& [number, entry] : left) entry.fence->signal(Errno::NoDev);
}

Ref<drm::Fence> Fences::make() {
    auto fence = drm::Fence::create(clock_, {.context = drm::next_fence_context(),
                                             .seqno = 1,
                                             .driver = "vgem",
                                             .timeline = "unbound"});
    const Time expires = clock_.now() + longest;
    uint64_t number = 0;
    bool is_first = false;
    {
        MutexLock lock(pending_->mutex);
        number = ++pending_->last_number;
        pending_->all.emplace(number, Pending::Entry{fence, expires});
        is_first = !std::exchange(pending_->is_timed, true);
    }
    fence->on_signal([pending = pending_, number] {
        std::optional<Pending::Entry> gone;  // dropped with no lock held
        MutexLock lock(pending->mutex);
        const auto found = pending->all.find(number);
        gone = std::move(found->second);
        pending->all.erase(found);
        lock.unlock();
    });
    if (is_first) start_timer(longest);
    return fence;
}

void Fences::start_timer(Nanos delay) {
    timer_->run_after(delay, [this](const device::Bound&) { expire(); });
}

void Fences::expire() {
    std::vector<Ref<drm::Fence>> expired;
    std::optional<Time> next;
    const Time now = clock_.now();
    {
        MutexLock lock(pending_->mutex);
        for (const auto& [number, entry] : pending_->all) {
            if (entry.expires > now) {
                next = entry.expires;
                break;
            }
            expired.push_back(entry.fence);
        }
        pending_->is_timed = next.has_value();
    }
    for (const Ref<drm::Fence>& fence : expired) fence->signal();
    if (next) start_timer(*next - now);
}

FileFences::~FileFences() {
    for (auto& [id, fence] : all_) fence->signal();
}

uint32_t FileFences::add(Ref<drm::Fence> fence) {
    MutexLock lock(mutex_);
    all_.emplace(++last_id_, std::move(fence));
    return last_id_;
}

MaybeRef<drm::Fence> FileFences::take(uint32_t id) {
    MutexLock lock(mutex_);
    const auto found = all_.find(id);
    if (found == all_.end()) return std::nullopt;
    MaybeRef<drm::Fence> fence = std::move(found->second);
    all_.erase(found);
    return fence;
}

}  // namespace plugboard::vgem
