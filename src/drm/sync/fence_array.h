// Fences that stand for several others, and the way back to those.
// Linux: drivers/dma-buf/dma-fence-array.c, dma-fence-unwrap.c
#pragma once

#include <span>
#include <vector>

#include "base/ref.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

/// Signals once all have, with the error of the first that failed. Not empty. In a context of its
/// own.
Ref<Fence> make_array(std::vector<Ref<Fence>> fences);

/// One fence for what is still pending of all these: the newest leaf of each context. A stub with
/// the latest time if nothing is, the very leaf if it is one, else an array ordered by context. Not
/// empty. Linux: dma_fence_unwrap_merge
Ref<Fence> merge(std::span<const Ref<Fence>> fences);

/// The fences that one stands for: the members of arrays, signalled or not; of a chain those of its
/// own fence and of the pending ones before, newest first. Else itself.
/// Linux: dma_fence_unwrap_for_each
std::vector<Ref<Fence>> leaves(const Ref<Fence>& fence);

}  // namespace plugboard::drm
