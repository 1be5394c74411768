// ADDFB, ADDFB2: checks how a client says that buffers are an image, and makes the framebuffer.
// Linux: drivers/gpu/drm/drm_framebuffer.c, drm_gem_framebuffer_helper.c
#include <drm_fourcc.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "drm/file_state.h"
#include "drm/gem/handles.h"
#include "drm/handlers.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

constexpr uint64_t max_u32 = std::numeric_limits<uint32_t>::max();
constexpr uint32_t known_flags = DRM_MODE_FB_INTERLACED | DRM_MODE_FB_MODIFIERS;

Result<void> check_size(Request& request, const char* what, uint32_t value, uint32_t least,
                        uint32_t most) {
    if (value >= least && value <= most) return {};
    return request.refuse(kms, Errno::Inval, "{} {} is not {}..{}", what, value, least, most);
}

Result<void> check_modifier(Request& request, const drm_mode_fb_cmd2& command, uint32_t plane) {
    const uint64_t modifier = command.modifier[plane];
    const bool has_modifiers = (command.flags & DRM_MODE_FB_MODIFIERS) != 0;
    if (modifier != 0 && !has_modifiers) {
        return request.refuse(kms, Errno::Inval, "modifier[{}] 0x{:x} without the flag MODIFIERS",
                              plane, modifier);
    }
    if (has_modifiers && modifier != command.modifier[0]) {
        return request.refuse(kms, Errno::Inval,
                              "modifier[{}] 0x{:x} differs from modifier[0] 0x{:x}", plane,
                              modifier, command.modifier[0]);
    }
    return {};
}

/// Tiles of 64x32 pixels, for NV12 alone.
Result<void> check_samsung_tiles(Request& request, const drm_mode_fb_cmd2& command,
                                 const FormatInfo& format, uint32_t plane) {
    if (command.modifier[plane] != DRM_FORMAT_MOD_SAMSUNG_64_32_TILE) return {};
    const uint32_t width = plane_width(format, plane, command.width);
    const uint32_t height = plane_height(format, plane, command.height);
    if (format.fourcc == DRM_FORMAT_NV12 && width % 128 == 0 && height % 32 == 0 &&
        command.pitches[plane] % 128 == 0)
        return {};
    return request.refuse(kms, Errno::Inval,
                          "{} {}x{} does not fit the modifier SAMSUNG_64_32_TILE",
                          fourcc_name(format.fourcc), width, height);
}

/// One colour plane. Linux: framebuffer_check
Result<void> check_plane(Request& request, const drm_mode_fb_cmd2& command,
                         const FormatInfo& format, uint32_t plane) {
    const bool has_known_layout = format.blocks[plane].bytes != 0;
    const uint64_t least_pitch = min_pitch(format, plane, command.width);
    const uint64_t rows = plane_height(format, plane, command.height);
    const uint64_t pitch = command.pitches[plane];
    if (!has_known_layout && command.modifier[plane] == DRM_FORMAT_MOD_LINEAR) {
        return request.refuse(kms, Errno::Inval, "{} needs a modifier", fourcc_name(format.fourcc));
    }
    if (command.handles[plane] == 0)
        return request.refuse(kms, Errno::Inval, "handle[{}] is 0", plane);
    if (least_pitch > max_u32) {
        return request.refuse(kms, Errno::Range, "a line of plane {} needs {} bytes", plane,
                              least_pitch);
    }
    if (rows * pitch + command.offsets[plane] > max_u32) {
        return request.refuse(kms, Errno::Range,
                              "plane {}: {} lines of pitch {} at offset {} exceed 4 GiB", plane,
                              rows, pitch, command.offsets[plane]);
    }
    if (has_known_layout && pitch < least_pitch) {
        return request.refuse(kms, Errno::Inval, "pitch[{}] {} is below {}", plane, pitch,
                              least_pitch);
    }
    TRY(check_modifier(request, command, plane));
    return check_samsung_tiles(request, command, format, plane);
}

Result<void> check_unused_plane(Request& request, const drm_mode_fb_cmd2& command, uint32_t plane) {
    const auto not_zero = [&](const char* what) {
        return request.refuse(kms, Errno::Inval, "{}[{}] of an unused plane is not 0", what, plane);
    };
    if (command.modifier[plane] != 0) return not_zero("modifier");
    // Older programs leave the others as they are.
    if (!(command.flags & DRM_MODE_FB_MODIFIERS)) return {};
    if (command.handles[plane] != 0) return not_zero("handle");
    if (command.pitches[plane] != 0) return not_zero("pitch");
    if (command.offsets[plane] != 0) return not_zero("offset");
    return {};
}

