// What a vkms device is made of: its screens, planes and CRTCs, as plain data.
// Linux: drivers/gpu/drm/vkms/vkms_config.h
#pragma once

#include <drm_mode.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/vkms/features.h"
#include "drivers/vkms/layout.h"
#include "drivers/vkms/limit_rules.h"
#include "drm/fault.h"
#include "drm/objects/connector.h"
#include "drm/objects/mode.h"

namespace plugboard::vkms {

/// Whose objects, properties, formats and limits a device has.
enum class Profile {
    Linux61,      // "linux-6.1"
    LinuxLatest,  // "linux-latest": 7.2
    Full,         // "full": with what real drivers have
};

std::string_view profile_name(Profile profile);
/// Nothing for a word that names none.
std::optional<Profile> find_profile(std::string_view name);
/// All names, quoted: "\"linux-6.1\", ...".
std::string profile_words();

/// A size and rate that VESA's CVT formula has timings for.
struct ScreenMode {
    uint32_t width = 0;  // pixels; rounded down to a multiple of 8
    uint32_t height = 0;
    double refresh_hz = 60;

    bool operator==(const ScreenMode&) const = default;
};

/// A port of a dock: its connector is there while a screen is plugged in, and PATH says where.
struct DockPort {
    uint32_t parent_type = DRM_MODE_CONNECTOR_DisplayPort;  // what the dock is plugged into
    uint32_t parent_number = 1;
    std::string port = "1";  // of the dock, and of docks behind it: "8", "1-8"

    bool operator==(const DockPort&) const = default;
};

/// Where a screen is plugged in: "DP-2" is type DRM_MODE_CONNECTOR_DisplayPort, number 2.
struct ConnectorConfig {
    uint32_t type = DRM_MODE_CONNECTOR_VIRTUAL;
    uint32_t number = 0;                                       // 0: the next of its type
    std::optional<drm::PanelOrientation> panel_orientation{};  // how it is built in
    std::optional<DockPort> dock{};

    bool is_same_place(const ConnectorConfig& other) const {
        return type == other.type && number == other.number;
    }
    bool operator==(const ConnectorConfig&) const = default;
};

/// A connector and the screen at it.
struct ScreenConfig {
    bool connected = true;
    /// The only mode; none: the 34 modes of a screen without EDID, 1024x768 preferred.
    std::optional<ScreenMode> mode{};
    /// What the screen says of itself, good or bad; empty: nothing. Comes before `mode`.
    std::vector<std::byte> edid{};
    ConnectorConfig connector{};
    bool is_unsure = false;          // neither: the hardware cannot tell whether it is connected
    std::vector<drm::Mode> modes{};  // in this order, of a screen without EDID and `mode`
    uint32_t width_mm = 0, height_mm = 0;  // of a screen without EDID
    uint32_t subpixel = 0;                 // drmModeSubPixel - 1

    bool operator==(const ScreenConfig&) const = default;
};

struct Config;
inline constexpr uint32_t max_connector_number = 31;  // of those that a config names

/// "DP" and the like, of the connectors that a screen may have; nothing for another word.
std::optional<uint32_t> find_connector_type(std::string_view word);
/// All such words: "DP, HDMI-A, ...".
std::string connector_type_words();

/// "right-side-up": the words for how a panel is built in.
std::string_view panel_orientation_word(drm::PanelOrientation orientation);
/// Nothing for another word.
std::optional<drm::PanelOrientation> find_panel_orientation(std::string_view word);
/// All of them, quoted.
std::string panel_orientation_words();

/// "DP-1", of a connector with a number.
std::string connector_name(const ConnectorConfig& connector);
/// The configs of the screens' connectors, each with the number that it will have.
std::vector<ConnectorConfig> numbered_connectors(const Config& config);

/// What DRM_IOCTL_VERSION answers; an empty text: the kernel's vkms's.
struct DriverIdentity {
    std::string name{}, description{}, date{};
    int major = 1, minor = 0, patch = 0;

    bool operator==(const DriverIdentity&) const = default;
};

/// What is said of sizes, pixels; 0: the profile's.
struct SizeLimits {
    uint32_t min_width = 0, max_width = 0, min_height = 0, max_height = 0;  // of framebuffers
    uint32_t cursor_width = 0, cursor_height = 0;

    bool operator==(const SizeLimits&) const = default;
};

/// Comes to the driver in DeviceInfo::platform_data; a device without one has the default.
struct Config {
    std::string name = "vkms";  // for messages
    Profile profile = Profile::Linux61;
    Features features{};  // not of the profile by themselves: with_profile()
    DriverIdentity identity{};
    uint32_t overlays = 0;  // usable on every CRTC; the kernel's: 0 or 8
    bool cursor = true;     // a cursor plane per CRTC
    bool writeback = true;  // a writeback connector per CRTC
    std::vector<ScreenConfig> screens = {ScreenConfig{}};
    std::optional<uint32_t> crtcs{};  // none: one per screen
    /// Instead of overlays, cursor, writeback and crtcs.
    std::optional<Layout> layout{};
    std::vector<LimitRule> limit_rules{};  // what it refuses beyond the driver's own checks
    std::vector<drm::Fault> faults{};      // planted in each device that is made from this
    SizeLimits sizes{};
    /// Somebody has looked at the screens before the first client, as the kernel's console does.
    bool is_probed = false;
    bool lowest_minor = false;  // the lowest free one, not the one that is free longest
};

/// A device of the profile, with the profile's features.
Config with_profile(Profile profile);

struct ConfigError {
    std::string key;  // "screens[1].mode"
    std::string message;
    std::string remedy;
};

/// All that is wrong. Empty: good.
std::vector<ConfigError> validate(const Config& config);
/// The same of a layout by itself, for so many screens.
std::vector<ConfigError> validate(const Layout& layout, size_t screens);

}  // namespace plugboard::vkms
