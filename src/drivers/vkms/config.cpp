// Reads nothing, builds nothing: names, counts and the one validate().
#include "drivers/vkms/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "drivers/vkms/profile.h"
#include "drm/objects/connector.h"
#include "drm/objects/mode.h"

namespace plugboard::vkms {
namespace {

constexpr size_t max_edid_size = 32768;  // 256 blocks

constexpr uint32_t max_cursor_size = UINT16_MAX;  // struct drm_plane_size_hint

// What a screen can be plugged into: no writeback, nothing of the age of television.
constexpr std::array screen_connectors = {
    DRM_MODE_CONNECTOR_DisplayPort, DRM_MODE_CONNECTOR_HDMIA,  DRM_MODE_CONNECTOR_HDMIB,
    DRM_MODE_CONNECTOR_eDP,         DRM_MODE_CONNECTOR_DVID,   DRM_MODE_CONNECTOR_DVII,
    DRM_MODE_CONNECTOR_VGA,         DRM_MODE_CONNECTOR_LVDS,   DRM_MODE_CONNECTOR_DSI,
    DRM_MODE_CONNECTOR_USB,         DRM_MODE_CONNECTOR_VIRTUAL};

// By value of drm::PanelOrientation.
constexpr std::array<std::string_view, 4> panel_words = {"normal", "upside-down", "left-side-up",
                                                         "right-side-up"};

struct NamedProfile {
    std::string_view name;
    Profile profile;
};
constexpr NamedProfile profiles[] = {
    {"linux-6.1", Profile::Linux61},
    {"linux-latest", Profile::LinuxLatest},
    {"full", Profile::Full},
};

bool is_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::optional<std::string> explain_bad_mode(const ScreenMode& mode, const SizeLimits& sizes) {
    const auto made = drm::Mode::try_cvt(mode.width, mode.height, mode.refresh_hz);
    if (!made.ok()) {
        return fmt::format("CVT has no timings for {}x{} at {} Hz", mode.width, mode.height,
                           mode.refresh_hz);
    }
    const drm::Size size = made->size();
    if (size.width < sizes.min_width || size.width > sizes.max_width ||
        size.height < sizes.min_height || size.height > sizes.max_height) {
        return fmt::format("{}x{} is not within {}x{} to {}x{} pixels", size.width, size.height,
                           sizes.min_width, sizes.min_height, sizes.max_width, sizes.max_height);
    }
    return std::nullopt;
}

void add_bad_sizes(const SizeLimits& sizes, std::vector<ConfigError>& errors) {
    struct Range {
        const char *least_key, *most_key;
        uint32_t least, most;
    };
    for (const Range& range :
         {Range{"sizes.min_width", "sizes.max_width", sizes.min_width, sizes.max_width},
          Range{"sizes.min_height", "sizes.max_height", sizes.min_height, sizes.max_height}}) {
        if (range.least <= range.most) continue;
        errors.push_back(
            {range.least_key,
             fmt::format("{} is more than {}, {}", range.least, range.most_key, range.most),
             "say the smaller one for the least, and the larger one for the most"});
    }
    for (const auto& [key, size] : {std::pair("sizes.cursor_width", sizes.cursor_width),
                                    std::pair("sizes.cursor_height", sizes.cursor_height)}) {
        if (size <= max_cursor_size) continue;
        errors.push_back({key, fmt::format("{} pixels do not fit into SIZE_HINTS", size),
                          fmt::format("use at most {}", max_cursor_size)});
    }
}

/// A layout may be that of hardware of any age.
bool may_have_screen(const Config& config, uint32_t type) {
    if (config.layout)
        return type <= DRM_MODE_CONNECTOR_USB && type != DRM_MODE_CONNECTOR_WRITEBACK;
    return std::ranges::find(screen_connectors, static_cast<int>(type)) != screen_connectors.end();
}

std::optional<ConfigError> explain_bad_connector(const Config& config, size_t index) {
    const ScreenConfig& screen = config.screens[index];
    const ConnectorConfig& connector = screen.connector;
    const std::string key = fmt::format("screens[{}].connector", index);
    if (!may_have_screen(config, connector.type) || connector.number > max_connector_number) {
        return ConfigError{key, "no screen can be plugged in there",
                           fmt::format("use one of {}, with a number up to {}",
                                       connector_type_words(), max_connector_number)};
    }
    for (size_t other = 0; connector.number != 0 && other < index; ++other) {
        if (!config.screens[other].connector.is_same_place(connector)) continue;
        return ConfigError{
            key,
            fmt::format("{}-{} is the connector of screens[{}] already",
                        drm::connector_type_name(connector.type), connector.number, other),
            "give each screen a connector of its own"};
    }
    if (!screen.edid.empty() && connector.type == DRM_MODE_CONNECTOR_VIRTUAL) {
        return ConfigError{key, "a Virtual connector has no EDID",
                           "name another connector, such as DP-1 or HDMI-A-1"};
    }
    if (screen.edid.size() > max_edid_size) {
        return ConfigError{fmt::format("screens[{}].edid", index),
                           fmt::format("{} bytes are no EDID", screen.edid.size()),
                           fmt::format("use at most {}", max_edid_size)};
    }
    return std::nullopt;
}

bool is_dock_path(std::string_view port) {
    bool has_digit = false;
    for (const char c : port) {
        if (c == '-' && !has_digit) return false;
        if (c != '-' && (c < '0' || c > '9')) return false;
        has_digit = c != '-';
    }
    return has_digit && port.size() <= 64;
}

std::optional<ConfigError> explain_bad_dock(const Config& config, size_t index) {
    const ConnectorConfig& connector = config.screens[index].connector;
    if (!connector.dock) return std::nullopt;
    const std::string key = fmt::format("screens[{}].path", index);
    if (connector.type != DRM_MODE_CONNECTOR_DisplayPort) {
        return ConfigError{key, "only DP connectors are a dock's",
                           "write connector = \"DP-4\" or another number, or no path"};
    }
    if (!is_dock_path(connector.dock->port)) {
        return ConfigError{key, fmt::format("\"{}\" is no port of a dock", connector.dock->port),
                           "write path = \"mst:DP-1-8\": where the dock is, then its port"};
    }
    const ConnectorConfig parent{.type = connector.dock->parent_type,
                                 .number = connector.dock->parent_number};
    for (const ConnectorConfig& other : numbered_connectors(config))
        if (!other.dock && other.is_same_place(parent)) return std::nullopt;
    return ConfigError{key, fmt::format("the card has no {}", connector_name(parent)),
                       "name a connector of the card, into which the dock is plugged"};
}

std::optional<ConfigError> explain_bad_identity(const DriverIdentity& identity) {
    constexpr size_t most = 255;  // bytes; Linux has no limit of its own
    for (const auto& [key, text] : {std::pair("driver_name", &identity.name),
                                    std::pair("driver_description", &identity.description),
                                    std::pair("driver_date", &identity.date)}) {
        if (text->size() <= most && text->find('\0') == std::string::npos) continue;
        return ConfigError{key, "no driver says that of itself",
                           fmt::format("use at most {} characters, none of them 0", most)};
    }
    if (identity.major >= 0 && identity.minor >= 0 && identity.patch >= 0) return std::nullopt;
    return ConfigError{"driver_version", "a part of it is below 0", "write \"1.0.0\""};
}

/// Of a layout that follows from counts.
std::vector<ConfigError> explain_counts(const Config& config) {
    std::vector<ConfigError> errors;
    const uint32_t kernels = limits_of(config.profile).overlays;
    if (config.profile != Profile::Full && config.overlays != 0 && config.overlays != kernels) {
        errors.push_back(
            {"overlays", fmt::format("{} is neither 0 nor {}", config.overlays, kernels),
             fmt::format("use the kernel's {}, or 0; or profile = \"full\"", kernels)});
    }
    if (config.screens.empty()) {
        errors.push_back(
            {"screens", "there must be at least one", "use one that is not connected: \"none\""});
    }
    if (config.crtcs == 0u) {
        errors.push_back(
            {"crtcs", "there must be at least one", "leave it out: each screen has one then"});
    }
    // What makes them too many.
    const size_t crtcs = config.crtcs.value_or(config.screens.size());
    const std::string cause = crtcs > config.screens.size() ? "crtcs" : "screens";
    const std::string fewer = fmt::format("use fewer {}, or spread them over several cards", cause);
    const size_t encoders = config.screens.size() + (config.writeback ? crtcs : 0);
    if (encoders > max_objects) {
        errors.push_back(
            {cause,
             fmt::format("{} screens and writeback connectors, at most {}", encoders, max_objects),
             fewer});
    }
    const size_t planes = crtcs * (config.cursor ? 2 : 1) + config.overlays;
    if (planes > max_objects) {
        errors.push_back(
            {cause, fmt::format("{} planes with {} CRTCs, at most {}", planes, crtcs, max_objects),
             fewer});
    }
    return errors;
}

/// The index of the CRTC that a fault is about, if it says one.
std::optional<uint32_t> crtc_of(const drm::Fault& fault) {
    if (const auto* late = std::get_if<drm::LateVblank>(&fault.what)) return late->crtc;
    if (const auto* lost = std::get_if<drm::LostVblank>(&fault.what)) return lost->crtc;
    if (const auto* slow = std::get_if<drm::SlowFlip>(&fault.what)) return slow->crtc;
    return std::nullopt;
}

std::optional<ConfigError> explain_bad_link(const Config& config, size_t index) {
    const auto* link = std::get_if<drm::BadLink>(&config.faults[index].what);
    if (!link || config.screens.empty()) return std::nullopt;
    std::vector<std::string> names;
    for (const ConnectorConfig& connector : numbered_connectors(config))
        names.push_back(connector_name(connector));
    if (std::ranges::find(names, link->connector) != names.end()) return std::nullopt;
    return ConfigError{fmt::format("fault[{}].link", index),
                       fmt::format("there is no connector \"{}\"", link->connector),
                       fmt::format("the card has {}", fmt::join(names, ", "))};
}

void add_bad_rules(const Config& config, std::vector<ConfigError>& errors) {
    for (size_t i = 0; i < config.limit_rules.size(); ++i) {
        const LimitRule& rule = config.limit_rules[i];
        if (auto bad = explain_bad_limit(rule))
            errors.push_back(
                {fmt::format("limit[{}].{}", i, limit_key(rule)), bad->message, bad->remedy});
    }
    const size_t crtcs =
        config.layout ? config.layout->crtcs.size() : config.crtcs.value_or(config.screens.size());
    for (size_t i = 0; i < config.faults.size(); ++i) {
        if (config.faults[i].trigger.every == 0) {
            errors.push_back({fmt::format("fault[{}].every", i), "every 0th event is none",
                              "use 1, for each, or more"});
        }
        if (auto bad = explain_bad_link(config, i)) errors.push_back(*std::move(bad));
        const auto crtc = crtc_of(config.faults[i]);
        if (!crtc || *crtc < crtcs || crtcs == 0) continue;
        errors.push_back({fmt::format("fault[{}].crtc", i),
                          fmt::format("there is no CRTC {}", *crtc),
                          fmt::format("use 0 to {}, or leave crtc out: each", crtcs - 1)});
    }
}

}  // namespace

std::optional<uint32_t> find_connector_type(std::string_view word) {
    for (const int type : screen_connectors) {
        const auto value = static_cast<uint32_t>(type);
        if (word == drm::connector_type_name(value)) return value;
    }
    return std::nullopt;
}

std::string connector_type_words() {
    std::vector<std::string_view> words;
    words.reserve(std::size(screen_connectors));
    for (const int type : screen_connectors)
        words.emplace_back(drm::connector_type_name(static_cast<uint32_t>(type)));
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string_view panel_orientation_word(drm::PanelOrientation orientation) {
    return panel_words[static_cast<size_t>(orientation)];
}

std::optional<drm::PanelOrientation> find_panel_orientation(std::string_view word) {
    const auto* const found = std::ranges::find(panel_words, word);
    if (found == panel_words.end()) return std::nullopt;
    return static_cast<drm::PanelOrientation>(found - panel_words.begin());
}

std::string panel_orientation_words() {
    return fmt::format("\"{}\"", fmt::join(panel_words, "\", \""));
}

std::string connector_name(const ConnectorConfig& connector) {
    return fmt::format("{}-{}", drm::connector_type_name(connector.type), connector.number);
}

std::vector<ConnectorConfig> numbered_connectors(const Config& config) {
    std::vector<ConnectorConfig> all(config.screens.size());
    const auto number = [&](bool docks) {
        for (size_t i = 0; i < all.size(); ++i) {
            ConnectorConfig connector = config.screens[i].connector;
            if (connector.dock.has_value() != docks) continue;
            for (const ConnectorConfig& other : all) {
                if (config.screens[i].connector.number == 0 && other.type == connector.type)
                    connector.number = std::max(connector.number, other.number);
            }
            if (config.screens[i].connector.number == 0) ++connector.number;
            all[i] = std::move(connector);
        }
    };
    number(false);
    number(true);
    return all;
}

std::string_view profile_name(Profile profile) {
    const auto* found = std::ranges::find(profiles, profile, &NamedProfile::profile);
    return found->name;
}

std::optional<Profile> find_profile(std::string_view name) {
    const auto* found = std::ranges::find(profiles, name, &NamedProfile::name);
    if (found == std::end(profiles)) return std::nullopt;
    return found->profile;
}

std::string profile_words() {
    std::string words;
    for (const NamedProfile& each : profiles)
        words += fmt::format("{}\"{}\"", words.empty() ? "" : ", ", each.name);
    return words;
}

Config with_profile(Profile profile) {
    Config config{.profile = profile};
    if (profile == Profile::Full) config.features = all_features();
    return config;
}

std::vector<ConfigError> validate(const Config& config) {
    std::vector<ConfigError> errors;
    if (!is_file_name(config.name)) {
        errors.push_back({"name", fmt::format("\"{}\" is no name for a device", config.name),
                          "use letters, digits, - and _"});
    }
    if (auto error = explain_bad_identity(config.identity)) errors.push_back(*std::move(error));
    const SizeLimits sizes = sizes_of(config);
    add_bad_sizes(sizes, errors);
    const auto bad_counts =
        config.layout ? validate(*config.layout, config.screens.size()) : explain_counts(config);
    errors.insert(errors.end(), bad_counts.begin(), bad_counts.end());
    for (size_t i = 0; i < config.screens.size(); ++i) {
        if (auto error = explain_bad_connector(config, i)) errors.push_back(*std::move(error));
        if (auto error = explain_bad_dock(config, i)) errors.push_back(*std::move(error));
        if (!config.screens[i].mode) continue;
        if (auto error = explain_bad_mode(*config.screens[i].mode, sizes)) {
            errors.push_back({fmt::format("screens[{}].mode", i), *std::move(error),
                              "use another size or a lower refresh rate"});
        }
    }
    add_bad_rules(config, errors);
    return errors;
}

}  // namespace plugboard::vkms
