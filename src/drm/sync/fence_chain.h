// Timelines of points that clients number: each fence of a chain signals after all before it.
// Linux: drivers/dma-buf/dma-fence-chain.c
#pragma once

#include <cstdint>

#include "base/ref.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

/// A new head over `head` (a chain, any other fence, or nothing) whose number is `point`. It is
/// signalled once `fence` and all before it are. Out of order, or over no chain, it begins a
/// context, with the highest number so far. Linux: dma_fence_chain_init
Ref<Fence> add_point(const MaybeRef<Fence>& head, uint64_t point, Ref<Fence> fence);

/// Whether `point` has been submitted. Looks at what never changes.
bool has_point(const Fence& head, uint64_t point);

/// What to wait for so that `point` is complete: the earliest one of the chain that covers it, a
/// stub if that is signalled and gone. 0 is the head as it is. Nothing: not submitted yet, or the
/// head is no chain. Linux: dma_fence_chain_find_seqno
MaybeRef<Fence> find_point(const Ref<Fence>& head, uint64_t point);

/// The highest point that is complete with all before it; 0 if none is or the head is no chain.
/// Never goes back, and find_point() of it is signalled. Linux: drm_syncobj_query_ioctl
uint64_t last_signaled(const Ref<Fence>& head);

}  // namespace plugboard::drm
