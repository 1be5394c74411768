#include "drm/atomic/implicit_fences.h"

#include <algorithm>
#include <utility>

#include "drm/sync/fence_array.h"

namespace plugboard::drm::atomic {
namespace {

/// Of the buffers that the framebuffer is made of, each once.
std::vector<gem::DmaBuf*> buffers_of(const Framebuffer& fb) {
    std::vector<gem::DmaBuf*> found;
    for (const FramebufferPlane& part : fb.info().planes) {
        if (!part.object) continue;
        gem::DmaBuf* buffer = &(*part.object)->memory();
        if (std::ranges::find(found, buffer) == found.end()) found.push_back(buffer);
    }
    return found;
}

MaybeRef<Fence> fence_of(const PlaneState& plane) {
    std::vector<Ref<Fence>> fences;
    if (plane.in_fence) fences.push_back(*plane.in_fence);
    const gem::Usage upto = plane.in_fence ? gem::Usage::Kernel : gem::Usage::Write;
    for (gem::DmaBuf* buffer : buffers_of(**plane.fb))
        std::ranges::move(buffer->fences(upto), std::back_inserter(fences));
    if (fences.empty()) return std::nullopt;
    return fences.size() == 1 ? std::move(fences.front()) : make_array(std::move(fences));
}

}  // namespace

void ImplicitFences::add_to(State& state) {
    for (PlaneChange* change : state.planes()) {
        if (change->new_state.fb) change->new_state.in_fence = entry_of(*change).fence;
    }
}

const ImplicitFences::Entry& ImplicitFences::entry_of(const PlaneChange& change) {
    const Ref<Framebuffer>& fb = *change.new_state.fb;
    const auto known = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.plane == change.plane && entry.fb == fb;
    });
    if (known != entries_.end()) return *known;
    return entries_.emplace_back(Entry{change.plane, fb, fence_of(change.new_state)});
}

}  // namespace plugboard::drm::atomic
