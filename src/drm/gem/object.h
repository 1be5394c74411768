// A buffer object: memory that handles, framebuffers, mappings and exports share.
// Linux: drivers/gpu/drm/drm_gem.c, drm_gem_shmem_helper.c
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::drm::gem {

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

/// Counted. A sealed memfd (no shrinking, no growing), so that a client cannot take the memory
/// away. Its content may change at any time: read values once.
class Object final : public plugboard::Object {
  public:
    /// `size` in bytes, a multiple of the page. NoMem, also for a size the machine cannot give.
    /// `device` is the number of the drm::Device whose node maps it.
    static Result<Ref<Object>> create(uint64_t size, uint64_t device = 0);
    /// The object of that offset while it lives, of whatever device.
    static MaybeRef<Object> find(uint64_t map_offset);

    uint64_t size() const { return size_; }
    uint64_t id() const { return id_; }  // unique in the process
    uint64_t device() const { return device_; }
    /// The offset that MAP_DUMB gives and mmap() takes: unique, page aligned, above 4 GiB.
    uint64_t map_offset() const;
    /// A descriptor of the memory for a client, writable or not. MFile.
    Result<UniqueFd> export_memory(bool writable) const;
    /// The memory in this process, mapped at the first call. NoMem.
    Result<std::span<std::byte>> map();
    bool is_mapped();

    std::string label() const override;
    void visit_refs(RefVisitor&) const override {}

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Object(UniqueFd memory, uint64_t size, uint64_t device);
    ~Object() override;

    const uint64_t id_;
    const UniqueFd memory_;
    const uint64_t size_;
    const uint64_t device_;
    const uint64_t map_offset_;
    Mutex<LockClass<Object>> mutex_;
    Mapping mapping_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::drm::gem
