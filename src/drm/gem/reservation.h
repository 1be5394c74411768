// The fences of a buffer: who still reads or writes it, whatever device they are of.
// Linux: drivers/dma-buf/dma-resv.c
#pragma once

#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "drm/sync/fence.h"

namespace plugboard::drm::gem {

/// What a fence stands for. Who asks for one of these gets those before it, too.
enum class Usage : uint8_t { Kernel, Write, Read, Bookkeep };

/// What who is about to read or write waits for. Linux: dma_resv_usage_rw
constexpr Usage waits_of(bool is_write) {
    return is_write ? Usage::Read : Usage::Write;
}

/// One a buffer. Any thread; fences are dropped with no lock held.
class Reservation {
  public:
    /// In place of one that has signalled, or of an earlier one of its timeline whose usage is no
    /// stronger.
    void add(Ref<Fence> fence, Usage usage);
    /// The same, unless one of `upto` is pending: false then.
    bool add_if_idle(Ref<Fence> fence, Usage usage, Usage upto);
    /// Those that are pending, in the order in which they came. Lets go of none, so that it may be
    /// asked under a lock.
    std::vector<Ref<Fence>> pending(Usage upto) const;
    /// The first of those; nothing: none.
    MaybeRef<Fence> first_pending(Usage upto) const;
    /// One has signalled. Lets go of all that have, once they are half of all.
    void note_signaled();
    void visit_refs(RefVisitor& visitor) const;

  private:
    struct Entry {
        Ref<Fence> fence;
        Usage usage;
    };
    using Entries = std::vector<Entry>;
    /// Moves those that have signalled to `dropped`.
    void prune_locked(Entries& dropped) REQUIRES(mutex_);
    void add_locked(Entry entry, Entries& dropped) REQUIRES(mutex_);

    mutable Mutex<LockClass<Reservation>> mutex_;
    Entries entries_ GUARDED_BY(mutex_);
    size_t signaled_ GUARDED_BY(mutex_) = 0;  // since they were last let go
};

}  // namespace plugboard::drm::gem
