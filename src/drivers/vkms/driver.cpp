#include "drivers/vkms/driver.h"

#include <any>

#include "base/log.h"
#include "drivers/vkms/card.h"
#include "drivers/vkms/config.h"
#include "drivers/vkms/debug_files.h"
#include "drivers/vkms/frame_worker.h"
#include "drivers/vkms/ports.h"
#include "drivers/vkms/profile.h"
#include "drm/device.h"
#include "drm/fault_plan.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/mode_config.h"
#include "drm/vblank/vblank_timer.h"

namespace plugboard::vkms {
namespace {

/// The device's config, checked here once.
Result<Config> config_of(const device::Device& device) {
    const std::any& data = device.info().platform_data;
    if (!data.has_value()) return Config{};
    const auto* config = std::any_cast<Config>(&data);
    if (!config) {
        log::error("{}: platform_data is no vkms::Config", device.name());
        return Errno::Inval;
    }
    const auto errors = validate(*config);
    for (const ConfigError& error : errors)
        log::error("{}: {}: {}; {}", device.name(), error.key, error.message, error.remedy);
    if (!errors.empty()) return Errno::Inval;
    return *config;
}

std::vector<ScreenConfig> numbered_screens(const Config& config) {
    const std::vector<ConnectorConfig> connectors = numbered_connectors(config);
    std::vector<ScreenConfig> screens = config.screens;
    for (size_t i = 0; i < screens.size(); ++i) screens[i].connector = connectors[i];
    return screens;
}

drm::DriverInfo driver_info(const Config& config) {
    const DriverIdentity& identity = config.identity;
    const auto either = [](const std::string& own, std::string_view kernels) {
        return own.empty() ? std::string(kernels) : own;
    };
    return {
        .name = either(identity.name, "vkms"),
        .description = either(identity.description, "Virtual Kernel Mode Setting"),
        .date = either(identity.date, limits_of(config.profile).date),
        .major = identity.major,
        .minor = identity.minor,
        .patch = identity.patch,
        // Clients that ask for it get all planes with it.
        .atomic = config.features.atomic && config.features.universal_planes,
        .universal_planes = config.features.universal_planes,
        .vblank = config.features.vblank,
        .cursor_hotspot = config.features.hotspot,
        .dirty_framebuffers = config.features.damage_clips,
        .prime = config.features.prime,
        .render_node = config.features.render_node,
        .async_page_flip = config.features.async_flip,
        .syncobj = config.features.syncobj,
        .minors = config.lowest_minor ? drm::MinorChoice::Lowest : drm::MinorChoice::LongestFree,
        .like_linux_6_1 = config.profile == Profile::Linux61};
}

void probe_screens(drm::Device& device) {
    for (const auto& connector : device.mode_config().connectors)
        if (!connector->is_writeback()) drm::probe_connector(device, *connector);
}

}  // namespace

Result<void> Driver::probe(device::Bound& bound) {
    const Config config = TRY(config_of(bound.device()));
    const SizeLimits sizes = sizes_of(config);
    auto drm = TRY(drm::Device::create(bound, driver_info(config)));
    const auto crtcs = static_cast<uint32_t>(layout_of(config).crtcs.size());
    auto worker =
        TRY(bound.manage<FrameWorker>(*drm, crtcs, drm::Size{sizes.max_width, sizes.max_height}));
    auto ports = TRY(bound.manage<Ports>(numbered_screens(config)));
    drm->manage<Card>(*drm, config, worker, ports);
    if (config.is_probed) probe_screens(*drm);
    TRY(bound.manage<drm::VblankTimer>(*drm));  // newer than the worker, so stopped before it
    add_debug_files(*drm, config, worker);
    for (const drm::Fault& fault : config.faults) drm::faults_of(*drm).plant(*drm, fault);
    return drm->publish(bound);
}

}  // namespace plugboard::vkms
