#include "drm/sync/fence.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace plugboard::drm {

FenceContext next_fence_context() {
    static std::atomic<uint64_t> next{1};
    return FenceContext{next++};
}

Ref<Fence> Fence::create(Clock& clock, FenceInfo info, MaybeRef<FenceTimeline> timeline) {
    return make_ref<Fence>(clock, std::move(info), std::move(timeline));
}

Fence::~Fence() {
    if (timeline_) (*timeline_)->fence_ended(*this);
}

void Fence::signal(std::optional<Errno> error) {
    signal_at(clock_.now(), error);
}

void Fence::signal_at(Time time, std::optional<Errno> error) {
    std::vector<std::pair<uint64_t, std::function<void()>>> callbacks;
    {
        MutexLock lock(mutex_);
        if (status_ != 0) return;
        status_ = error ? -static_cast<int>(*error) : 1;
        timestamp_ = time;
        callbacks.swap(callbacks_);
    }
    for (auto& [number, callback] : callbacks) callback();
    queue_.wake_all();
}

bool Fence::is_signaled() const {
    return status() != 0;
}

int Fence::status() const {
    MutexLock lock(mutex_);
    return status_;
}

Time Fence::timestamp() const {
    MutexLock lock(mutex_);
    return timestamp_;
}

std::string Fence::driver_name() const {
    return is_signaled() ? "detached-driver" : info_.driver;
}

std::string Fence::timeline_name() const {
    return is_signaled() ? "signaled-timeline" : info_.timeline;
}

void Fence::set_deadline(Time deadline) {
    MutexLock lock(mutex_);
    if (status_ != 0) return;
    deadline_ = std::min(deadline, deadline_.value_or(deadline));
}

std::optional<Time> Fence::deadline() const {
    MutexLock lock(mutex_);
    return deadline_;
}

uint64_t Fence::on_signal(std::function<void()> callback) {
    {
        MutexLock lock(mutex_);
        if (status_ == 0) {
            const uint64_t number = next_callback_++;
            callbacks_.emplace_back(number, std::move(callback));
            return number;
        }
    }
    callback();
    return 0;
}

bool Fence::remove_callback(uint64_t number) {
    std::function<void()> removed;  // what it holds goes with no lock held
    MutexLock lock(mutex_);
    const auto found = std::ranges::find_if(
        callbacks_, [&](const auto& callback) { return callback.first == number; });
    if (found == callbacks_.end()) return false;
    removed = std::move(found->second);
    callbacks_.erase(found);
    lock.unlock();
    return true;
}

void Fence::visit_refs(RefVisitor& visitor) const {
    if (timeline_) visitor.edge(*timeline_, "sync_pt.parent");
}

std::string Fence::label() const {
    return fmt::format("fence {}:{} {} {}", static_cast<uint64_t>(info_.context), info_.seqno,
                       info_.driver, info_.timeline);
}

}  // namespace plugboard::drm
