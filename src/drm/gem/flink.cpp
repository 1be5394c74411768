// GEM_FLINK, GEM_OPEN: buffers by a number that all files of a card know.
// Linux: drivers/gpu/drm/drm_gem.c, drm_gem_flink_ioctl, drm_gem_open_ioctl
#include "drm/device_state.h"
#include "drm/gem/handles.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using log::Category;

}  // namespace

Result<void> ioctl_gem_flink(Request& request, Device& device, File& file,
                             drm_gem_flink& argument) {
    const auto object = gem::find_object(file, argument.handle);
    const uint32_t name = object ? device.state().names.name(*object) : 0;
    if (name == 0)
        return request.refuse(Category::Prime, Errno::NoEnt, "there is no handle {}",
                              argument.handle);
    argument.name = name;
    return {};
}

Result<void> ioctl_gem_open(Request& request, Device& device, File& file, drm_gem_open& argument) {
    auto object = device.state().names.open(argument.name);
    if (!object)
        return request.refuse(Category::Prime, Errno::NoEnt, "there is no buffer of name {}",
                              argument.name);
    argument.size = (*object)->size();
    argument.handle = TRY(gem::put_handle(request, file, *std::move(object)));
    return {};
}

}  // namespace plugboard::drm
