// What a line of reference/linux-7.2/crc2.txt says was shown, on a mode of 640x480.
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace plugboard::tests {

constexpr uint32_t reference_width = 640, reference_height = 480;

/// One picture of raw bytes. Numbers are the uAPI's.
struct ReferenceScene {
    std::string format;  // as format_named() takes it
    uint32_t width = reference_width, height = reference_height;
    int32_t x = 0, y = 0;
    bool is_overlay = false;  // over an XRGB8888 picture of the whole screen
    uint32_t rotation = DRM_MODE_ROTATE_0;
    uint32_t color_encoding = 0, color_range = 1;
    bool has_gamma = false;
};

/// "NV12 200x120 at 300,170 rotate-90"; what the line does not say is as at first.
inline ReferenceScene reference_scene(const std::string& line) {
    const auto says = [&](const char* text) { return line.find(text) != std::string::npos; };
    ReferenceScene scene{.format = line.substr(0, line.find(' '))};
    std::sscanf(line.c_str(), "%*s %ux%u", &scene.width, &scene.height);
    if (const size_t at = line.find(" at "); at != std::string::npos) {
        std::sscanf(&line[at], " at %d,%d", &scene.x, &scene.y);
        scene.is_overlay = !says("background");
    }
    scene.rotation = says("rotate-90")    ? DRM_MODE_ROTATE_90
                     : says("rotate-180") ? DRM_MODE_ROTATE_180
                     : says("rotate-270") ? DRM_MODE_ROTATE_270
                                          : DRM_MODE_ROTATE_0;
    if (says("reflect-x")) scene.rotation |= DRM_MODE_REFLECT_X;
    if (says("reflect-y")) scene.rotation |= DRM_MODE_REFLECT_Y;
    if (says("BT.709")) scene.color_encoding = 1;
    if (says("BT.2020")) scene.color_encoding = 2;
    if (says("limited")) scene.color_range = 0;
    scene.has_gamma = says("with gamma");
    return scene;
}

/// The curves of reference/linux-7.2/README.md in a table of none, or of two entries or more: red
/// x*x, green falling, blue half.
inline std::vector<drm_color_lut> reference_gamma(uint64_t entries) {
    std::vector<drm_color_lut> table;
    for (uint64_t i = 0; i < entries; ++i) {
        const uint64_t x = i * 65535 / (entries - 1);
        table.push_back({.red = static_cast<uint16_t>(x * x / 65535),
                         .green = static_cast<uint16_t>(65535 - x),
                         .blue = static_cast<uint16_t>(x / 2),
                         .reserved = 0});
    }
    return table;
}

}  // namespace plugboard::tests
