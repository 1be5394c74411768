// MODE_DIRTYFB: what is shown of a framebuffer is to be shown anew, as far as it was drawn in.
// Linux: drm_mode_dirtyfb_ioctl() in drivers/gpu/drm/drm_framebuffer.c, drm_atomic_helper_dirtyfb()
#include <algorithm>
#include <array>
#include <vector>

#include "drm/atomic/commit.h"
#include "drm/handlers.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

using log::Category;

Result<std::vector<drm_clip_rect>> read_clips(Request& request,
                                              const drm_mode_fb_dirty_cmd& argument) {
    const uint32_t count = argument.num_clips;
    if ((count == 0) != (argument.clips_ptr == 0))
        return request.refuse(Category::Kms, Errno::Inval, "{} clips at address 0x{:x}", count,
                              static_cast<uint64_t>(argument.clips_ptr));
    if ((argument.flags & DRM_MODE_FB_DIRTY_ANNOTATE_COPY) && count % 2 != 0)
        return request.refuse(Category::Kms, Errno::Inval, "ANNOTATE_COPY with {} clips: not pairs",
                              count);
    if (count > DRM_MODE_FB_DIRTY_MAX_CLIPS)
        return request.refuse(Category::Kms, Errno::Inval, "{} clips: at most {}", count,
                              DRM_MODE_FB_DIRTY_MAX_CLIPS);
    std::vector<drm_clip_rect> clips(count);
    TRY(request.memory().read(std::as_writable_bytes(std::span(clips)),
                              uapi::UserAddress{argument.clips_ptr}));
    return clips;
}

/// FB_DAMAGE_CLIPS of the same meaning; none: everything. Of a copy the first of the pair counts.
Result<MaybeRef<Blob>> damage_of(Device& device, std::span<const drm_clip_rect> clips,
                                 uint32_t flags) {
    if (clips.empty()) return MaybeRef<Blob>();
    const size_t step = (flags & DRM_MODE_FB_DIRTY_ANNOTATE_COPY) ? 2 : 1;
    std::vector<drm_mode_rect> damage;
    for (size_t i = 0; i < clips.size(); i += step)
        damage.push_back(
            {.x1 = clips[i].x1, .y1 = clips[i].y1, .x2 = clips[i].x2, .y2 = clips[i].y2});
    return MaybeRef<Blob>(TRY(Blob::create(device, std::as_bytes(std::span(damage)))));
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_dirty_fb, drm_mode_fb_dirty_cmd) {
    const auto fb = find_framebuffer(device, ObjectId{argument.fb_id});
    if (!fb)
        return request.refuse(Category::Kms, Errno::NoEnt, "there is no framebuffer {}",
                              argument.fb_id);
    const std::vector<drm_clip_rect> clips = TRY(read_clips(request, argument));
    if (!device.info().dirty_framebuffers)
        return request.refuse(Category::Kms, Errno::NoSys,
                              "the driver {} need not be told of changes", device.info().name);
    const MaybeRef<Blob> damage = TRY(damage_of(device, clips, argument.flags));
    return atomic::commit_recipe(request, device, {.file_id = file.id()},
                                 [&](atomic::State& state) -> Result<void> {
                                     for (Plane* plane : device.mode_config().planes) {
                                         if (plane->state.fb == fb)
                                             state.plane(*plane).damage_clips = damage;
                                     }
                                     return {};
                                 });
}

}  // namespace plugboard::drm
