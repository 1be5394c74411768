#include "drm/minors.h"

#include <algorithm>

#include "drm/device.h"

namespace plugboard::drm {
namespace {

constexpr uint32_t first_render = 128;
constexpr uint32_t numbers_per_type = 64;
constexpr uint32_t first_extended = 192;
constexpr uint32_t end_extended = 1u << 20;

}  // namespace

MinorNumber::~MinorNumber() {
    if (minors_) minors_->free(node_, number_);
}

Minors::Minors(device::Model& model)
    : class_(model.add_class("drm")), next_extended_(first_extended) {
    for (uint32_t i = 0; i < numbers_per_type; i++) {
        primary_.push_back(i);
        render_.push_back(first_render + i);
    }
}

Result<MinorNumber> Minors::reserve(NodeType node, MinorChoice choice) {
    MutexLock lock(mutex_);
    std::deque<uint32_t>& own = pool_locked(node);
    std::deque<uint32_t>& pool = own.empty() ? extended_ : own;
    if (pool.empty()) {
        if (next_extended_ == end_extended) return Errno::Busy;
        pool.push_back(next_extended_++);
    }
    const auto chosen =
        choice == MinorChoice::Lowest ? std::ranges::min_element(pool) : pool.begin();
    const uint32_t number = *chosen;
    pool.erase(chosen);
    return MinorNumber(*this, node, number);
}

void Minors::free(NodeType node, uint32_t number) {
    MutexLock lock(mutex_);
    (number >= first_extended ? extended_ : pool_locked(node)).push_back(number);
}

void Minors::show(uint32_t number, NodeType node, Device& device) {
    MutexLock lock(mutex_);
    shown_.insert_or_assign(number, Shown{node, &device});
}

void Minors::hide(uint32_t number) {
    MutexLock lock(mutex_);
    shown_.erase(number);
}

MaybeRef<Device> Minors::find(NodeType node, uint32_t number) const {
    MutexLock lock(mutex_);
    const auto found = shown_.find(number);
    if (found == shown_.end() || found->second.node != node) return std::nullopt;
    return Ref<Device>::try_share(*found->second.device);
}

MaybeRef<Device> find_device(device::Model& model, NodeType node, uint32_t number) {
    return model.service<Minors>().find(node, number);
}

}  // namespace plugboard::drm
