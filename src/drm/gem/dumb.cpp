// CREATE_DUMB, MAP_DUMB, DESTROY_DUMB: buffers that the CPU draws into.
// Linux: drivers/gpu/drm/drm_dumb_buffers.c, drm_gem_shmem_helper.c
#include <cstdint>
#include <limits>
#include <optional>

#include "base/page.h"
#include "drm/device_state.h"
#include "drm/gem/handles.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

constexpr uint64_t max_u32 = std::numeric_limits<uint32_t>::max();

constexpr uint64_t round_up_quotient(uint64_t value, uint64_t divisor) {
    return (value + divisor - 1) / divisor;
}

struct DumbLayout {
    uint32_t pitch = 0;  // bytes from line to line
    uint64_t size = 0;   // bytes, whole pages
};

/// Nothing: not to be had in 32 bits. Linux: drm_mode_create_dumb, drm_mode_size_dumb
std::optional<DumbLayout> lay_out(const drm_mode_create_dumb& dumb, bool like_linux_6_1) {
    const uint64_t width = dumb.width, height = dumb.height, bpp = dumb.bpp;
    if (width == 0 || height == 0 || bpp == 0 || bpp > max_u32 - 8) return std::nullopt;
    const uint64_t bytes_per_pixel = round_up_quotient(bpp, 8);
    if (bytes_per_pixel * width > max_u32) return std::nullopt;
    const uint64_t size = bytes_per_pixel * width * height;
    if (size > max_u32 || round_up_quotient(size, page_size) * page_size > max_u32)
        return std::nullopt;

    const bool is_packed = like_linux_6_1 || bpp == 1 || bpp == 2 || bpp == 4;
    const uint64_t pitch = is_packed ? round_up_quotient(width * bpp, 8) : width * bytes_per_pixel;
    return DumbLayout{static_cast<uint32_t>(pitch),
                      round_up_quotient(pitch * height, page_size) * page_size};
}

Errno no_dumb(Request& request, const Device& device) {
    return request.refuse(core, Errno::NoSys, "the driver {} has no dumb buffers",
                          device.info().name);
}

}  // namespace

Result<void> ioctl_create_dumb(Request& request, Device& device, File& file,
                               drm_mode_create_dumb& argument) {
    if (!device.info().dumb_buffers) return no_dumb(request, device);
    argument.handle = 0;
    argument.pitch = 0;
    argument.size = 0;
    const auto layout = lay_out(argument, device.info().like_linux_6_1);
    if (!layout) {
        return request.refuse(core, Errno::Inval,
                              "{}x{} pixels of {} bits: empty, or more than 2^32 - 1 bytes",
                              argument.width, argument.height, argument.bpp);
    }
    gem::Object::Charges charges;
    charges.buffer = TRY(charge(request, Resource::Buffers));
    charges.bytes = TRY(charge(request, Resource::BufferBytes, layout->size));
    auto object = gem::Object::create(layout->size, device.state().number, std::move(charges));
    if (!object.ok())
        return request.refuse(core, object.error(), "no memory for {} bytes", layout->size);
    argument.handle = TRY(gem::create_handle(request, file, *std::move(object)));
    argument.pitch = layout->pitch;
    argument.size = layout->size;
    return {};
}

Result<void> ioctl_map_dumb(Request& request, Device& device, File& file,
                            drm_mode_map_dumb& argument) {
    if (!device.info().dumb_buffers) return no_dumb(request, device);
    argument.offset = 0;
    const auto object = gem::find_object(file, argument.handle);
    if (!object)
        return request.refuse(core, Errno::NoEnt, "there is no handle {}", argument.handle);
    if ((*object)->is_imported())
        return request.refuse(core, Errno::Inval, "handle {} is an imported buffer",
                              argument.handle);
    argument.offset = (*object)->map_offset();
    return {};
}

Result<void> ioctl_destroy_dumb(Request& request, Device& device, File& file,
                                drm_mode_destroy_dumb& argument) {
    if (!device.info().dumb_buffers) return no_dumb(request, device);
    if (!gem::close_handle(file, argument.handle))
        return request.refuse(core, Errno::Inval, "there is no handle {}", argument.handle);
    return {};
}

}  // namespace plugboard::drm
