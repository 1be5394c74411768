// MODE_SETGAMMA: the legacy gamma ramp, put into GAMMA_LUT.
// Linux: drm_mode_gamma_set_ioctl() in drivers/gpu/drm/drm_color_mgmt.c
#include <algorithm>
#include <vector>

#include "drm/atomic/check.h"
#include "drm/atomic/commit.h"
#include "drm/atomic/lookup.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using atomic::name_of;
using log::Category;

/// One of the three ramps, into its third of the store.
Result<void> read_ramp(Request& request, Device& device, Crtc& crtc, const char* name,
                       uint64_t address, size_t place) {
    const size_t size = crtc.info().gamma_size;
    std::vector<uint16_t> ramp(size);
    const auto done =
        request.memory().read(std::as_writable_bytes(std::span(ramp)), uapi::UserAddress{address});
    if (!done.ok())
        return request.refuse(Category::Kms, done.error(), "{}: the {} ramp cannot be read",
                              name_of(crtc), name);
    MutexLock lock(device.mode_config().lock());
    crtc.legacy_gamma.resize(3 * size);
    std::ranges::copy(ramp, crtc.legacy_gamma.begin() + static_cast<ptrdiff_t>(place * size));
    return {};
}

std::vector<drm_color_lut> table_of(Device& device, const Crtc& crtc) {
    const size_t size = crtc.info().gamma_size;
    std::vector<drm_color_lut> table(size);
    MutexLock lock(device.mode_config().lock());
    for (size_t i = 0; i < size; i++) {
        table[i].red = crtc.legacy_gamma[i];
        table[i].green = crtc.legacy_gamma[size + i];
        table[i].blue = crtc.legacy_gamma[2 * size + i];
    }
    return table;
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_set_gamma, drm_mode_crtc_lut) {
    Crtc& crtc = *TRY(atomic::find_crtc(request, file, "crtc_id", argument.crtc_id));
    const uint32_t size = crtc.info().gamma_size;
    if (size == 0)
        return request.refuse(Category::Kms, Errno::NoSys, "{}: it has no gamma table",
                              name_of(crtc));
    if (argument.gamma_size != size)
        return request.refuse(Category::Kms, Errno::Inval, "{}: gamma_size is {}, not {}",
                              name_of(crtc), argument.gamma_size, size);
    TRY(read_ramp(request, device, crtc, "red", argument.red, 0));
    TRY(read_ramp(request, device, crtc, "green", argument.green, 1));
    TRY(read_ramp(request, device, crtc, "blue", argument.blue, 2));
    const std::vector<drm_color_lut> table = table_of(device, crtc);
    const MaybeRef<Blob> blob = TRY(Blob::create(device, std::as_bytes(std::span(table))));
    return atomic::commit_recipe(request, device, {.allow_modeset = true, .file_id = file.id()},
                                 [&](atomic::State& state) -> Result<void> {
                                     CrtcState& next = state.crtc(crtc);
                                     next.degamma_lut.reset();
                                     next.ctm.reset();
                                     next.gamma_lut = blob;
                                     return {};
                                 });
}

}  // namespace plugboard::drm
