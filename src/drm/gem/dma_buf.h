// The memory of buffers, which devices share: what a dma-buf descriptor stands for.
// Linux: drivers/dma-buf/dma-buf.c
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/gem/reservation.h"

namespace plugboard::drm::gem {

class Object;

/// A mapping of a buffer in this process, read-only or not; unmapped with the object.
class Mapping {
  public:
    Mapping() = default;
    Mapping(void* data, size_t size) : data_(data), size_(size) {}
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();
    std::span<std::byte> bytes() const { return {static_cast<std::byte*>(data_), size_}; }

  private:
    void* data_ = nullptr;
    size_t size_ = 0;
};

/// Counted, by the objects that share it and its pending fences. A sealed memfd (no shrinking, no
/// growing), so that a client cannot take the memory away. Its content may change at any time: read
/// values once. The descriptors of clients are copies of the memfd, which keep its memory, not
/// this. Any thread.
class DmaBuf final : public plugboard::Object {
  public:
    /// Memory of a new buffer that the device of that number makes. `size`: whole pages. NoMem.
    static Result<Ref<DmaBuf>> create(uint64_t size, uint64_t device);
    /// What a client's descriptor is: memory in use, or memory that its clients alone have kept,
    /// also of another board. BadF: a mere path. Inval: no dma-buf.
    static Result<Ref<DmaBuf>> find(const UniqueFd& fd);

    uint64_t id() const { return id_; }  // unique in the process
    uint64_t size() const { return size_; }
    /// The number of the device that made it, which may be gone; 0: of another board.
    uint64_t device() const { return device_; }
    /// A descriptor for a client, writable or not. MFile.
    Result<UniqueFd> open(bool writable) const;
    /// The memory in this process, mapped at the first call. NoMem.
    Result<std::span<std::byte>> map();
    bool is_mapped();

    /// A pending fence keeps this, though no handle may be left: a client's descriptor finds it.
    void add_fence(const Ref<Fence>& fence, Usage usage);
    /// The same, unless one of `upto` is pending: false then.
    bool add_fence_if_idle(const Ref<Fence>& fence, Usage usage, Usage upto);
    /// Those that are pending. Linux: dma_resv_get_fences
    std::vector<Ref<Fence>> fences(Usage upto) const { return reservation_.pending(upto); }
    MaybeRef<Fence> first_fence(Usage upto) const { return reservation_.first_pending(upto); }

    /// What SET_NAME has given.
    std::string name();
    void set_name(std::string name);

    /// The object of the device that made it: all handles of that device are handles of one.
    /// Gives what is there already, or else makes this one it.
    Ref<gem::Object> settle_own(Ref<gem::Object> object);
    /// It is on its way out.
    void forget_own(const gem::Object& object);

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override { reservation_.visit_refs(visitor); }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    using Inode = std::pair<uint64_t, uint64_t>;  // st_dev, st_ino
    struct Table;
    static Result<Ref<DmaBuf>> adopt(UniqueFd memory, uint64_t device);
    DmaBuf(UniqueFd memory, Inode inode, uint64_t size, uint64_t device);
    ~DmaBuf() override;
    void keep_until_signaled(Fence& fence);

    const uint64_t id_;
    const UniqueFd memory_;
    const Inode inode_;
    const uint64_t size_;
    const uint64_t device_;
    Reservation reservation_;
    Mutex<LockClass<DmaBuf>> mutex_;
    Mapping mapping_ GUARDED_BY(mutex_);
    std::string name_ GUARDED_BY(mutex_);
    gem::Object* own_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace plugboard::drm::gem
