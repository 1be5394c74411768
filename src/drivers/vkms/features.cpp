// The table of the switches.
#include "drivers/vkms/features.h"

#include <array>

namespace plugboard::vkms {
namespace {

constexpr std::array names{
    FeatureName{"vrr", &Features::vrr, "connectors say whether a screen's rate could vary"},
    FeatureName{"hdr", &Features::hdr, "connectors take HDR_OUTPUT_METADATA"},
    FeatureName{"max_bpc", &Features::max_bpc, "connectors have a max bpc"},
    FeatureName{"colorspace", &Features::colorspace, "connectors have a Colorspace"},
    FeatureName{"content_type", &Features::content_type, "HDMI connectors have a content type"},
    FeatureName{"subconnector", &Features::subconnector, "DisplayPorts say what hangs there"},
    FeatureName{"color_pipeline", &Features::color_pipeline, "planes have a COLOR_PIPELINE"},
    FeatureName{"render_node", &Features::render_node, "there is a renderD node"},
    FeatureName{"syncobj", &Features::syncobj, "there are sync objects and timelines"},
};

}  // namespace

std::span<const FeatureName> feature_names() {
    return names;
}

Features all_features() {
    Features all;
    for (const FeatureName& each : names) all.*each.member = true;
    return all;
}

}  // namespace plugboard::vkms
