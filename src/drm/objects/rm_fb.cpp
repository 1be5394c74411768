#include <list>
#include <utility>

#include "drm/atomic/disable_framebuffer.h"
#include "drm/file_state.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

/// Takes the framebuffer out of the file's list. NoEnt: unknown, or another file's.
Result<Ref<Framebuffer>> take_own(Request& request, Device& device, File& file, uint32_t id) {
    const auto fb = find_framebuffer(device, ObjectId{id});
    if (!fb) return request.refuse(kms, Errno::NoEnt, "there is no framebuffer {}", id);
    std::list<Ref<Framebuffer>> taken;
    {
        MutexLock lock(file.state().mutex);
        std::list<Ref<Framebuffer>>& fbs = file.state().framebuffers;
        for (auto it = fbs.begin(); it != fbs.end(); ++it) {
            if (!(*it == *fb)) continue;
            taken.splice(taken.begin(), fbs, it);
            break;
        }
    }
    if (taken.empty())
        return request.refuse(kms, Errno::NoEnt, "framebuffer {} is not this file's", id);
    return *fb;
}

}  // namespace

void remove_framebuffer(Device& device, Framebuffer& fb) {
    // A plane, or a commit on its way to one, may have it. Linux: drm_fb_release
    if (fb.ref_count() > 1) atomic::disable_framebuffer(device, fb);
}

Result<void> ioctl_rm_fb(Request& request, Device& device, File& file, uint32_t& argument) {
    const auto fb = TRY(take_own(request, device, file, argument));
    remove_framebuffer(device, *fb);
    return {};
}

Result<void> ioctl_close_fb(Request& request, Device& device, File& file,
                            drm_mode_closefb& argument) {
    if (argument.pad != 0)
        return request.refuse(kms, Errno::Inval, "pad {} is not 0", argument.pad);
    TRY(take_own(request, device, file, argument.fb_id));
    return {};
}

}  // namespace plugboard::drm
