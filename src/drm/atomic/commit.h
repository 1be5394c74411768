// How a request becomes a commit: with its signals, or without any for the legacy calls.
// Linux: drm_atomic_commit() in drivers/gpu/drm/drm_atomic.c
#pragma once

#include "base/ref.h"
#include "base/result.h"
#include "drm/atomic/signals.h"
#include "drm/atomic/state.h"

namespace plugboard::drm::atomic {

/// The whole of a commit for a request: waits, swaps, hands the tail to the worker, and, unless it
/// is non-blocking, waits for the end. Called without the modeset lock; it checks again under it.
/// Linux: drm_atomic_commit, drm_atomic_nonblocking_commit
Result<void> commit(Request& request, const Ref<State>& state);

/// As commit(), with events and out-fences. Under test_only nothing is signalled or installed.
Result<void> commit(Request& request, const Ref<State>& state, Signals& signals);

/// The same for the core itself (RMFB, close): no request, never interrupted. It waits for the end
/// for 10 s at most, and not at all where time stands still or for what an in-fence of
/// an older commit holds up: that is installed, and the worker finishes it.
Result<void> commit_internal(const Ref<State>& state);

/// Fills a state by the recipe and commits it, blocking unless the options say otherwise.
Result<void> commit_recipe(Request& request, Device& device, Options options, Recipe recipe);

}  // namespace plugboard::drm::atomic
