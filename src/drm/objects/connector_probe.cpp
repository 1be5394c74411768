#include "drm/objects/connector_probe.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/log.h"
#include "drm/device.h"
#include "drm/edid/parse.h"
#include "drm/objects/connector_properties.h"
#include "drm/objects/mode_config.h"
#include "drm/objects/mode_list.h"

namespace plugboard::drm {
namespace {

/// What the screen is asked with.
struct Question {
    uint64_t number = 0;
    ConnectorForce force{};
    std::vector<std::byte> edid_override;
    bool is_removed = false;
};

/// What there is now.
struct Answer {
    ConnectorStatus status{};
    std::vector<Mode> modes{};
    DisplayInfo display{};
    std::vector<std::byte> edid{};
};

ConnectorStatus detect(const Connector& connector, ConnectorForce force) {
    switch (force) {
        case ConnectorForce::Off: return ConnectorStatus::Disconnected;
        case ConnectorForce::On:
        case ConnectorForce::OnDigital: return ConnectorStatus::Connected;
        case ConnectorForce::Unspecified: break;
    }
    return connector.info().detect ? connector.info().detect() : ConnectorStatus::Connected;
}

/// What debugfs was told, or what the screen says.
std::vector<std::byte> edid_bytes(const Connector& connector, const Question& question) {
    if (!question.edid_override.empty()) return question.edid_override;
    return connector.info().edid ? connector.info().edid() : std::vector<std::byte>();
}

/// A bad one is as none.
void read_edid(const Connector& connector, const Question& question, Answer& answer) {
    const std::vector<std::byte> bytes = edid_bytes(connector, question);
    if (bytes.empty()) return;
    std::string why;
    auto edid = edid::parse(bytes, &why);
    if (!edid.ok()) {
        log::error("{}: the EDID is not used: {}", connector.name(), why);
        return;
    }
    answer.edid = std::move(edid->bytes);
    answer.modes = std::move(edid->modes);
    answer.display = {.name = std::move(edid->name),
                      .width_mm = edid->width_mm,
                      .height_mm = edid->height_mm,
                      .non_desktop = edid->non_desktop,
                      .bits_per_color = edid->bits_per_color,
                      .vrr_min_hz = edid->min_hz,
                      .vrr_max_hz = edid->max_hz,
                      .hdr_eotfs = edid->hdr_eotfs,
                      .tile = edid->tile};
    sort_modes(answer.modes);
}

std::vector<Mode> fallback_modes(const Connector& connector) {
    auto modes = noedid_modes(noedid_fallback.width, noedid_fallback.height);
    // DisplayPort's fail-safe mode.
    if (connector.info().type == DRM_MODE_CONNECTOR_DisplayPort) prefer_size(modes, {640, 480});
    return modes;
}

/// Nothing here shows fields, lines twice or two eyes' pictures.
/// Linux: drm_mode_validate_flag, drm_mode_validate_size
bool can_show(const Mode& mode, const KmsLimits& limits) {
    constexpr uint32_t never =
        DRM_MODE_FLAG_INTERLACE | DRM_MODE_FLAG_DBLSCAN | DRM_MODE_FLAG_3D_MASK;
    return (mode.timings().flags & never) == 0 && mode.size().width <= limits.max_width &&
           mode.size().height <= limits.max_height;
}

/// What the device knows of the screen by itself.
void read_own(const Connector& connector, Answer& answer) {
    const ConnectorInfo& info = connector.info();
    if (info.display) {
        const DisplayInfo known = info.display();
        answer.display.subpixel = known.subpixel;
        if (answer.edid.empty() || known.width_mm != 0) {
            answer.display.width_mm = known.width_mm;
            answer.display.height_mm = known.height_mm;
        }
    }
    if (!info.own_modes) return;
    auto modes = info.own_modes();
    if (!modes.empty()) answer.modes = std::move(modes);
}

Answer ask(const Connector& connector, const Question& question, const KmsLimits& limits) {
    Answer answer{.status = question.is_removed ? ConnectorStatus::Disconnected
                                                : detect(connector, question.force)};
    if (answer.status == ConnectorStatus::Disconnected) return answer;
    read_edid(connector, question, answer);
    read_own(connector, answer);
    if (answer.modes.empty() && connector.info().modes) answer.modes = connector.info().modes();
    if (answer.modes.empty()) answer.modes = fallback_modes(connector);
    std::erase_if(answer.modes, [&](const Mode& mode) { return !can_show(mode, limits); });
    return answer;
}

bool has_edid(const Connector& connector, const std::vector<std::byte>& bytes) {
    if (!connector.edid) return bytes.empty();
    return std::ranges::equal((*connector.edid)->bytes(), bytes);
}

/// A new value of the property. Without memory for it there is none.
MaybeRef<Blob> make_blob(Device& device, const Connector& connector,
                         std::span<const std::byte> bytes, const char* property) {
    auto made = Blob::create(device, bytes);
    if (made.ok()) return *std::move(made);
    log::error("{}: {} is left out: {}", connector.name(), property, errno_name(made.error()));
    return std::nullopt;
}

/// The property for these bytes: the one that is there if they are the same.
MaybeRef<Blob> edid_blob(Device& device, const Connector& connector,
                         const std::vector<std::byte>& bytes) {
    {
        MutexLock lock(device.mode_config().lock());
        if (has_edid(connector, bytes)) return connector.edid;
    }
    if (bytes.empty()) return std::nullopt;
    return make_blob(device, connector, bytes, "EDID");
}

/// The number by which clients know the screen that a tile is of: that of its other tiles. Under
/// the modeset lock. Linux: drm_mode_create_tile_group
uint32_t group_of(const ModeConfig& config, const Connector& connector, const edid::Tile& tile) {
    std::vector<uint32_t> taken;
    for (const Ref<Connector>& other : config.connectors) {
        if (&*other == &connector || !other->display.tile) continue;
        if (other->display.tile->topology == tile.topology) return other->display.tile_group;
        taken.push_back(other->display.tile_group);
    }
    uint32_t group = 1;
    while (std::ranges::find(taken, group) != taken.end()) ++group;
    return group;
}

/// The property for the tile: the one that is there if it says the same.
MaybeRef<Blob> tile_blob(Device& device, const Connector& connector, const edid::Tile& tile,
                         uint32_t group) {
    const std::string text = tile_text(tile, group);
    const auto bytes = std::as_bytes(std::span(text));
    {
        MutexLock lock(device.mode_config().lock());
        if (connector.tile && std::ranges::equal((*connector.tile)->bytes(), bytes))
            return connector.tile;
    }
    return make_blob(device, connector, bytes, "TILE");
}

/// Numbers the tile's group. False: another tile has come or gone meanwhile.
bool try_show(Device& device, Connector& connector, const Question& question, Answer& answer,
              bool& changed) {
    ModeConfig& config = device.mode_config();
    MaybeRef<Blob> edid = edid_blob(device, connector, answer.edid), tile;
    DisplayInfo& display = answer.display;
    if (display.tile) {
        {
            MutexLock lock(config.lock());
            display.tile_group = group_of(config, connector, *display.tile);
        }
        tile = tile_blob(device, connector, *display.tile, display.tile_group);
    }
    MutexLock lock(config.lock());
    // One that began later has seen what is newer.
    if (question.number < connector.probe_shown) return true;
    if (display.tile && display.tile_group != group_of(config, connector, *display.tile))
        return false;
    connector.probe_shown = question.number;
    changed = connector.status != answer.status || connector.modes != answer.modes ||
              !has_edid(connector, answer.edid);
    connector.status = answer.status;
    connector.modes.swap(answer.modes);
    connector.display = std::move(display);
    connector.edid.swap(edid);
    connector.tile.swap(tile);
    return true;
}

}  // namespace

void probe_connector(Device& device, Connector& connector) {
    if (device.is_gone()) return;
    ModeConfig& config = device.mode_config();
    Question question;
    {
        MutexLock lock(config.lock());
        question = {.number = ++connector.probes_begun,
                    .force = connector.force,
                    .edid_override = connector.edid_override,
                    .is_removed = connector.is_removed};
    }
    Answer answer = ask(connector, question, config.limits);
    bool changed = false;
    while (!try_show(device, connector, question, answer, changed)) {
    }
    if (changed) device.connector_changed(connector);
}

}  // namespace plugboard::drm
