#include "daemon/control/status.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include <nlohmann/json.hpp>

#include "daemon/control/seat_commands.h"
#include "device/explainer/explainer.h"
#include "drivers/vkms/ports.h"
#include "drm/atomic/commit_worker.h"
#include "drm/edid/parse.h"
#include "drm/objects/mode_config.h"
#include "drm/quota.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

const char* status_name(drm::ConnectorStatus status) {
    switch (status) {
        case drm::ConnectorStatus::Connected: return "connected";
        case drm::ConnectorStatus::Disconnected: return "disconnected";
        case drm::ConnectorStatus::Unknown: return "unknown";
    }
    return "unknown";
}

/// The name that its EDID says, where one is plugged in.
std::string monitor_name(const vkms::ScreenConfig& plugged) {
    if (!plugged.connected || plugged.edid.empty()) return {};
    const auto edid = drm::edid::parse(plugged.edid);
    return edid.ok() ? edid->name : std::string();
}

json screen_status(drm::Device& drm, const drm::Connector& connector) {
    json screen = {{"name", connector.name()}};
    bool is_removed = false;
    {
        MutexLock lock(drm.mode_config().lock());
        is_removed = connector.is_removed;
    }
    if (const auto plugged = vkms::screen_at(drm, connector); plugged.ok() && !is_removed) {
        screen["plugged"] = plugged->connected;
        if (std::string name = monitor_name(*plugged); !name.empty()) screen["monitor"] = name;
    }
    MutexLock lock(drm.mode_config().lock());
    screen["status"] = status_name(connector.status);
    if (connector.state.link_status != 0) screen["link_status"] = "bad";
    if (is_removed) screen["removed"] = true;
    const drm::Crtc* crtc = connector.state.crtc;
    if (crtc && crtc->state.active && crtc->state.mode) {
        screen["crtc"] = crtc->index();
        screen["mode"] = crtc->state.mode->name();
        screen["refresh_hz"] = crtc->state.mode->vrefresh();
    }
    return screen;
}

json screens_of(drm::Device& drm) {
    json screens = json::array();
    if (!drm.has_modeset()) return screens;
    std::vector<Ref<drm::Connector>> connectors;
    {
        MutexLock lock(drm.mode_config().lock());
        connectors = drm.mode_config().connectors;
    }
    for (const auto& connector : connectors)
        if (!connector->is_writeback()) screens.push_back(screen_status(drm, *connector));
    for (const vkms::EmptyPort& port : vkms::empty_ports(drm))
        screens.push_back({{"name", port.name}, {"plugged", false}, {"status", "absent"}});
    return screens;
}

json holders_of(const device::Graph& graph, const std::string& label) {
    json holders = json::array();
    std::istringstream text(graph.explain(label));
    for (std::string line; std::getline(text, line);) holders.push_back(line);
    return holders;
}

json card_status(const SlotInfo& slot, Detail detail, const device::Graph& graph) {
    json card = {{"name", slot.config.name},
                 {"driver", slot.config.driver},
                 {"plugged", slot.device.has_value()},
                 {"bound", slot.device && (*slot.device)->is_bound()}};
    if (slot.config.driver == "vkms")
        card["profile"] = vkms::profile_name(slot.config.device.profile);
    if (slot.device) {
        card["device"] = (*slot.device)->name();
        card["path"] = "/sys" + (*slot.device)->sysfs_path();
    }
    if (!slot.drm) return card;
    drm::Device& drm = **slot.drm;
    card["node"] = drm.card_name();
    if (const auto minor = drm.render_minor())
        card["render_node"] = fmt::format("renderD{}", *minor);
    card["screens"] = screens_of(drm);
    card["files"] = drm.files().size();
    if (drm.has_modeset()) card["flip_count"] = drm.mode_config().worker().flip_log().total();
    card["holders"] = holders_of(graph, drm.label());
    if (detail == Detail::Flips) card["flips"] = card_flips(drm, SIZE_MAX);
    return card;
}

/// "files": 3, ... What there is none of is left out.
json amounts_of(const drm::Amounts& amounts) {
    json all = json::object();
    for (size_t i = 0; i < drm::resource_count; ++i) {
        const auto resource = static_cast<drm::Resource>(i);
        if (amounts[resource] != 0)
            all[std::string(drm::resource_name(resource))] = amounts[resource];
    }
    return all;
}

json users_status() {
    json users = json::array();
    for (const auto& [user, amounts] : drm::Accounts::instance().amounts())
        users.push_back({{"uid", user}, {"has", amounts_of(amounts)}});
    return users;
}

}  // namespace

json card_flips(drm::Device& drm, size_t at_most) {
    json flips = json::array();
    if (!drm.has_modeset()) return flips;
    for (const auto& flip : drm.mode_config().worker().flip_log().newest(at_most)) {
        flips.push_back({{"crtc", raw(flip.crtc)},
                         {"sequence", flip.sequence},
                         {"ns", flip.time.time_since_epoch().count()}});
    }
    return flips;
}

json board_status(Board& board, Detail detail) {
    board.settle();
    json cards = json::array();
    {
        const auto graph = device::Graph::capture();
        for (const SlotInfo& slot : board.slots().all())
            cards.push_back(card_status(slot, detail, graph));
    }
    json files = json::array();
    for (const OpenFileInfo& file : board.open_files()) {
        files.push_back({{"number", file.number},
                         {"pid", file.pid},
                         {"command", file.command},
                         {"node", file.node},
                         {"ioctls", file.ioctls},
                         {"ioctl_ns", file.ioctl_time.count()}});
    }
    return {{"board", std::filesystem::path(board.directory()).filename().string()},
            {"directory", board.directory()},
            {"pid", getpid()},
            {"opens", board.opens()},
            {"objects", live_object_count()},
            {"cards", std::move(cards)},
            {"seat", seat_status(board.seat().info())},
            {"files", std::move(files)},
            {"users", users_status()},
            {"limits", amounts_of(drm::Accounts::instance().limits())}};
}

}  // namespace plugboard::daemon
