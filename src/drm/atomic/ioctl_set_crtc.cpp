// MODE_SETCRTC: mode, primary plane and connectors of one CRTC.
// Linux: drm_mode_setcrtc() in drivers/gpu/drm/drm_crtc.c, __drm_atomic_helper_set_config()
#include <cstring>
#include <utility>
#include <vector>

#include "drm/atomic/check.h"
#include "drm/atomic/commit.h"
#include "drm/atomic/lookup.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using atomic::name_of;
using atomic::State;
using log::Category;

constexpr uint32_t current_fb = ~uint32_t{0};

/// What a valid request asks for.
struct Wanted {
    Crtc* crtc = nullptr;
    std::optional<Mode> mode{};  // none: off
    MaybeRef<Blob> mode_blob{};
    MaybeRef<Framebuffer> fb{};
    uint32_t x = 0, y = 0;
    std::vector<Ref<Connector>> connectors{};
};

Result<Ref<Framebuffer>> find_wanted_fb(Request& request, Device& device, const Crtc& crtc,
                                        uint32_t id) {
    if (id != current_fb) return atomic::find_fb(request, device, "fb_id", id);
    MaybeRef<Framebuffer> fb;
    {
        MutexLock lock(device.mode_config().lock());
        fb = crtc.info().primary->state.fb;
    }
    if (fb) return *std::move(fb);
    return request.refuse(Category::Kms, Errno::Inval, "fb_id -1: {} shows no framebuffer now",
                          name_of(crtc));
}

Result<void> parse_picture(Request& request, Device& device, File& file,
                           const drm_mode_crtc& argument, Wanted& wanted) {
    const Crtc& crtc = *wanted.crtc;
    wanted.fb = TRY(find_wanted_fb(request, device, crtc, argument.fb_id));
    if (has_aspect_bits(argument.mode) && !file.caps().aspect_ratio)
        return request.refuse(Category::Kms, Errno::Inval,
                              "mode flags 0x{:x}: aspect bits without DRM_CLIENT_CAP_ASPECT_RATIO",
                              argument.mode.flags);
    const auto mode = Mode::from_user(argument.mode);
    if (!mode.ok())
        return request.refuse(Category::Kms, mode.error(),
                              "mode {}x{} clock {} flags 0x{:x}: not a valid mode",
                              argument.mode.hdisplay, argument.mode.vdisplay, argument.mode.clock,
                              argument.mode.flags);
    wanted.mode = *mode;
    const Framebuffer& fb = **wanted.fb;
    TRY(atomic::check_format(&request, *crtc.info().primary, fb));
    const Size size = mode->size();
    if (uint64_t{argument.x} + size.width <= fb.size().width &&
        uint64_t{argument.y} + size.height <= fb.size().height)
        return {};
    return request.refuse(Category::Kms, Errno::NoSpc,
                          "the mode's {}x{} at {},{} lie outside framebuffer {}, which is {}x{}",
                          size.width, size.height, argument.x, argument.y, raw(fb.id()),
                          fb.size().width, fb.size().height);
}

Result<void> parse_connectors(Request& request, File& file, const drm_mode_crtc& argument,
                              Wanted& wanted) {
    Device& device = file.device();
    const uint32_t count = argument.count_connectors;
    if (count == 0 && wanted.mode)
        return request.refuse(Category::Kms, Errno::Inval, "{}: a mode, but no connectors",
                              name_of(*wanted.crtc));
    if (count > 0 && !wanted.mode)
        return request.refuse(Category::Kms, Errno::Inval, "{}: {} connectors, but mode_valid is 0",
                              name_of(*wanted.crtc), count);
    size_t existing = 0;
    {
        MutexLock lock(device.mode_config().lock());
        existing = device.mode_config().connectors.size();
    }
    if (count > existing)
        return request.refuse(Category::Kms, Errno::Inval, "count_connectors {}: the device has {}",
                              count, existing);
    for (uint32_t i = 0; i < count; i++) {
        const auto id = request.memory().read_value<uint32_t>(
            uapi::UserAddress{argument.set_connectors_ptr + uint64_t{i} * sizeof(uint32_t)});
        if (!id.ok())
            return request.refuse(Category::Kms, id.error(),
                                  "set_connectors_ptr[{}] cannot be read", i);
        wanted.connectors.push_back(
            TRY(atomic::find_connector(request, file, "set_connectors_ptr", *id)));
    }
    return {};
}

