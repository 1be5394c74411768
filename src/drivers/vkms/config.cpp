// Reads nothing, builds nothing: names, counts and the one validate().
#include "drivers/vkms/config.h"

#include <fmt/format.h>

#include "drivers/vkms/profile.h"
#include "drm/objects/mode.h"

namespace plugboard::vkms {
namespace {

// A mask of CRTCs, planes or encoders has 32 bits; Linux uses 31 of them.
constexpr size_t max_objects = 31;

bool is_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::optional<std::string> explain_bad_mode(const ScreenMode& mode, const Limits& limits) {
    const auto made = drm::Mode::try_cvt(mode.width, mode.height, mode.refresh_hz);
    if (!made.ok()) {
        return fmt::format("CVT has no timings for {}x{} at {} Hz", mode.width, mode.height,
                           mode.refresh_hz);
    }
    const drm::Size size = made->size();
    const auto fits = [&](uint32_t n) { return n >= limits.min_size && n <= limits.max_size; };
    if (!fits(size.width) || !fits(size.height)) {
        return fmt::format("{}x{} is not within {} to {} pixels", size.width, size.height,
                           limits.min_size, limits.max_size);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Profile> find_profile(std::string_view name) {
    if (name == "linux-6.1") return Profile::Linux61;
    return std::nullopt;
}

uint32_t crtc_count(const Config& config) {
    return config.crtcs.value_or(static_cast<uint32_t>(config.screens.size()));
}

std::vector<ConfigError> validate(const Config& config) {
    std::vector<ConfigError> errors;
    const Limits& limits = limits_of(config.profile);
    const size_t crtcs = crtc_count(config);
    if (!is_file_name(config.name)) {
        errors.push_back({"name", fmt::format("\"{}\" is no name for a device", config.name),
                          "use letters, digits, - and _"});
    }
    if (config.overlays != 0 && config.overlays != limits.overlays) {
        errors.push_back({"overlays",
                          fmt::format("{} is neither 0 nor {}", config.overlays, limits.overlays),
                          fmt::format("use the kernel's {}, or 0", limits.overlays)});
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
    for (size_t i = 0; i < config.screens.size(); ++i) {
        if (!config.screens[i].mode) continue;
        if (auto error = explain_bad_mode(*config.screens[i].mode, limits)) {
            errors.push_back({fmt::format("screens[{}].mode", i), *std::move(error),
                              "use another size or a lower refresh rate"});
        }
    }
    return errors;
}

}  // namespace plugboard::vkms
