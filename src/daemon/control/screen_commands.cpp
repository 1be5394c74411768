#include "daemon/control/screen_commands.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/screen_spec.h"
#include "daemon/control/screens.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

/// Two hexadecimal digits a byte; nothing for another text.
std::optional<std::vector<std::byte>> bytes_of(std::string_view hex) {
    std::vector<std::byte> bytes;
    if (hex.size() % 2 != 0) return std::nullopt;
    for (; !hex.empty(); hex.remove_prefix(2)) {
        uint8_t byte = 0;
        const auto [end, error] = std::from_chars(hex.data(), hex.data() + 2, byte, 16);
        if (error != std::errc{} || end != hex.data() + 2) return std::nullopt;
        bytes.push_back(static_cast<std::byte>(byte));
    }
    return bytes;
}

/// What the request plugs in; nothing: what was there last.
Outcome<std::optional<vkms::ScreenConfig>> wanted_screen(const json& request,
                                                         const vkms::ConnectorConfig& connector) {
    const int kinds = (request.contains("mode") ? 1 : 0) + (request.contains("monitor") ? 1 : 0) +
                      (request.contains("edid") ? 1 : 0);
    if (kinds == 0) return std::optional<vkms::ScreenConfig>();
    if (kinds > 1) {
        return Problem{.message = "a screen has a mode, a monitor's name or an EDID",
                       .remedy = "give one of the three"};
    }
    const auto make = [&]() -> Outcome<vkms::ScreenConfig> {
        if (request.contains("mode"))
            return screen_with_mode(request["mode"].get<std::string>(), connector);
        if (request.contains("monitor"))
            return screen_of_monitor(request["monitor"].get<std::string>(), connector);
        auto edid = bytes_of(request["edid"].get<std::string>());
        if (!edid) {
            return Problem{.message = "the EDID is not written in hexadecimal digits",
                           .remedy = "send two digits a byte: \"00ffffffffffff00...\""};
        }
        return screen_with_edid(*std::move(edid), connector);
    };
    auto made = make();
    if (!made.ok()) return made.problem();
    return std::optional(std::move(made.value()));
}

template <class Place>
Outcome<Done> plug_at(const Place& place, const json& request,
                      const vkms::ConnectorConfig& connector) {
    auto wanted = wanted_screen(request, connector);
    if (!wanted.ok()) return wanted.problem();
    if (!wanted.value()) return plug_screen_again(place);
    return plug_screen(place, *std::move(wanted.value()));
}

Outcome<Done> plug(Board& board, const json& request) {
    const auto target = request.at("target").get<std::string>();
    const bool names_screen =
        request.contains("mode") || request.contains("monitor") || request.contains("edid");
    if (!is_screen_target(board, target)) {
        if (!names_screen) return board.slots().plug(target);
        return Problem{.message = fmt::format("{} is no connector", target),
                       .remedy = "name where the screen is plugged in: DP-1, gpu0/DP-1"};
    }
    const auto screen = find_screen(board, target);
    if (!screen.ok()) {
        if (const auto dock = find_empty_dock(board, target))
            return plug_at(*dock, request, dock->port.screen.connector);
        return screen.problem();
    }
    const auto last = plugged_screen(screen.value());
    if (!last.ok()) return last.problem();
    return plug_at(screen.value(), request, last.value().connector);
}

Outcome<Done> unplug(Board& board, const json& request) {
    const auto target = request.at("target").get<std::string>();
    if (!is_screen_target(board, target)) return board.slots().unplug(target);
    const auto screen = find_screen(board, target);
    if (screen.ok()) return unplug_screen(screen.value());
    const auto dock = find_empty_dock(board, target);
    return dock ? nothing_plugged_at(dock->name()) : screen.problem();
}

Outcome<Done> set_link_status(const Screen& screen, const std::string& value) {
    if (value != "bad" && value != "good") {
        return Problem{.message = fmt::format("link-status cannot be \"{}\"", value),
                       .remedy = "use link-status=bad or link-status=good"};
    }
    drm::set_link_status(*screen.drm, *screen.connector,
                         value == "bad" ? drm::LinkStatus::Bad : drm::LinkStatus::Good);
    return Done{};
}

Outcome<Done> set(Board& board, const json& request) {
    const auto target = request.at("target").get<std::string>();
    const auto key = request.at("key").get<std::string>();
    const auto value = request.at("value").get<std::string>();
    if (key != "link-status") {
        return Problem{.message = fmt::format("there is no key \"{}\"", key),
                       .remedy = "use one of: link-status"};
    }
    const auto screen = find_screen(board, target);
    if (!screen.ok()) return screen.problem();
    return set_link_status(screen.value(), value);
}

}  // namespace

void add_screen_commands(Commands& commands, Board& board) {
    const auto add = [&](const char* op, Outcome<Done> (*run)(Board&, const json&)) {
        commands.add(op,
                     [&board, run](const json& request) { return reply_of(run(board, request)); });
    };
    add("plug", plug);
    add("unplug", unplug);
    add("set", set);
}

}  // namespace plugboard::daemon
