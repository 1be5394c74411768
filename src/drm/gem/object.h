// A buffer object: a device's view of memory that handles, framebuffers and mappings share.
// Linux: drivers/gpu/drm/drm_gem.c, drm_gem_shmem_helper.c
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/gem/dma_buf.h"
#include "drm/quota.h"

namespace plugboard::drm::gem {

/// Counted. Any thread.
class Object final : public plugboard::Object {
  public:
    /// Its maker is charged for it as long as it lives.
    struct Charges {
        Charge buffer, bytes;
    };
    /// `size` in bytes, a multiple of the page. NoMem, also for a size the machine cannot give.
    /// `device` is the number of the drm::Device whose node maps it.
    static Result<Ref<Object>> create(uint64_t size, uint64_t device = 0, Charges charges = {});
    /// Memory that came from a client: the object that its maker has of it, if this device made
    /// it; else a new one.
    static Ref<Object> import(Ref<DmaBuf> memory, uint64_t device, Charges charges = {});
    /// The object of that offset while it lives, of whatever device.
    static MaybeRef<Object> find(uint64_t map_offset);

    DmaBuf& memory() const { return *memory_; }
    uint64_t size() const { return memory_->size(); }
    uint64_t id() const { return id_; }  // unique in the process
    uint64_t device() const { return device_; }
    bool is_imported() const { return memory_->device() != device_; }
    /// The offset that MAP_DUMB gives and mmap() takes: unique, page aligned, above 4 GiB; of
    /// imported ones 0.
    uint64_t map_offset() const { return map_offset_; }
    /// The memory in this process, mapped at the first call. NoMem.
    Result<std::span<std::byte>> map() { return memory_->map(); }
    bool is_mapped() { return memory_->is_mapped(); }

    /// Whether the descriptors of its dma-buf are writable: as the first export or import said.
    bool fix_export_access(bool writable);
    /// The next export is a first one again.
    void forget_export();

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override {
        visitor.edge(memory_, "drm_gem_object.dma_buf");
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Object(Ref<DmaBuf> memory, uint64_t device, Charges charges);
    ~Object() override;

    const uint64_t id_;
    const Ref<DmaBuf> memory_;
    const uint64_t device_;
    const uint64_t map_offset_;
    const Charges charges_;
    Mutex<LockClass<Object>> mutex_;
    std::optional<bool> exports_writable_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::drm::gem
