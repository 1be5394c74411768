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

/// What a request says of the screen that it plugs in.
struct ScreenWords {
    explicit ScreenWords(const JsonPlace& request)
        : mode(request.find("mode")),
          monitor(request.find("monitor")),
          edid(request.find("edid")) {}

    size_t count() const { return (mode ? 1u : 0u) + (monitor ? 1u : 0u) + (edid ? 1u : 0u); }

    std::optional<JsonPlace> mode, monitor, edid;
};

/// What the request plugs in; nothing: what was there last.
Outcome<std::optional<vkms::ScreenConfig>> wanted_screen(const ScreenWords& words,
                                                         const vkms::ConnectorConfig& connector) {
    if (words.count() == 0) return std::optional<vkms::ScreenConfig>();
    if (words.count() > 1) {
        return Problem{.message = "a screen has a mode, a monitor's name or an EDID",
                       .remedy = "give one of the three"};
    }
    const auto make = [&]() -> Outcome<vkms::ScreenConfig> {
        if (words.mode) return screen_with_mode(words.mode->text(longest_control_name), connector);
        if (words.monitor)
            return screen_of_monitor(words.monitor->text(longest_control_name), connector);
        auto edid = bytes_of(words.edid->text(longest_control_line));
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

std::string target_of(const JsonPlace& request) {
    return request.at("target").text(longest_control_name);
}

template <class Place>
Outcome<Done> plug_at(const Place& place, const ScreenWords& words,
                      const vkms::ConnectorConfig& connector) {
    auto wanted = wanted_screen(words, connector);
    if (!wanted.ok()) return wanted.problem();
    if (!wanted.value()) return plug_screen_again(place);
    return plug_screen(place, *std::move(wanted.value()));
}

Outcome<Done> plug(Board& board, const JsonPlace& request) {
    const std::string target = target_of(request);
    const ScreenWords words(request);
    if (!is_screen_target(board, target)) {
        if (words.count() == 0) return board.slots().plug(target);
        return Problem{.message = fmt::format("{} is no connector", target),
                       .remedy = "name where the screen is plugged in: DP-1, gpu0/DP-1"};
    }
    const auto screen = find_screen(board, target);
    if (!screen.ok()) {
        if (const auto dock = find_empty_dock(board, target))
            return plug_at(*dock, words, dock->port.screen.connector);
        return screen.problem();
    }
    const auto last = plugged_screen(screen.value());
    if (!last.ok()) return last.problem();
    return plug_at(screen.value(), words, last.value().connector);
}

Outcome<Done> unplug(Board& board, const JsonPlace& request) {
    const std::string target = target_of(request);
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

Outcome<Done> set(Board& board, const JsonPlace& request) {
    const std::string target = target_of(request);
    const std::string key = request.at("key").text(longest_control_name);
    const std::string value = request.at("value").text(longest_control_name);
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
    const auto add = [&](const char* op, Outcome<Done> (*run)(Board&, const JsonPlace&)) {
        commands.add(
            op, [&board, run](const JsonPlace& request) { return reply_of(run(board, request)); });
    };
    add("plug", plug);
    add("unplug", unplug);
    add("set", set);
}

}  // namespace plugboard::daemon
