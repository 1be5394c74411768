#include "drm/atomic/async_flip.h"

#include <tuple>

#include "drm/atomic/check.h"

namespace plugboard::drm::atomic {
namespace {

/// What stays as it is.
auto fixed_part(const PlaneState& state) {
    return std::tuple(state.crtc, state.destination, state.source, state.rotation,
                      state.color_encoding, state.color_range, state.zpos, state.alpha,
                      state.blend_mode, state.scaling_filter, state.hotspot_x, state.hotspot_y,
                      state.color_pipeline);
}

bool is_same(const ColoropChange& change) {
    const ColoropState& before = change.old_state;
    const ColoropState& next = change.new_state;
    return before.bypass == next.bypass && before.curve == next.curve &&
           before.fixed_matrix.value() == next.fixed_matrix.value() && before.data == next.data;
}

bool is_same(const CrtcChange& change) {
    const CrtcState& before = change.old_state;
    const CrtcState& next = change.new_state;
    return before.active == next.active && before.mode == next.mode &&
           before.degamma_lut == next.degamma_lut && before.ctm == next.ctm &&
           before.gamma_lut == next.gamma_lut && before.vrr_enabled == next.vrr_enabled &&
           before.background_color == next.background_color &&
           change.out_fence_slot == uapi::UserAddress{};
}

bool is_same(const ConnectorChange& change) {
    return change.old_state.crtc == change.new_state.crtc &&
           change.old_state.link_status == change.new_state.link_status &&
           change.old_state.hdr_output_metadata == change.new_state.hdr_output_metadata &&
           change.old_state.max_bpc == change.new_state.max_bpc &&
           change.old_state.colorspace == change.new_state.colorspace &&
           change.old_state.content_type == change.new_state.content_type &&
           !change.new_state.writeback && change.out_fence_slot == uapi::UserAddress{};
}

Errno refuse_change(State& state, const std::string& name) {
    return state.refuse(Errno::Inval, "{}: an asynchronous flip changes nothing but FB_ID", name);
}

}  // namespace

Result<void> make_async(State& state) {
    for (const PlaneChange* change : state.planes()) {
        const PlaneState& before = change->old_state;
        const PlaneState& next = change->new_state;
        if (fixed_part(before) != fixed_part(next))
            return refuse_change(state, name_of(*change->plane));
        const bool flips = before.fb != next.fb || next.in_fence || next.damage_clips;
        if (flips && change->plane->plane_type() != PlaneType::Primary)
            return state.refuse(Errno::Inval, "{}: only primary planes flip asynchronously",
                                name_of(*change->plane));
    }
    for (const ColoropChange* change : state.colorops()) {
        if (!is_same(*change)) return refuse_change(state, change->colorop->name());
    }
    for (const ConnectorChange* change : state.connectors()) {
        if (!is_same(*change)) return refuse_change(state, name_of(**change->connector));
    }
    for (CrtcChange* change : state.crtcs()) {
        if (!is_same(*change)) return refuse_change(state, name_of(*change->crtc));
        change->new_state.async_flip = true;
    }
    return {};
}

}  // namespace plugboard::drm::atomic
