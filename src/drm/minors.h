// The numbers of DRM nodes, and which published device is behind each.
// Linux: drivers/gpu/drm/drm_drv.c, drm_minor_alloc, drm_minor_acquire
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "device/model.h"
#include "drm/file.h"

namespace plugboard::drm {

class Device;
class Minors;

/// A reserved number; free again when this goes.
class MinorNumber {
  public:
    MinorNumber(MinorNumber&& other) noexcept
        : minors_(std::exchange(other.minors_, nullptr)),
          node_(other.node_),
          number_(other.number_) {}
    MinorNumber(const MinorNumber&) = delete;
    MinorNumber& operator=(const MinorNumber&) = delete;
    MinorNumber& operator=(MinorNumber&&) = delete;
    ~MinorNumber();

    uint32_t number() const { return number_; }

  private:
    friend class Minors;
    MinorNumber(Minors& minors, NodeType node, uint32_t number)
        : minors_(&minors), node_(node), number_(number) {}
    Minors* minors_;
    NodeType node_;
    uint32_t number_;
};

/// One a model: `model.service<Minors>()`. Any thread. Primary nodes have 0..63, render nodes
/// 128..191, then both 192 and on.
class Minors {
  public:
    static constexpr uint32_t major = 226;

    explicit Minors(device::Model& model);

    /// "drm", of nodes and connectors.
    device::Class& device_class() const { return class_; }

    /// Busy: none is free.
    Result<MinorNumber> reserve(NodeType node, MinorChoice choice = MinorChoice::LongestFree);

    /// From here on find() knows the device, until hide().
    void show(uint32_t number, NodeType node, Device& device);
    void hide(uint32_t number);
    /// The published device with this node.
    MaybeRef<Device> find(NodeType node, uint32_t number) const;

  private:
    friend class MinorNumber;
    struct Shown {
        NodeType node;
        Device* device;
    };
    void free(NodeType node, uint32_t number);
    std::deque<uint32_t>& pool_locked(NodeType node) REQUIRES(mutex_) {
        return node == NodeType::Primary ? primary_ : render_;
    }

    device::Class& class_;
    mutable Mutex<LockClass<Minors>> mutex_;
    std::deque<uint32_t> primary_ GUARDED_BY(mutex_);  // free numbers, the oldest in front
    std::deque<uint32_t> render_ GUARDED_BY(mutex_);
    std::deque<uint32_t> extended_ GUARDED_BY(mutex_);
    uint32_t next_extended_ GUARDED_BY(mutex_);
    std::map<uint32_t, Shown> shown_ GUARDED_BY(mutex_);
};

/// The published device behind /dev/dri/card<number> or renderD<number>.
MaybeRef<Device> find_device(device::Model& model, NodeType node, uint32_t number);

}  // namespace plugboard::drm
