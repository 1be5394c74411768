// What a commit waits for without being told: those who still write to the buffers it shows.
// Linux: drm_gem_plane_helper_prepare_fb() in drivers/gpu/drm/drm_gem_atomic_helper.c
#pragma once

#include <vector>

#include "base/ref.h"
#include "drm/atomic/state.h"
#include "drm/objects/framebuffer.h"
#include "drm/sync/fence.h"

namespace plugboard::drm::atomic {

/// Of one request. A buffer is looked at once, however often the state is filled: who draws without
/// a pause does not hold a commit up for ever. Under the modeset lock, but for its end.
class ImplicitFences {
  public:
    /// Adds the fences of each plane's new framebuffer to its in-fence. Beside one that the client
    /// has given only the core's own count.
    void add_to(State& state);

  private:
    struct Entry {
        const Plane* plane;
        Ref<Framebuffer> fb;
        MaybeRef<Fence> fence;  // with the client's
    };
    const Entry& entry_of(const PlaneChange& change);
    std::vector<Entry> entries_;
};

}  // namespace plugboard::drm::atomic
