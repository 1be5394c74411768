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

namespace plugboard::vkms {

/// Whose objects, properties, formats and limits a device has.
enum class Profile {
    Linux61,      // "linux-6.1"
    LinuxLatest,  // "linux-latest": 7.2
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

/// Where a screen is plugged in: "DP-2" is type DRM_MODE_CONNECTOR_DisplayPort, number 2.
struct ConnectorConfig {
    uint32_t type = DRM_MODE_CONNECTOR_VIRTUAL;
    uint32_t number = 0;  // 0: the next of its type

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

    bool operator==(const ScreenConfig&) const = default;
};

/// "DP" and the like, of the connectors that a screen may have; nothing for another word.
std::optional<uint32_t> find_connector_type(std::string_view word);
/// All such words: "DP, HDMI-A, ...".
std::string connector_type_words();

/// Comes to the driver in DeviceInfo::platform_data; a device without one has the default.
struct Config {
    std::string name = "vkms";  // for messages
    Profile profile = Profile::Linux61;
    uint32_t overlays = 0;  // 0 or 8, usable on every CRTC
    bool cursor = true;     // a cursor plane per CRTC
    bool writeback = true;  // a writeback connector per CRTC
    bool syncobj = false;   // which the kernel's vkms does not have
    std::vector<ScreenConfig> screens = {ScreenConfig{}};
    std::optional<uint32_t> crtcs{};  // none: one per screen
};

/// How many CRTCs the device has.
uint32_t crtc_count(const Config& config);

struct ConfigError {
    std::string key;  // "screens[1].mode"
    std::string message;
    std::string remedy;
};

/// All that is wrong. Empty: good.
std::vector<ConfigError> validate(const Config& config);

}  // namespace plugboard::vkms
