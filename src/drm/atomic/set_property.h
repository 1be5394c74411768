// One property of one object as a client sets it: checked without any lock, then put into a state.
// Linux: drm_atomic_set_property() in drivers/gpu/drm/drm_atomic_uapi.c
#pragma once

#include <cstdint>

#include "drm/atomic/lookup.h"
#include "drm/atomic/state.h"
#include "drm/request.h"

namespace plugboard::drm::atomic {

/// What a valid value stands for; which member is used depends on the property.
struct Setting {
    Target target;
    const Property* property = nullptr;
    uint64_t value = 0;
    MaybeRef<Framebuffer> fb{};
    MaybeRef<Blob> blob{};
    std::optional<Mode> mode{};
    MaybeRef<Fence> fence{};
    Crtc* crtc = nullptr;

    /// It asks for nothing: IN_FENCE_FD -1, an out-fence pointer of 0.
    bool is_void = false;
};

/// The check of the value and the property's own rule. Inval; Fault: an out-fence pointer, to which
/// -1 is written here.
Result<Setting> parse_setting(Request& request, File& file, const Target& target,
                              const Property& property, uint64_t value);

/// Under the modeset lock; never fails: nothing in the current state makes a valid value wrong.
void apply(State& state, const Setting& setting);

}  // namespace plugboard::drm::atomic
