#include "drivers/vkms/layout.h"

#include "drivers/vkms/config.h"

namespace plugboard::vkms {
namespace {

// Clients and the composer take planes in this order: primaries below overlays below cursors.
std::vector<PlaneConfig> planes_of(const Config& config, uint32_t crtcs) {
    std::vector<PlaneConfig> planes;
    for (uint32_t i = 0; i < crtcs; ++i)
        planes.push_back({.type = drm::PlaneType::Primary, .possible_crtcs = 1U << i});
    for (uint32_t i = 0; i < config.overlays; ++i)
        planes.push_back({.type = drm::PlaneType::Overlay, .possible_crtcs = all_bits(crtcs)});
    for (uint32_t i = 0; config.cursor && i < crtcs; ++i)
        planes.push_back({.type = drm::PlaneType::Cursor, .possible_crtcs = 1U << i});
    return planes;
}

}  // namespace

Layout layout_of(const Config& config) {
    if (config.layout) return *config.layout;
    const auto screens = static_cast<uint32_t>(config.screens.size());
    const uint32_t crtcs = config.crtcs.value_or(screens);
    Layout layout{
        .planes = planes_of(config, crtcs),
        .crtcs = std::vector<CrtcConfig>(crtcs, {.writeback = config.writeback}),
        .encoders = std::vector<EncoderConfig>(screens, {.possible_crtcs = all_bits(crtcs)}),
        .possible_encoders = {}};
    for (uint32_t i = 0; i < screens; ++i) layout.possible_encoders.push_back(1U << i);
    return layout;
}

}  // namespace plugboard::vkms
