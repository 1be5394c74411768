#include "daemon/config/screen_spec.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "daemon/config/monitor_edids.h"
#include "daemon/config/monitors.h"
#include "daemon/config/named_file.h"

namespace plugboard::daemon {
namespace {

constexpr const char* spec_remedy =
    "write WIDTHxHEIGHT@HZ such as 1920x1080@60, a monitor ({}), the path of an EDID file, or "
    "\"none\" for a connector where nothing is plugged in";
constexpr double slowest = 1, fastest = 1000;  // Hz

/// Takes a number off the front; nothing when there is none.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

bool take_char(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<vkms::ScreenMode> read_mode(std::string_view text) {
    vkms::ScreenMode mode;
    const auto width = take_number<uint32_t>(text);
    if (!width || !take_char(text, 'x')) return std::nullopt;
    const auto height = take_number<uint32_t>(text);
    if (!height) return std::nullopt;
    mode.width = *width;
    mode.height = *height;
    if (text.empty()) return mode;
    if (!take_char(text, '@')) return std::nullopt;
    const auto refresh = take_number<double>(text);
    if (!refresh || !std::isfinite(*refresh) || !text.empty()) return std::nullopt;
    mode.refresh_hz = *refresh;
    return mode;
}

bool is_virtual(const vkms::ConnectorConfig& connector) {
    return connector.type == DRM_MODE_CONNECTOR_VIRTUAL;
}

const Monitor* find_monitor(std::string_view name) {
    for (const Monitor& monitor : monitors)
        if (name == monitor.name) return &monitor;
    return nullptr;
}

vkms::ConnectorConfig home_of(const Monitor& monitor) {
    return {.type = *vkms::find_connector_type(monitor.connector)};
}

std::string monitor_names() {
    std::string names;
    for (const Monitor& monitor : monitors)
        names.append(names.empty() ? "" : ", ").append(monitor.name);
    return names;
}

/// The problem's message begins with the path.
Outcome<std::vector<std::byte>> read_edid(const std::string& path) {
    try {
        const std::string text = read_named_file(path, edid_file_limit);
        const auto bytes = std::as_bytes(std::span(text));
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    } catch (const Problem& problem) {
        return Problem{.message = fmt::format("{} {}", path, problem.message),
                       .remedy = problem.remedy};
    }
}

/// As the only screen of a card, where a dock has nothing to be plugged into.
Outcome<vkms::ScreenConfig> validated(vkms::ScreenConfig screen) {
    vkms::Config config;
    auto dock = std::exchange(screen.connector.dock, std::nullopt);
    config.screens = {std::move(screen)};
    if (const auto errors = vkms::validate(config); !errors.empty())
        return Problem{.message = errors.front().message, .remedy = errors.front().remedy};
    config.screens.front().connector.dock = std::move(dock);
    return std::move(config.screens.front());
}

}  // namespace

Outcome<vkms::ScreenConfig> screen_with_mode(std::string_view text,
                                             const vkms::ConnectorConfig& connector) {
    const auto mode = read_mode(text);
    if (!mode) {
        return Problem{.message = fmt::format("\"{}\" is no mode", text),
                       .remedy = "write WIDTHxHEIGHT@HZ such as 1920x1080@60"};
    }
    if (mode->refresh_hz < slowest || mode->refresh_hz > fastest) {
        return Problem{.message = fmt::format("{} Hz is not a refresh rate", mode->refresh_hz),
                       .remedy = fmt::format("use {} to {} Hz", slowest, fastest)};
    }
    auto screen = validated({.connected = true, .mode = mode, .edid = {}, .connector = connector});
    if (!screen.ok() || is_virtual(connector)) return screen;
    auto edid = edid_for_mode(*mode, connector.type);
    if (!edid) {
        return Problem{.message = fmt::format("no EDID can tell of {}", text),
                       .remedy = "use less than 4096 pixels and 655 MHz, or a Virtual connector"};
    }
    // The EDID has it; so it is a screen like one from a file.
    return vkms::ScreenConfig{.edid = *std::move(edid), .connector = connector};
}

Outcome<vkms::ScreenConfig> screen_of_monitor(std::string_view name,
                                              const vkms::ConnectorConfig& connector) {
    auto edid = find_monitor_edid(name, connector.type);
    if (!edid) {
        return Problem{.message = fmt::format("there is no monitor \"{}\"", name),
                       .remedy = fmt::format("use one of: {}", monitor_names())};
    }
    return screen_with_edid(*std::move(edid), connector);
}

Outcome<vkms::ScreenConfig> screen_with_edid(std::vector<std::byte> edid,
                                             const vkms::ConnectorConfig& connector) {
    if (edid.empty())
        return Problem{.message = "the EDID is empty",
                       .remedy = "use a file with 128 bytes or more"};
    return validated({.edid = std::move(edid), .connector = connector});
}

Outcome<vkms::ScreenConfig> parse_screen_spec(std::string_view text, const SpecContext& context) {
    const vkms::ConnectorConfig at = context.connector.value_or(vkms::ConnectorConfig{});
    if (text == "none") return vkms::ScreenConfig{.connected = false, .connector = at};
    if (text == "default" && is_virtual(at)) return vkms::ScreenConfig{.connector = at};
    if (read_mode(text)) return screen_with_mode(text, at);
    if (const Monitor* monitor = find_monitor(text))
        return screen_of_monitor(text, context.connector.value_or(home_of(*monitor)));
    const std::string path = context.folder.empty() || text.starts_with('/')
                                 ? std::string(text)
                                 : fmt::format("{}/{}", context.folder, text);
    std::error_code ignored;
    const bool is_path =
        text.find('/') != text.npos || (!text.empty() && std::filesystem::exists(path, ignored));
    if (!is_path)
        return Problem{.message = fmt::format("\"{}\" is no screen", text),
                       .remedy = fmt::format(spec_remedy, monitor_names())};
    auto edid = read_edid(path);
    if (!edid.ok()) return edid.problem();
    constexpr vkms::ConnectorConfig display_port{.type = DRM_MODE_CONNECTOR_DisplayPort};
    return screen_with_edid(std::move(edid.value()), context.connector.value_or(display_port));
}

std::optional<vkms::ConnectorConfig> parse_connector_name(std::string_view text) {
    const auto dash = text.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto type = vkms::find_connector_type(text.substr(0, dash));
    std::string_view digits = text.substr(dash + 1);
    const auto number = take_number<uint32_t>(digits);
    if (!type || !number || *number == 0 || !digits.empty()) return std::nullopt;
    return vkms::ConnectorConfig{.type = *type, .number = *number};
}

std::optional<vkms::DockPort> parse_dock_path(std::string_view text) {
    constexpr std::string_view prefix = "mst:";
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    // A type may have a dash of its own: the number is what comes after the first dash before a
    // digit.
    const auto digit = text.find_first_of("0123456789");
    const auto dash = digit == std::string_view::npos ? digit : text.find('-', digit);
    if (dash == std::string_view::npos) return std::nullopt;
    const auto parent = parse_connector_name(text.substr(0, dash));
    const std::string_view port = text.substr(dash + 1);
    if (!parent || port.empty() || port.find_first_not_of("0123456789-") != std::string_view::npos)
        return std::nullopt;
    return vkms::DockPort{
        .parent_type = parent->type, .parent_number = parent->number, .port = std::string(port)};
}

}  // namespace plugboard::daemon