/// Keeps the blob of a mode that is the same to the last byte. Linux: drm_atomic_set_mode_for_crtc
void set_mode(CrtcState& state, const Wanted& wanted) {
    const auto bytes = [](const Mode& mode) { return mode.to_user(AspectBits::Show); };
    if (state.mode && wanted.mode) {
        const drm_mode_modeinfo old_mode = bytes(*state.mode), new_mode = bytes(*wanted.mode);
        if (std::memcmp(&old_mode, &new_mode, sizeof old_mode) == 0) return;
    }
    state.mode = wanted.mode;
    state.mode_blob = wanted.mode_blob;
}

void set_primary(State& state, const Wanted& wanted) {
    Plane& primary = *wanted.crtc->info().primary;
    PlaneState& plane = state.plane(primary);
    plane.fb = wanted.fb;
    state.set_crtc(primary, wanted.mode ? wanted.crtc : nullptr);
    if (!wanted.mode) return;
    const Size size = wanted.mode->size();
    plane.destination = {.x = 0, .y = 0, .width = size.width, .height = size.height};
    plane.source = FixedRect::from_pixels(wanted.x, wanted.y, size.width, size.height);
}

/// Linux: update_output_state
void set_connectors(State& state, const Wanted& wanted) {
    for (const Ref<Connector>& connector : state.device().mode_config().connectors) {
        if (connector->state.crtc != wanted.crtc) continue;
        state.set_crtc(*connector, nullptr);
        state.connector(*connector).link_status = 0;
    }
    for (const Ref<Connector>& connector : wanted.connectors)
        state.set_crtc(*connector, wanted.crtc);
    for (atomic::CrtcChange* change : state.crtcs()) {
        if (change->crtc == wanted.crtc || atomic::has_connectors(state, *change->crtc)) continue;
        change->new_state.active = false;
        change->new_state.mode.reset();
        change->new_state.mode_blob.reset();
    }
}

Result<void> fill(State& state, const Wanted& wanted) {
    CrtcState& crtc = state.crtc(*wanted.crtc);
    set_mode(crtc, wanted);
    crtc.active = wanted.mode.has_value();
    set_primary(state, wanted);
    set_connectors(state, wanted);
    return atomic::check_encoders(state, atomic::ForeignEncoder::TakeOver);
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_set_crtc, drm_mode_crtc) {
    if (argument.x > 0xffff || argument.y > 0xffff)
        return request.refuse(Category::Kms, Errno::Range, "x {} or y {} is above 65535",
                              argument.x, argument.y);
    Wanted wanted{.crtc = TRY(atomic::find_crtc(request, file, "crtc_id", argument.crtc_id)),
                  .x = argument.x,
                  .y = argument.y};
    if (argument.mode_valid) {
        TRY(atomic::expect_leased(request, file, *wanted.crtc->info().primary));
        TRY(parse_picture(request, device, file, argument, wanted));
        const drm_mode_modeinfo info = wanted.mode->to_user(AspectBits::Show);
        wanted.mode_blob = TRY(Blob::create(device, std::as_bytes(std::span(&info, 1))));
    }
    TRY(parse_connectors(request, file, argument, wanted));
    return atomic::commit_recipe(request, device, {.allow_modeset = true, .file_id = file.id()},
                                 [&wanted](State& state) { return fill(state, wanted); });
}

}  // namespace plugboard::drm
