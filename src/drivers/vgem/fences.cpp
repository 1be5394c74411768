#include "drivers/vgem/fences.h"

#include <utility>

#include "device/device.h"
#include "device/model.h"

namespace plugboard::vgem {

bool PendingFences::add(const TimedFence& timed) {
    uint64_t number = 0;
    bool is_first = false;
    {
        MutexLock lock(mutex_);
        number = ++last_number_;
        all_.emplace(number, timed);
        is_first = !std::exchange(is_timed_, true);
    }
    timed.fence->on_signal(
        [self = Ref<PendingFences>::share(*this), number] { self->remove(number); });
    return is_first;
}

void PendingFences::remove(uint64_t number) {
    std::optional<TimedFence> gone;  // dropped after the lock
    MutexLock lock(mutex_);
    const auto found = all_.find(number);
    gone = std::move(found->second);
    all_.erase(found);
    lock.unlock();
}

std::vector<Ref<drm::Fence>> PendingFences::expired(Time now, std::optional<Time>& next) {
    std::vector<Ref<drm::Fence>> fences;
    MutexLock lock(mutex_);
    for (const auto& [number, timed] : all_) {
        if (timed.expires > now) {
            next = timed.expires;
            break;
        }
        fences.push_back(timed.fence);
    }
    is_timed_ = next.has_value();
    return fences;
}

std::vector<Ref<drm::Fence>> PendingFences::all() const {
    std::vector<Ref<drm::Fence>> fences;
    MutexLock lock(mutex_);
    for (const auto& [number, timed] : all_) fences.push_back(timed.fence);
    return fences;
}

void PendingFences::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    for (const auto& [number, timed] : all_)
        visitor.edge(timed.fence, "vgem fence that is pending");
}

Result<std::unique_ptr<Fences>> Fences::create(const device::Bound& bound) {
    std::unique_ptr<Fences> fences(new Fences(bound.device().model().clock()));
    fences->timer_ = TRY(device::Workqueue::create(bound, "vgem fence timer"));
    return fences;
}

Fences::~Fences() {
    timer_.reset();
    for (const Ref<drm::Fence>& fence : pending_->all()) fence->signal(Errno::NoDev);
}

TimedFence Fences::make() {
    TimedFence timed{drm::Fence::create(clock_, {.context = drm::next_fence_context(),
                                                 .seqno = 1,
                                                 .driver = "vgem",
                                                 .timeline = "unbound"}),
                     clock_.now() + longest};
    if (pending_->add(timed)) start_timer(longest);
    return timed;
}

void Fences::start_timer(Nanos delay) {
    timer_->run_after(delay, [this](const device::Bound&) { expire(); });
}

void Fences::expire() {
    const Time now = clock_.now();
    std::optional<Time> next;
    for (const Ref<drm::Fence>& fence : pending_->expired(now, next)) fence->signal();
    if (next) start_timer(*next - now);
}

FileFences::~FileFences() {
    for (auto& [id, entry] : all_) entry.timed.fence->signal();
}

uint32_t FileFences::add(TimedFence timed, drm::Charge charge) {
    MutexLock lock(mutex_);
    all_.emplace(++last_id_, Entry{std::move(timed), std::move(charge)});
    return last_id_;
}

std::optional<TimedFence> FileFences::take(uint32_t id) {
    MutexLock lock(mutex_);
    const auto found = all_.find(id);
    if (found == all_.end()) return std::nullopt;
    std::optional<TimedFence> timed = std::move(found->second.timed);
    all_.erase(found);
    return timed;
}

}  // namespace plugboard::vgem
