// What a card can do, as switches: a profile says how they stand, a config may turn each.
#pragma once

#include <span>
#include <string_view>

namespace plugboard::vkms {

/// As the kernel's vkms has them.
struct Features {
    // Drivers of real hardware have these, the kernel's vkms has not.
    bool zpos = false;          // planes: which is above which
    bool alpha = false;         // planes: one opacity for the whole
    bool blend_mode = false;    // planes: "pixel blend mode"
    bool scaling = false;       // planes of another size than their picture; SCALING_FILTER
    bool damage_clips = false;  // planes: FB_DAMAGE_CLIPS
    bool size_hints = false;    // cursor planes: SIZE_HINTS
    bool hotspot = false;       // cursor planes of a virtual machine: HOTSPOT_X, HOTSPOT_Y
    bool degamma = false;       // CRTCs: DEGAMMA_LUT
    bool ctm = false;           // CRTCs: CTM
    bool vrr = false;           // connectors: vrr_capable; CRTCs: a rate that varies
    bool async_flip = false;    // page flips that wait for no vblank
    bool clones = false;        // several screens on one CRTC
    // Connectors that have an EDID.
    bool hdr = false;           // HDR_OUTPUT_METADATA
    bool max_bpc = false;       // "max bpc"
    bool colorspace = false;    // "Colorspace"
    bool content_type = false;  // HDMI: "content type"
    bool subconnector = false;  // DisplayPort: "subconnector"
    bool render_node = false;
    bool syncobj = false;
    // The module parameter of linux-latest.
    bool plane_pipeline = false;  // planes: COLOR_PIPELINE
    // What clients look for and some drivers lack.
    bool atomic = true;
    bool universal_planes = true;  // without: planes are overlays, to every client
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
