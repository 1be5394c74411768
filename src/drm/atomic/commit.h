// How a request becomes a commit: with its signals, or without any for the legacy calls.
// Linux: drm_atomic_commit() in drivers/gpu/drm/drm_atomic.c
#pragma once

#include "base/ref.h"
#include "base/result.h"
#include "drm/atomic/signals.h"
#include "drm/atomic/state.h"

namespace plugboard::drm::atomic {

/// As commit(), with events and out-fences. Under test_only nothing is signalled or installed.
Result<void> commit(Request& request, Ref<State> state, Signals& signals);

/// Fills a state by the recipe and commits it, blocking unless the options say otherwise.
Result<void> commit_recipe(Request& request, Device& device, Options options, Recipe recipe);

}  // namespace plugboard::drm::atomic
