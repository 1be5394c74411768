#include "drm/connector_debugfs.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "drm/edid/parse.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

constexpr size_t longest_force = 11;  // bytes of a write, a newline among them
constexpr std::array<std::pair<std::string_view, ConnectorForce>, 4> forces = {{
    {"unspecified", ConnectorForce::Unspecified},
    {"off", ConnectorForce::Off},
    {"on", ConnectorForce::On},
    {"digital", ConnectorForce::OnDigital},
}};

/// Calls use(connector) with the modeset lock held. NoDev: it is gone.
template <class Use>
auto with_connector(Device& device, ObjectId id, Use use)
    -> decltype(use(std::declval<Connector&>())) {
    const auto connector = find_connector(device, id);
    if (!connector) return Errno::NoDev;
    MutexLock lock(device.mode_config().lock());
    return use(**connector);
}

Result<std::string> show_force(Connector& connector) {
    for (const auto& [word, force] : forces) {
        if (force == connector.force) return std::string(word) + "\n";
    }
    return std::string();
}

/// The next probe looks at it. Linux: connector_write
Result<void> store_force(Connector& connector, std::string_view text) {
    if (text.size() > longest_force) return Errno::Inval;
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const auto& [word, force] : forces) {
        if (word != text) continue;
        connector.force = force;
        return {};
    }
    return Errno::Inval;
}

Result<std::string> show_override(Connector& connector) {
    const auto& bytes = connector.edid_override;
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// The next probe reads it. Linux: drm_edid_override_set
Result<void> store_override(Connector& connector, std::string_view text) {
    if (text == "reset") {
        connector.edid_override.clear();
        return {};
    }
    const std::span bytes(reinterpret_cast<const std::byte*>(text.data()), text.size());
    if (!edid::is_whole(bytes)) return Errno::Inval;
    connector.edid_override.assign(bytes.begin(), bytes.end());
    return {};
}

/// Of a screen that is there. Linux: output_bpc_show
Result<std::string> show_bpc(Connector& connector) {
    if (connector.status != ConnectorStatus::Connected) return Errno::NoDev;
    return fmt::format("Maximum: {}\n", connector.display.bits_per_color);
}

/// Linux: vrr_range_show
Result<std::string> show_vrr_range(Connector& connector) {
    if (connector.status != ConnectorStatus::Connected) return Errno::NoDev;
    return fmt::format("Min: {}\nMax: {}\n", connector.display.vrr_min_hz,
                       connector.display.vrr_max_hz);
}

}  // namespace

void remove_connector_debug_files(Device& device, const Connector& connector) {
    device.remove_debug_files(connector.name() + "/");
}

void add_connector_debug_files(Device& device, const Connector& connector) {
    using Show = Result<std::string> (*)(Connector&);
    using Store = Result<void> (*)(Connector&, std::string_view);
    const auto add = [&device, &connector](const char* name, Show show, Store store) {
        const ObjectId id = connector.id();
        DebugFile file{.path = connector.name() + "/" + name,
                       .show = [&device, id, show] { return with_connector(device, id, show); }};
        if (store) {
            file.mode = 0644;
            file.store = [&device, id, store](std::string_view text) {
                return with_connector(device, id, [&](Connector& one) { return store(one, text); });
            };
        }
        device.add_debug_file(std::move(file));
    };
    add("force", show_force, store_force);
    add("edid_override", show_override, store_override);
    add("output_bpc", show_bpc, nullptr);
    add("vrr_range", show_vrr_range, nullptr);
}

}  // namespace plugboard::drm
