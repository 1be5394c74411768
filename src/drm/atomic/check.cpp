#include "drm/atomic/check.h"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "drm/atomic/normalize_zpos.h"
#include "drm/atomic/variable_rate.h"
#include "drm/pixel/format.h"

namespace plugboard::drm::atomic {
namespace {

constexpr int64_t int_max = std::numeric_limits<int32_t>::max();

template <class... Args>
Errno refuse_on(Request* request, Errno error, fmt::format_string<Args...> format, Args&&... args) {
    if (!request) return error;
    return request->refuse(log::Category::Atomic, error, format, std::forward<Args>(args)...);
}

/// A 16.16 value as "64.5".
double pixels(uint64_t fixed) {
    return static_cast<double>(fixed) / FixedRect::one;
}

/// Of a blob of FB_DAMAGE_CLIPS.
std::span<const drm_mode_rect> rectangles(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const drm_mode_rect*>(bytes.data()),
            bytes.size() / sizeof(drm_mode_rect)};
}

const ConnectorState& next_state(State& state, const Connector& connector) {
    const ConnectorChange* change = state.find(connector);
    return change ? change->new_state : connector.state;
}

/// The encoder that the connector would use for the CRTC. Linux: drm_connector_get_single_encoder
Encoder* best_encoder(const Connector& connector, const Crtc& crtc) {
    const auto& encoders = connector.info().encoders;
    if (encoders.empty()) return nullptr;
    const auto fits = std::ranges::find_if(encoders, [&](const Encoder* encoder) {
        return (encoder->info().possible_crtcs >> crtc.index() & 1) != 0;
    });
    return fits == encoders.end() ? encoders.front() : *fits;
}

bool can_drive(const Encoder& encoder, const Crtc& crtc) {
    return (encoder.info().possible_crtcs >> crtc.index() & 1) != 0;
}

Result<void> check_damage(State& state, const PlaneChange& change) {
    if (!change.new_state.damage_clips) return {};
    const Size size = (*change.new_state.fb)->size();
    for (const drm_mode_rect& clip : rectangles((*change.new_state.damage_clips)->bytes())) {
        if (clip.x1 >= 0 && clip.x1 < clip.x2 && clip.x2 <= int64_t{size.width} && clip.y1 >= 0 &&
            clip.y1 < clip.y2 && clip.y2 <= int64_t{size.height})
            continue;
        return state.refuse(
            Errno::Inval, "{}: FB_DAMAGE_CLIPS: ({},{}) to ({},{}) is no part of {}x{}",
            name_of(*change.plane), clip.x1, clip.y1, clip.x2, clip.y2, size.width, size.height);
    }
    return {};
}

// Step 1. Linux: drm_atomic_plane_check
Result<void> check_plane(State& state, Request* request, const PlaneChange& change) {
    const Plane& plane = *change.plane;
    const PlaneState& next = change.new_state;
    if (next.crtc && !next.fb)
        return state.refuse(Errno::Inval, "{}: CRTC_ID is {} but FB_ID is 0", name_of(plane),
                            name_of(*next.crtc));
    if (next.fb && !next.crtc)
        return state.refuse(Errno::Inval, "{}: FB_ID is {} but CRTC_ID is 0", name_of(plane),
                            raw((*next.fb)->id()));
    if (!next.crtc) return {};
    if ((plane.info().possible_crtcs >> next.crtc->index() & 1) == 0)
        return state.refuse(Errno::Inval, "{}: CRTC_ID {} is not in possible_crtcs 0x{:x}",
                            name_of(plane), name_of(*next.crtc), plane.info().possible_crtcs);
    TRY(check_format(request, plane, **next.fb));
    TRY(check_rectangles(request, plane, next));
    TRY(check_damage(state, change));
    if (change.old_state.crtc && change.old_state.crtc != next.crtc)
        return state.refuse(Errno::Inval, "{}: CRTC_ID goes from {} to {} without being 0 between",
                            name_of(plane), name_of(*change.old_state.crtc), name_of(*next.crtc));
    return {};
}

// Step 2. Linux: drm_atomic_crtc_check
Result<void> check_crtc(State& state, const CrtcChange& change) {
    if (change.new_state.active && !change.new_state.mode)
        return state.refuse(Errno::Inval, "{}: ACTIVE is 1 but MODE_ID is 0",
                            name_of(*change.crtc));
    const bool has_event = !change.events.empty() || change.out_fence;
    if (has_event && !change.new_state.active && !change.old_state.active)
        return state.refuse(Errno::Inval,
                            "{}: an event or out-fence is asked for, but ACTIVE was 0 and stays 0",
                            name_of(*change.crtc));
    return {};
}

// Step 3. Linux: drm_atomic_connector_check
Result<void> check_connector(State& state, ConnectorChange& change) {
    auto& job = change.new_state.writeback;
    if (!job) return {};
    const Connector& connector = **change.connector;
    const Crtc* crtc = change.new_state.crtc;
    if (job->fb && !crtc)
        return state.refuse(Errno::Inval, "{}: WRITEBACK_FB_ID is {} but CRTC_ID is 0",
                            name_of(connector), raw((*job->fb)->id()));
    if (job->fb && !state.find(*crtc)->new_state.active)
        return state.refuse(Errno::Inval, "{}: WRITEBACK_FB_ID is {} but {} has ACTIVE 0",
                            name_of(connector), raw((*job->fb)->id()), name_of(*crtc));
    if (job->fb) return {};
    if (job->out_fence)
        return state.refuse(Errno::Inval,
                            "{}: WRITEBACK_OUT_FENCE_PTR is set but WRITEBACK_FB_ID is 0",
                            name_of(connector));
    job.reset();
    return {};
}

// Step 5.
Result<void> check_enable(State& state, CrtcChange& change) {
    const CrtcState& before = change.old_state;
    const CrtcState& next = change.new_state;
    if (before.mode != next.mode) change.mode_changed = true;
    if (before.mode.has_value() != next.mode.has_value()) change.connectors_changed = true;
    if (before.active != next.active) change.active_changed = true;
    const bool connected = has_connectors(state, *change.crtc);
    if (connected == next.mode.has_value()) return {};
    if (connected)
        return state.refuse(Errno::Inval, "{}: MODE_ID is 0 but a connector has it as CRTC_ID",
                            name_of(*change.crtc));
    return state.refuse(Errno::Inval, "{}: MODE_ID is set but no connector has it as CRTC_ID",
                        name_of(*change.crtc));
}

Result<void> check_writeback(State& state, const ConnectorChange& change) {
    const auto& job = change.new_state.writeback;
    if (!job || !job->fb) return {};
    const Connector& connector = **change.connector;
    const Framebuffer& fb = **job->fb;
    const auto& mode = state.find(*change.new_state.crtc)->new_state.mode;
    if (!mode || fb.size() != mode->size())
        return state.refuse(Errno::Inval,
                            "{}: WRITEBACK_FB_ID {} is {}x{}, but the mode of {} is {}x{}",
                            name_of(connector), name_of(fb), fb.size().width, fb.size().height,
                            name_of(*change.new_state.crtc), mode ? mode->size().width : 0,
                            mode ? mode->size().height : 0);
    const auto& formats = connector.info().writeback_formats;
    if (std::ranges::find(formats, fb.format().fourcc) == formats.end())
        return state.refuse(Errno::Inval,
                            "{}: WRITEBACK_FB_ID {} has format {}, not in WRITEBACK_PIXEL_FORMATS",
                            name_of(connector), name_of(fb), fourcc_name(fb.format().fourcc));
    return {};
}

/// Nothing new on a connector that has gone; a client that is told of it late may turn it off.
Result<void> check_removed(State& state, const Connector& connector, const Crtc& crtc) {
    if (!connector.is_removed) return {};
    if (connector.is_listed && !state.find(crtc)->new_state.active) return {};
    return state.refuse(Errno::Inval, "{}: it has been removed; only turning it off is possible",
                        name_of(connector));
}

// Step 7. Linux: update_connector_routing
Result<void> route(State& state, ConnectorChange& change) {
    const Connector& connector = **change.connector;
    ConnectorState& next = change.new_state;
    if (change.old_state.crtc != next.crtc) {
        if (change.old_state.crtc) state.find(*change.old_state.crtc)->connectors_changed = true;
        if (next.crtc) state.find(*next.crtc)->connectors_changed = true;
    }
    if (!next.crtc) {
        next.encoder = nullptr;
        return {};
    }
    TRY(check_removed(state, connector, *next.crtc));
    Encoder* encoder = best_encoder(connector, *next.crtc);
    if (!encoder)
        return state.refuse(Errno::Inval, "{}: no encoder for {}", name_of(connector),
                            name_of(*next.crtc));
    if (!can_drive(*encoder, *next.crtc))
        return state.refuse(Errno::Inval, "{}: encoder {} cannot drive {} (possible_crtcs 0x{:x})",
                            name_of(connector), raw(encoder->id()), name_of(*next.crtc),
                            encoder->info().possible_crtcs);
    if (encoder != next.encoder) {
        next.encoder = encoder;
        state.find(*next.crtc)->connectors_changed = true;
    }
    if (change.old_state.link_status != next.link_status ||
        change.old_state.max_bpc != next.max_bpc)
        state.find(*next.crtc)->connectors_changed = true;
    return check_writeback(state, change);
}

/// Linux: drm_atomic_check_valid_clones
Result<void> check_clones(State& state, const Crtc& crtc) {
    std::vector<const Encoder*> encoders;
    uint32_t mask = 0;
    for (const Ref<Connector>& connector : state.device().mode_config().connectors) {
        const ConnectorState& next = next_state(state, *connector);
        if (next.crtc != &crtc || !next.encoder) continue;
        encoders.push_back(next.encoder);
        mask |= 1u << next.encoder->index();
    }
    for (const Encoder* encoder : encoders) {
        const uint32_t clones = encoder->info().possible_clones;
        if (clones == 0 || (mask & clones) == mask) continue;
        return state.refuse(Errno::Inval,
                            "{}: encoder {} has possible_clones 0x{:x}, but 0x{:x} are in use",
                            name_of(crtc), raw(encoder->id()), clones, mask);
    }
    return {};
}

// Step 8.
Result<void> pull_in_affected(State& state) {
    const ModeConfig& config = state.device().mode_config();
    for (Crtc* crtc : config.crtcs) {
        const CrtcChange* change = state.find(*crtc);
        if (!change || !change->needs_modeset()) continue;
        for (const Ref<Connector>& connector : config.connectors) {
            if (connector->state.crtc == crtc) state.connector(*connector);
        }
        for (Plane* plane : config.planes) {
            if (plane->state.crtc == crtc) state.plane(*plane);
        }
        TRY(check_clones(state, *crtc));
    }
    return {};
}

/// Linux: drm_atomic_helper_check_modeset
Result<void> check_modeset(State& state) {
    for (CrtcChange* change : state.crtcs()) TRY(check_enable(state, *change));
    TRY(check_encoders(state, ForeignEncoder::Refuse));
    for (ConnectorChange* change : state.connectors()) TRY(route(state, *change));
    return pull_in_affected(state);
}

void note_what_changes(State& state) {
    for (const PlaneChange* change : state.planes()) {
        for (const Crtc* crtc : {change->old_state.crtc, change->new_state.crtc}) {
            if (crtc) state.find(*crtc)->planes_changed = true;
        }
    }
    for (CrtcChange* change : state.crtcs()) {
        const CrtcState& before = change->old_state;
        const CrtcState& next = change->new_state;
        change->color_changed = before.degamma_lut != next.degamma_lut || before.ctm != next.ctm ||
                                before.gamma_lut != next.gamma_lut;
    }
}

/// What is shown after a modeset is all of it. Linux: drm_atomic_helper_check_plane_damage
void drop_damage_of_modesets(State& state) {
    for (PlaneChange* change : state.planes()) {
        const Crtc* crtc = change->new_state.crtc;
        if (crtc && state.find(*crtc)->needs_modeset()) change->new_state.damage_clips.reset();
    }
}

/// Linux: page_flip_common
Result<void> check_page_flip(State& state) {
    for (const CrtcChange* change : state.crtcs()) {
        if (!change->new_state.active)
            return state.refuse(Errno::Inval, "{}: ACTIVE is 0", name_of(*change->crtc));
    }
    return {};
}

/// Inside the gate: none is asked after the device's end, and one that ends its own device does not
/// wait for the lock that this thread holds.
Result<void> ask_driver(State& state) {
    KmsHooks* const hooks = state.device().mode_config().hooks;
    if (!hooks) return {};
    if (const device::Entered entered = state.device().enter()) return hooks->check(state);
    return state.refuse(Errno::NoDev, "{} is gone", state.device().card_name());
}

}  // namespace