/// Null-free: the format of a description that could be shown. Linux:
/// drm_internal_framebuffer_create
Result<const FormatInfo*> check_description(Request& request, const ModeConfig& config,
                                            const drm_mode_fb_cmd2& command) {
    const KmsLimits& limits = config.limits;
    if (command.flags & ~known_flags)
        return request.refuse(kms, Errno::Inval, "flags 0x{:x}: only 0x{:x} are known",
                              command.flags, known_flags);
    TRY(check_size(request, "width", command.width, limits.min_width, limits.max_width));
    TRY(check_size(request, "height", command.height, limits.min_height, limits.max_height));
    if ((command.flags & DRM_MODE_FB_MODIFIERS) && !limits.modifiers)
        return request.refuse(kms, Errno::Inval, "the device has no modifiers");
    const FormatInfo* format = find_format(command.pixel_format);
    if (!format) {
        return request.refuse(kms, Errno::Inval, "format {} is unknown",
                              fourcc_name(command.pixel_format));
    }
    for (uint32_t i = 0; i < max_planes; i++) {
        TRY(i < format->num_planes ? check_plane(request, command, *format, i)
                                   : check_unused_plane(request, command, i));
    }
    const auto has_it = [&](const Plane* plane) {
        return plane->has_format(format->fourcc, command.modifier[0]);
    };
    if (std::ranges::none_of(config.planes, has_it)) {
        const bool is_listed = std::ranges::any_of(config.planes, [&](const Plane* plane) {
            return plane->lists_format(format->fourcc, command.modifier[0]);
        });
        return request.refuse(kms, Errno::Inval, "no plane {} format {} with modifier 0x{:x}",
                              is_listed ? "draws, though one lists," : "lists",
                              fourcc_name(format->fourcc), command.modifier[0]);
    }
    return format;
}

/// The objects, each large enough. Linux: drm_gem_fb_init_with_funcs
Result<void> find_objects(Request& request, File& file, const drm_mode_fb_cmd2& command,
                          FramebufferInfo& info) {
    const FormatInfo& format = *info.format;
    for (uint32_t i = 0; i < format.num_planes; i++) {
        const auto object = gem::find_object(file, command.handles[i]);
        if (!object)
            return request.refuse(kms, Errno::NoEnt, "there is no handle {}", command.handles[i]);
        const uint64_t rows = plane_height(format, i, command.height);
        // Below 2^32, as check_plane() has seen to.
        const uint64_t needed = (rows - 1) * command.pitches[i] +
                                min_pitch(format, i, command.width) + command.offsets[i];
        if ((*object)->size() < needed) {
            return request.refuse(kms, Errno::Inval, "plane {} needs {} bytes, handle {} has {}", i,
                                  needed, command.handles[i], (*object)->size());
        }
        info.planes[i] = {*object, command.pitches[i], command.offsets[i]};
    }
    return {};
}

Result<void> add_framebuffer(Request& request, Device& device, File& file,
                             const drm_mode_fb_cmd2& command, uint32_t& id) {
    Ref<Framebuffer> fb = TRY(create_framebuffer(request, device, file, command));
    MutexLock lock(file.state().mutex);
    TRY(expect_room(request, "framebuffers", file.state().framebuffers.size()));
    id = raw(fb->id());
    file.state().framebuffers.push_front(std::move(fb));
    return {};
}

}  // namespace

Result<Ref<Framebuffer>> create_framebuffer(Request& request, Device& device, File& file,
                                            const drm_mode_fb_cmd2& command) {
    FramebufferInfo info{.size = {command.width, command.height},
                         .modifier = command.modifier[0],
                         .flags = command.flags,
                         .planes = {},
                         .allocated_by = file.info().command,
                         .charge = {}};
    info.format = TRY(check_description(request, device.mode_config(), command));
    TRY(find_objects(request, file, command, info));
    info.charge = TRY(charge(request, Resource::Framebuffers));
    return Framebuffer::create(device, std::move(info));
}

Result<void> ioctl_add_fb(Request& request, Device& device, File& file, drm_mode_fb_cmd& argument) {
    const auto format = legacy_format(argument.bpp, argument.depth);
    if (!format) {
        return request.refuse(kms, Errno::Inval, "no format has {} bits a pixel and depth {}",
                              argument.bpp, argument.depth);
    }
    drm_mode_fb_cmd2 command{};
    command.width = argument.width;
    command.height = argument.height;
    command.pixel_format = *format;
    command.handles[0] = argument.handle;
    command.pitches[0] = argument.pitch;
    return add_framebuffer(request, device, file, command, argument.fb_id);
}

Result<void> ioctl_add_fb2(Request& request, Device& device, File& file,
                           drm_mode_fb_cmd2& argument) {
    return add_framebuffer(request, device, file, argument, argument.fb_id);
}

}  // namespace plugboard::drm
