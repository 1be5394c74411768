// What a card can do, as switches: a profile says how they stand, a config may turn each.
#pragma once

#include <span>
#include <string_view>

namespace plugboard::vkms {

/// As the kernel's vkms has them: not at all. Drivers of real hardware do.
struct Features {
    // Connectors that have an EDID.
    bool hdr = false;           // HDR_OUTPUT_METADATA
    bool max_bpc = false;       // "max bpc"
    bool colorspace = false;    // "Colorspace"
    bool content_type = false;  // HDMI: "content type"
    bool subconnector = false;  // DisplayPort: "subconnector"
    bool vrr = false;           // vrr_capable, as the EDID has it
    // Planes.
    bool color_pipeline = false;  // COLOR_PIPELINE and its operations
    // The card.
    bool render_node = false;
    bool syncobj = false;

    bool operator==(const Features&) const = default;
};

/// What a config calls one.
struct FeatureName {
    std::string_view key;
    bool Features::*member;
    std::string_view what;  // a line for people
};
std::span<const FeatureName> feature_names();

/// All of them: profile "full".
Features all_features();

}  // namespace plugboard::vkms
