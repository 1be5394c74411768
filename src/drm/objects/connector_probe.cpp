#include "drm/objects/connector_probe.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "drm/device.h"
#include "drm/edid/parse.h"
#include "drm/objects/mode_config.h"
#include "drm/objects/mode_list.h"

namespace plugboard::drm {
namespace {

/// What the screen is asked with.
struct Question {
    uint64_t number = 0;
    ConnectorForce force{};
    std::vector<std::byte> edid_override;
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

/// A bad one is as none.
void read_edid(const Connector& connector, const Question& question, Answer& answer) {
    std::vector<std::byte> bytes = question.edid_override;
    if (bytes.empty() && connector.info().edid) bytes = connector.info().edid();
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
                      .non_desktop = edid->non_desktop};
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
    Answer answer{.status = detect(connector, question.force)};
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

/// The property for these bytes: the one that is there if they are the same.
MaybeRef<Blob> edid_blob(Device& device, const Connector& connector,
                         const std::vector<std::byte>& bytes) {
    {
        MutexLock lock(device.mode_config().lock());
        if (has_edid(connector, bytes)) return connector.edid;
    }
    if (bytes.empty()) return std::nullopt;
    auto made = Blob::create(device, bytes);
    if (!made.ok()) return std::nullopt;
    return *std::move(made);
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
                    .edid_override = connector.edid_override};
    }
    Answer answer = ask(connector, question, config.limits);
    MaybeRef<Blob> blob = edid_blob(device, connector, answer.edid);
    bool changed = false;
    {
        MutexLock lock(config.lock());
        // One that began later has seen what is newer.
        if (question.number < connector.probe_shown) return;
        connector.probe_shown = question.number;
        changed = connector.status != answer.status || connector.modes != answer.modes ||
                  !has_edid(connector, answer.edid);
        connector.status = answer.status;
        connector.modes.swap(answer.modes);
        connector.display = std::move(answer.display);
        connector.edid.swap(blob);
    }
    if (changed) device.connector_changed(connector);
}

}  // namespace plugboard::drm
