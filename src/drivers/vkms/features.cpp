// The table of the switches.
#include "drivers/vkms/features.h"

#include <array>

namespace plugboard::vkms {
namespace {

constexpr std::array feature_table{
    FeatureName{"zpos", &Features::zpos, "planes say which is above which"},
    FeatureName{"alpha", &Features::alpha, "planes have an opacity as a whole"},
    FeatureName{"blend_mode", &Features::blend_mode, "planes have a pixel blend mode"},
    FeatureName{"scaling", &Features::scaling, "planes scale, with a filter"},
    FeatureName{"damage_clips", &Features::damage_clips, "planes take FB_DAMAGE_CLIPS"},
    FeatureName{"size_hints", &Features::size_hints, "cursor planes list their sizes"},
    FeatureName{"hotspot", &Features::hotspot, "cursor planes want a hot spot, as in a VM"},
    FeatureName{"degamma", &Features::degamma, "CRTCs have DEGAMMA_LUT"},
    FeatureName{"ctm", &Features::ctm, "CRTCs have CTM"},
    FeatureName{"async_flip", &Features::async_flip, "page flips may wait for no vblank"},
    FeatureName{"clones", &Features::clones, "several screens may show one CRTC"},
    FeatureName{"vrr", &Features::vrr, "the rate of a screen that can may vary"},
    FeatureName{"hdr", &Features::hdr, "connectors take HDR_OUTPUT_METADATA"},
    FeatureName{"max_bpc", &Features::max_bpc, "connectors have a max bpc"},
    FeatureName{"colorspace", &Features::colorspace, "connectors have a Colorspace"},
    FeatureName{"content_type", &Features::content_type, "HDMI connectors have a content type"},
    FeatureName{"subconnector", &Features::subconnector, "DisplayPorts say what hangs there"},
    FeatureName{"color_pipeline", &Features::color_pipeline, "planes have a COLOR_PIPELINE"},
    FeatureName{"render_node", &Features::render_node, "there is a renderD node"},
    FeatureName{"syncobj", &Features::syncobj, "there are sync objects and timelines"},
    FeatureName{"atomic", &Features::atomic, "there is the atomic API"},
    FeatureName{"universal_planes", &Features::universal_planes,
                "primary and cursor planes are told of"},
    FeatureName{"prime", &Features::prime, "buffers are shared with other devices"},
    FeatureName{"modifiers", &Features::modifiers, "framebuffers may have modifiers"},
    FeatureName{"vblank", &Features::vblank, "there are vblanks to wait for"},
};

}  // namespace

std::span<const FeatureName> feature_names() {
    return feature_table;
}

Features all_features() {
    Features all;
    for (const FeatureName& each : feature_table) all.*each.member = true;
    // A virtual machine's drivers have it; clients that say nothing of it then see no cursor plane.
    all.hotspot = false;
    return all;
}

}  // namespace plugboard::vkms
