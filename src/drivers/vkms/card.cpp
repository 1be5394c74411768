#include "drivers/vkms/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drivers/vkms/plane_pipeline.h"
#include "drivers/vkms/planes.h"
#include "drm/objects/mode_list.h"

namespace plugboard::vkms {
namespace {

constexpr drm::Size preferred_size{.width = 1024, .height = 768};

std::vector<uint32_t> copy(std::span<const uint32_t> formats) {
    return {formats.begin(), formats.end()};
}

/// Of a screen that has no EDID.
std::vector<drm::Mode> modes_of(const ScreenConfig& screen, const SizeLimits& sizes) {
    if (!screen.mode) {
        // The core knows what others have then.
        if (screen.connector.type != DRM_MODE_CONNECTOR_VIRTUAL) return {};
        auto modes = drm::noedid_modes(sizes.max_width, sizes.max_height);
        drm::prefer_size(modes, preferred_size);
        return modes;
    }
    auto mode = drm::Mode::cvt(screen.mode->width, screen.mode->height, screen.mode->refresh_hz);
    mode.set_preferred(true);
    return {mode};
}

/// What real drivers' connectors of the type have, as far as it is switched on.
drm::ConnectorOptions options_of(const Features& features, const ConnectorConfig& connector) {
    const uint32_t type = connector.type;
    const bool is_dp = type == DRM_MODE_CONNECTOR_DisplayPort || type == DRM_MODE_CONNECTOR_USB;
    const bool is_hdmi = type == DRM_MODE_CONNECTOR_HDMIA || type == DRM_MODE_CONNECTOR_HDMIB;
    const bool has_packets = is_dp || is_hdmi || type == DRM_MODE_CONNECTOR_eDP;
    drm::ConnectorOptions options{.panel_orientation = connector.panel_orientation,
                                  .path = connector.dock.has_value()};
    if (!has_packets) return options;
    options.subconnector = features.subconnector && type == DRM_MODE_CONNECTOR_DisplayPort;
    if (features.max_bpc) {
        options.min_bpc = 8;
        options.max_bpc = 16;
    }
    options.content_type = features.content_type && is_hdmi;
    if (features.colorspace)
        options.colorspaces = is_hdmi ? drm::Colorspaces::Hdmi : drm::Colorspaces::DisplayPort;
    options.hdr_output_metadata = features.hdr;
    options.vrr_capable = features.vrr;
    return options;
}

drm::ConnectorStatus status_of(const ScreenConfig& screen) {
    if (screen.is_unsure) return drm::ConnectorStatus::Unknown;
    return screen.connected ? drm::ConnectorStatus::Connected : drm::ConnectorStatus::Disconnected;
}

/// What a CRTC shows with the new state; none when it is off.
std::optional<Frame> frame_of(drm::atomic::State& state, const drm::atomic::CrtcChange& change,
                              const Features& features) {
    if (!change.new_state.active || !change.new_state.mode) return std::nullopt;
    Frame frame{.size = change.new_state.mode->size(),
                .planes = {},
                .degamma = change.new_state.degamma_lut,
                .ctm = change.new_state.ctm,
                .gamma = change.new_state.gamma_lut,
                .background = background_color(change.new_state.background_color)};
    auto planes = state.planes();
    std::ranges::stable_sort(planes, {}, [](const drm::atomic::PlaneChange* plane) {
        return plane->new_state.normalized_zpos;  // all 0 on a device without zpos
    });
    for (const drm::atomic::PlaneChange* plane : planes) {
        const drm::PlaneState& shown = plane->new_state;
        if (shown.crtc != change.crtc || !shown.fb) continue;
        frame.planes.push_back({.fb = *shown.fb,
                                .source = shown.source,
                                .destination = shown.destination,
                                .rotation = shown.rotation,
                                .encoding = shown.color_encoding,
                                .range = shown.color_range,
                                .alpha = shown.alpha,
                                .blend_mode = shown.blend_mode,
                                .scaling = scaling_of(shown, features),
                                .pipeline = color_pipeline_of(state, shown)});
    }
    return frame;
}

std::vector<WritebackJob> jobs_of(drm::atomic::State& state, const drm::Crtc& crtc) {
    std::vector<WritebackJob> jobs;
    for (const drm::atomic::ConnectorChange* change : state.connectors()) {
        const auto& job = change->new_state.writeback;
        if (change->new_state.crtc != &crtc || !job || !job->fb) continue;
        jobs.push_back({.fb = *job->fb, .done = job->out_fence});
    }
    return jobs;
}

size_t writebacks_of(const Layout& layout) {
    return static_cast<size_t>(std::ranges::count_if(layout.crtcs, &CrtcConfig::writeback));
}

}  // namespace

Card::Card(drm::Device& device, const Config& config, device::Managed<FrameWorker> worker,
           device::Managed<Ports> ports)
    : device_(device),
      limits_(limits_of(config.profile)),
      sizes_(sizes_of(config)),
      features_(config.features),
      rules_(config.limit_rules),
      worker_(worker),
      ports_(ports) {
    drm::ModeConfig& mode_config = device.mode_config();
    mode_config.limits = {
        .min_width = sizes_.min_width,
        .max_width = sizes_.max_width,
        .min_height = sizes_.min_height,
        .max_height = sizes_.max_height,
        .cursor_width = sizes_.cursor_width,
        .cursor_height = sizes_.cursor_height,
        .modifiers = features_.modifiers,
    };
    mode_config.hooks = this;
    const Layout layout = layout_of(config);
    add_planes(config, layout);
    add_crtcs(layout);
    encoder_count_ = layout.encoders.size() + writebacks_of(layout);
    if (!limits_.writeback_clones_screens) add_encoders_and_screens(config, layout);
    add_writeback(layout);
    if (limits_.writeback_clones_screens) add_encoders_and_screens(config, layout);
}

void Card::add_planes(const Config& config, const Layout& layout) {
    for (drm::PlaneInfo& info : plane_infos(config, layout))
        device_.manage<drm::Plane>(device_, std::move(info));
}

/// Null: there is none for that CRTC.
drm::Plane* Card::find_plane(drm::PlaneType type, uint32_t crtc) const {
    for (drm::Plane* plane : device_.mode_config().planes) {
        if (plane->plane_type() == type && (plane->info().possible_crtcs & (1U << crtc)) != 0)
            return plane;
    }
    return nullptr;
}

void Card::add_crtcs(const Layout& layout) {
    for (uint32_t i = 0; i < layout.crtcs.size(); ++i) {
        const uint32_t gamma = layout.crtcs[i].gamma_size.value_or(limits_.gamma_size);
        drm::Crtc& crtc = device_.manage<drm::Crtc>(
            device_, drm::CrtcInfo{
                         .primary = find_plane(drm::PlaneType::Primary, i),
                         .cursor = find_plane(drm::PlaneType::Cursor, i),
                         .gamma_size = gamma,
                         .degamma_size = features_.degamma ? gamma : 0,
                         .ctm = features_.ctm,
                         .background_color =
                             layout.crtcs[i].background_color.value_or(limits_.background_color),
                     });
        crtc.vblank().set_observer([device = &device_, worker = worker_, i](drm::VblankCount at) {
            // Nothing to do for a device that is gone.
            (void)with_worker(*device, worker, [&](FrameWorker& used) -> Result<void> {
                used.handle_vblank(i, at.sequence);
                return {};
            });
        });
    }
}

// `partners`: the encoders that, where the profile has clones, may be on one CRTC with it.
drm::Encoder& Card::add_encoder(const EncoderConfig& encoder, uint32_t partners) {
    const auto index = static_cast<uint32_t>(device_.mode_config().encoders.size());
    const auto all = static_cast<uint32_t>(encoder_count_);
    const uint32_t clones = features_.clones                   ? all_bits(all)
                            : limits_.writeback_clones_screens ? partners
                                                               : 0;
    return device_.manage<drm::Encoder>(
        device_, drm::EncoderInfo{
                     .type = encoder.type,
                     .possible_crtcs = encoder.possible_crtcs,
                     .possible_clones = encoder.possible_clones.value_or((1U << index) | clones)});
}

void Card::add_encoders_and_screens(const Config& config, const Layout& layout) {
    const size_t writebacks = writebacks_of(layout);
    std::vector<drm::Encoder*> encoders;
    for (const EncoderConfig& encoder : layout.encoders)
        encoders.push_back(&add_encoder(encoder, all_bits(writebacks)));
    add_screens(config, layout, encoders);
}

void Card::add_screens(const Config& config, const Layout& layout,
                       const std::vector<drm::Encoder*>& encoders) {
    const std::vector<ConnectorConfig> connectors = numbered_connectors(config);
    for (size_t port = 0; port < connectors.size(); ++port) {
        drm::ConnectorInfo info{.type = connectors[port].type,
                                .type_id = connectors[port].number,
                                .encoders = {},
                                .writeback_formats = {},
                                .options = options_of(config.features, connectors[port]),
                                .port = port};
        for (size_t i = 0; i < encoders.size(); ++i) {
            if ((layout.possible_encoders[port] & (1U << i)) != 0)
                info.encoders.push_back(encoders[i]);
        }
        // The device outlives its connectors' functions; what is plugged does not outlive unbind.
        const auto plugged = [device = &device_, ports = ports_, port] {
            const device::Entered entered = device->enter();
            return entered ? ports.get(entered.bound()).at(port) : ScreenConfig{.connected = false};
        };
        info.detect = [plugged] { return status_of(plugged()); };
        info.edid = [plugged] { return plugged().edid; };
        info.modes = [plugged, sizes = sizes_] { return modes_of(plugged(), sizes); };
        info.own_modes = [plugged] { return plugged().modes; };
        info.display = [plugged] {
            const ScreenConfig screen = plugged();
            return drm::DisplayInfo{.width_mm = screen.width_mm,
                                    .height_mm = screen.height_mm,
                                    .subpixel = screen.subpixel};
        };
        if (!connectors[port].dock) drm::Connector::create(device_, info);
        port_infos_.push_back(std::move(info));
    }
    add_docks(config, connectors);
}

/// Those where a screen is plugged in from the start come after all others.
void Card::add_docks(const Config& config, const std::vector<ConnectorConfig>& connectors) {
    for (size_t port = 0; port < connectors.size(); ++port) {
        const auto& dock = connectors[port].dock;
        if (!dock) continue;
        for (const auto& parent : device_.mode_config().connectors) {
            if (parent->info().type == dock->parent_type &&
                parent->type_id() == dock->parent_number)
                port_infos_[port].path = fmt::format("mst:{}-{}", raw(parent->id()), dock->port);
        }
        device_.mode_config().add_connector_properties(port_infos_[port].options);
        if (config.screens[port].connected) drm::Connector::create(device_, port_infos_[port]);
    }
}

std::optional<size_t> Card::port_of(const drm::Connector& connector) const {
    if (connector.is_writeback()) return std::nullopt;
    return connector.info().port;
}

void Card::add_writeback(const Layout& layout) {
    const size_t writebacks = writebacks_of(layout);
    const uint32_t screens = all_bits(layout.encoders.size()) << writebacks;
    for (uint32_t i = 0; i < layout.crtcs.size(); ++i) {
        if (!layout.crtcs[i].writeback) continue;
        drm::Encoder& encoder = add_encoder({.possible_crtcs = 1U << i}, screens);
        drm::ConnectorInfo info{.type = DRM_MODE_CONNECTOR_WRITEBACK,
                                .type_id = layout.crtcs[i].writeback_number,
                                .encoders = {&encoder},
                                .writeback_formats = copy(limits_.writeback_formats)};
        info.modes = [sizes = sizes_] {
            return drm::noedid_modes(sizes.max_width, sizes.max_height);
        };
        drm::Connector::create(device_, std::move(info));
    }
}

Result<void> Card::check(drm::atomic::State& state) {
    for (const drm::atomic::PlaneChange* change : state.planes()) TRY(check_plane(state, *change));
    // A frame is latched whole, so a commit has to know all planes of its CRTCs.
    for (const drm::atomic::CrtcChange* change : state.crtcs()) {
        for (drm::Plane* plane : device_.mode_config().planes) {
            if (plane->state.crtc == change->crtc) state.plane(*plane);
        }
    }
    for (const drm::atomic::PlaneChange* change : state.planes()) pull_in_pipeline(state, *change);
    return check_limits(rules_, state);
}

Result<void> Card::check_plane(drm::atomic::State& state, const drm::atomic::PlaneChange& change) {
    const drm::PlaneState& next = change.new_state;
    if (!next.is_on()) return {};
    TRY(check_scaling(state, change, features_));
    TRY(check_color_pipeline(state, change));
    const drm::Rect& place = next.destination;
    if (!limits_.primary_covers_mode || change.plane->plane_type() != drm::PlaneType::Primary)
        return {};
    const auto& mode = state.crtc(*next.crtc).mode;
    const drm::Size size = mode ? mode->size() : drm::Size{};
    const drm::Rect whole{.x = 0, .y = 0, .width = size.width, .height = size.height};
    if (whole.is_empty() || drm::intersect(place, whole) != whole) {
        return state.refuse(Errno::Inval, "{}: {}x{}{:+}{:+} does not cover the mode, {}x{}",
                            change.plane->name(), place.width, place.height, place.x, place.y,
                            size.width, size.height);
    }
    return {};
}

void Card::commit(const device::Bound& bound, drm::atomic::State& state) {
    FrameWorker& worker = worker_.get(bound);
    for (const drm::atomic::CrtcChange* change : state.crtcs()) {
        const uint32_t index = change->crtc->index();
        if (auto release = worker.show(index, frame_of(state, *change, features_),
                                       jobs_of(state, *change->crtc)))
            state.set_release_fence(*change->crtc, *std::move(release));
        if (change->needs_modeset()) {
            worker.watch(Ref<drm::atomic::State>::share(state));
        } else if (worker.is_composing(index)) {
            compose_at_next_vblank(*change->crtc);
        }
    }
}

void Card::compose_at_next_vblank(drm::Crtc& crtc) {
    const uint64_t now = crtc.vblank().current().sequence;
    crtc.vblank().watch_next(
        [device = &device_, worker = worker_, index = crtc.index(), now](drm::VblankCount at) {
            if (at.sequence == now) return;  // no vblank came: the CRTC went off
            (void)with_worker(*device, worker, [&](FrameWorker& used) -> Result<void> {
                used.handle_vblank(index, at.sequence);
                return {};
            });
        });
}

}  // namespace plugboard::vkms
