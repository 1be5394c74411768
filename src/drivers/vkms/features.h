// What a card can do, as switches: a profile says how they stand, a config may turn each.
#pragma once

#include <span>
#include <string_view>

namespace plugboard::vkms {

/// As the kernel's vkms has them.
struct Features {
    // Drivers of real hardware have these, the kernel's vkms has not. Planes.
    bool zpos = false;            // "zpos": which is above which
    bool alpha = false;           // "alpha": of the plane as a whole
    bool blend_mode = false;      // "pixel blend mode"
    bool scaling = false;         // another size than their picture's; SCALING_FILTER
    bool damage_clips = false;    // FB_DAMAGE_CLIPS; MODE_DIRTYFB
    bool size_hints = false;      // of cursors: SIZE_HINTS
    bool hotspot = false;         // of a virtual machine's cursors: HOTSPOT_X, HOTSPOT_Y
    bool color_pipeline = false;  // COLOR_PIPELINE and its operations
    // CRTCs.
    bool degamma = false;     // DEGAMMA_LUT
    bool ctm = false;         // CTM
    bool async_flip = false;  // page flips that wait for no vblank
    bool clones = false;      // several screens on one CRTC
    // Connectors that have an EDID.
    bool hdr = false;           // HDR_OUTPUT_METADATA
    bool max_bpc = false;       // "max bpc"
    bool colorspace = false;    // "Colorspace"
    bool content_type = false;  // HDMI: "content type"
    bool subconnector = false;  // DisplayPort: "subconnector"
    bool vrr = false;           // vrr_capable, as the EDID has it; VRR_ENABLED has an effect
    // The card.
    bool render_node = false;
    bool syncobj = false;
    // What clients look for, and some drivers lack.
    bool atomic = true;
    bool universal_planes = true;  // without: clients see overlays alone, and no atomic
    bool prime = true;             // buffers go to other devices and come from them
    bool modifiers = true;         // framebuffers with modifiers; IN_FORMATS
    bool vblank = true;            // without: flips are done at once, and nobody can wait

    bool operator==(const Features&) const = default;
};

/// What a config calls one.
struct FeatureName {
    std::string_view key;
    bool Features::*member;
    std::string_view what;  // a line for people
};
std::span<const FeatureName> feature_names();

/// The kernel's and all that a driver can have beside it: profile "full".
Features all_features();

}  // namespace plugboard::vkms
