// Which planes, CRTCs and encoders a device has, and which of them fit together.
// Linux: drivers/gpu/drm/vkms/vkms_config.h
#pragma once

#include <drm_mode.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "drm/objects/plane.h"

namespace plugboard::vkms {

struct Config;

// A mask of CRTCs, planes or encoders has 32 bits; Linux uses 31 of them.
inline constexpr size_t max_objects = 31;

struct PlaneConfig {
    drm::PlaneType type = drm::PlaneType::Overlay;
    uint32_t possible_crtcs = 0;      // bit per CRTC
    std::vector<uint32_t> formats{};  // fourcc; none: those of the profile
    /// Which of them go with which modifier; none: all with LINEAR.
    std::vector<drm::ModifierFormats> modifiers{};
    std::vector<uint32_t> not_drawn{};    // of `formats`: clients are told of them, no more
    std::optional<uint32_t> rotations{};  // DRM_MODE_ROTATE_* and REFLECT_*; none: the profile's
    std::optional<bool> yuv_colors{};     // COLOR_ENCODING, COLOR_RANGE; none: as the profile's

    bool operator==(const PlaneConfig&) const = default;
};

struct CrtcConfig {
    bool writeback = false;                  // has a writeback connector
    std::optional<uint32_t> gamma_size{};    // entries; none: the profile's
    std::optional<bool> background_color{};  // BACKGROUND_COLOR; none: as the profile's
    uint32_t writeback_number = 0;           // "Writeback-2" has 2; 0: the next

    bool operator==(const CrtcConfig&) const = default;
};

struct EncoderConfig {
    uint32_t possible_crtcs = 0;  // bit per CRTC
    uint32_t type = DRM_MODE_ENCODER_VIRTUAL;
    /// Bit per encoder; none: itself, and what the profile adds.
    std::optional<uint32_t> possible_clones{};

    bool operator==(const EncoderConfig&) const = default;
};

/// In the order of their index. Writeback connectors have encoders of their own, which are not
/// here.
struct Layout {
    std::vector<PlaneConfig> planes;
    std::vector<CrtcConfig> crtcs;
    std::vector<EncoderConfig> encoders;
    std::vector<uint32_t> possible_encoders;  // by screen: bit per encoder

    bool operator==(const Layout&) const = default;
};

/// The config's own; none: a primary plane, and a cursor plane where it has cursors, for each CRTC,
/// the overlays for all of them, and an encoder for each screen, good for every CRTC.
Layout layout_of(const Config& config);

/// The first `count` bits.
constexpr uint32_t all_bits(size_t count) {
    return count >= 32 ? ~0U : (1U << count) - 1;
}

}  // namespace plugboard::vkms