std::string name_of(const Plane& plane) {
    return fmt::format("{} ({})", plane.name(), raw(plane.id()));
}

std::string name_of(const Colorop& colorop) {
    return fmt::format("{} ({})", colorop.name(), raw(colorop.id()));
}

std::string name_of(const Crtc& crtc) {
    return fmt::format("{} ({})", crtc.name(), raw(crtc.id()));
}

std::string name_of(const Connector& connector) {
    return fmt::format("{} ({})", connector.name(), raw(connector.id()));
}

std::string name_of(const Framebuffer& fb) {
    return fmt::format("framebuffer {}", raw(fb.id()));
}

bool has_connectors(State& state, const Crtc& crtc) {
    return std::ranges::any_of(
        state.device().mode_config().connectors,
        [&](const Ref<Connector>& c) { return next_state(state, *c).crtc == &crtc; });
}

Result<void> check_encoders(State& state, ForeignEncoder foreign) {
    std::vector<const Encoder*> wanted;
    for (const ConnectorChange* change : state.connectors()) {
        if (!change->new_state.crtc) continue;
        const Encoder* encoder = best_encoder(**change->connector, *change->new_state.crtc);
        if (!encoder) continue;
        if (std::ranges::find(wanted, encoder) != wanted.end())
            return state.refuse(Errno::Inval, "{}: encoder {} is wanted by another connector too",
                                name_of(**change->connector), raw(encoder->id()));
        wanted.push_back(encoder);
    }
    for (const Ref<Connector>& connector : state.device().mode_config().connectors) {
        const Encoder* encoder = connector->state.encoder;
        if (state.find(*connector) || !encoder) continue;
        if (std::ranges::find(wanted, encoder) == wanted.end()) continue;
        if (foreign == ForeignEncoder::Refuse)
            return state.refuse(Errno::Inval,
                                "{}: has encoder {}, which this request wants for another one",
                                name_of(*connector), raw(encoder->id()));
        Crtc* crtc = connector->state.crtc;
        state.set_crtc(*connector, nullptr);
        if (!crtc || has_connectors(state, *crtc)) continue;
        CrtcState& off = state.crtc(*crtc);
        off.active = false;
        off.mode.reset();
        off.mode_blob.reset();
    }
    return {};
}

