// Shows a red window before a blue background: on an overlay plane where a TEST_ONLY commit says
// that the card can, drawn into the picture where not. The bug: it draws the window only as long as
// it has not decided for the plane, and takes the decision to hold though the card has refused it.
#include "tests/system/clients/planted.h"

namespace {

using client::Card;
using client::must;

constexpr uint32_t blue = 0x000000ff, red = 0x00ff0000;
constexpr uint32_t window_x = 64, window_y = 32, window_size = 128;

void fill(const client::Buffer& buffer, uint32_t color, uint32_t x, uint32_t y, uint32_t width,
          uint32_t height) {
    for (uint32_t line = y; line < y + height; line++) {
        auto* pixels = reinterpret_cast<uint32_t*>(buffer.pixels + size_t{line} * buffer.pitch);
        for (uint32_t column = x; column < x + width; column++) pixels[column] = color;
    }
}

/// Of the type DRM_PLANE_TYPE_OVERLAY, 0.
uint32_t find_overlay(const Card& card) {
    for (const uint32_t plane : card.all_planes) {
        if (card.property_value(plane, DRM_MODE_OBJECT_PLANE, "type") == 0) return plane;
    }
    must(false, "an overlay plane");
    return 0;
}

/// The window's place on the plane.
std::vector<Card::Value> window_on(const Card& card, uint32_t plane, const client::Screen& screen,
                                   uint32_t fb) {
    const auto id = [&](const char* name) {
        return card.property(plane, DRM_MODE_OBJECT_PLANE, name);
    };
    constexpr uint64_t source = uint64_t{window_size} << 16;
    return {{plane, id("FB_ID"), fb},
            {plane, id("CRTC_ID"), screen.crtc},
            {plane, id("CRTC_X"), window_x},
            {plane, id("CRTC_Y"), window_y},
            {plane, id("CRTC_W"), window_size},
            {plane, id("CRTC_H"), window_size},
            {plane, id("SRC_X"), 0},
            {plane, id("SRC_Y"), 0},
            {plane, id("SRC_W"), source},
            {plane, id("SRC_H"), source}};
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_fixed = client::is_fixed(argc, argv);
    Card card;
    card.discover();
    client::Screen screen = client::light(card, 0, card.mode);
    const client::Buffer window = card.create_buffer(window_size, window_size);
    fill(window, red, 0, 0, window_size, window_size);
    for (const client::Buffer& picture : screen.buffers)
        fill(picture, blue, 0, 0, screen.mode.hdisplay, screen.mode.vdisplay);

    const auto wanted = window_on(card, find_overlay(card), screen, window.fb);
    const bool is_accepted = card.atomic(wanted, DRM_MODE_ATOMIC_TEST_ONLY) == 0;
    bool is_on_plane = true;
    if (is_fixed) is_on_plane = is_accepted;
    if (is_accepted) must(card.atomic(wanted, 0) == 0, "ATOMIC");
    if (!is_on_plane) {
        for (const client::Buffer& picture : screen.buffers)
            fill(picture, red, window_x, window_y, window_size, window_size);
    }
    const client::HotplugEvents hotplug;
    for (;;) {
        client::flip(card, screen);
        client::wait_for_events(card, hotplug);
    }
}