Result<void> check_format(Request* request, const Plane& plane, const Framebuffer& fb) {
    if (plane.has_format(fb.format().fourcc, fb.info().modifier)) return {};
    return refuse_on(request, Errno::Inval,
                     "{}: {} has format {} with modifier 0x{:x}, which IN_FORMATS does not list",
                     name_of(plane), name_of(fb), fourcc_name(fb.format().fourcc),
                     fb.info().modifier);
}

Result<void> check_rectangles(Request* request, const Plane& plane, const PlaneState& state) {
    const Rect& to = state.destination;
    if (to.width > int_max || to.x > int_max - int64_t{to.width} || to.height > int_max ||
        to.y > int_max - int64_t{to.height})
        return refuse_on(request, Errno::Range, "{}: destination {}x{}+{}+{} ends beyond 2^31-1",
                         name_of(plane), to.width, to.height, to.x, to.y);
    const Framebuffer& fb = **state.fb;
    const FixedRect& from = state.source;
    if (!from.fits_in(fb.size()))
        return refuse_on(request, Errno::NoSpc,
                         "{}: source {}x{}+{}+{} lies outside {}, which is {}x{}", name_of(plane),
                         pixels(from.width), pixels(from.height), pixels(from.x), pixels(from.y),
                         name_of(fb), fb.size().width, fb.size().height);
    return {};
}

Result<void> check(State& state) {
    if (state.options().page_flip) TRY(check_page_flip(state));
    for (const PlaneChange* change : state.planes())
        TRY(check_plane(state, state.request(), *change));
    for (const CrtcChange* change : state.crtcs()) TRY(check_crtc(state, *change));
    for (ConnectorChange* change : state.connectors()) TRY(check_connector(state, *change));
    TRY(check_modeset(state));
    note_what_changes(state);
    note_longest_frames(state);
    normalize_zpos(state);
    drop_damage_of_modesets(state);
    TRY(ask_driver(state));
    if (state.options().allow_modeset) return {};
    for (const CrtcChange* change : state.crtcs()) {
        if (!change->needs_modeset()) continue;
        const char* what = change->mode_changed     ? "MODE_ID"
                           : change->active_changed ? "ACTIVE"
                                                    : "its connectors";
        return state.refuse(Errno::Inval, "{}: {} would change, but ALLOW_MODESET is not set",
                            name_of(*change->crtc), what);
    }
    return {};
}

}  // namespace plugboard::drm::atomic
