// Draws the reference pictures on card0 and prints the CRC of each, one line as in crc.txt.
#include "tests/support/pictures.h"
#include "tests/system/clients/card.h"

namespace {

using client::Buffer;
using client::Card;
using plugboard::tests::Picture;

struct Plane {
    uint32_t id;
    uint32_t fb_id, crtc_id, src_x, src_y, src_w, src_h, crtc_x, crtc_y, crtc_w, crtc_h;

    Plane(const Card& card, uint32_t plane) : id(plane) {
        const auto find = [&](const char* name) {
            return card.property(plane, DRM_MODE_OBJECT_PLANE, name);
        };
        fb_id = find("FB_ID");
        crtc_id = find("CRTC_ID");
        src_x = find("SRC_X");
        src_y = find("SRC_Y");
        src_w = find("SRC_W");
        src_h = find("SRC_H");
        crtc_x = find("CRTC_X");
        crtc_y = find("CRTC_Y");
        crtc_w = find("CRTC_W");
        crtc_h = find("CRTC_H");
    }

    void show(std::vector<Card::Value>& values, uint32_t crtc, uint32_t fb, uint32_t from_x,
              uint32_t from_y, int32_t to_x, int32_t to_y, uint32_t width, uint32_t height) const {
        const auto add = [&](uint32_t property, uint64_t value) {
            values.push_back({id, property, value});
        };
        add(fb_id, fb);
        add(crtc_id, crtc);
        add(src_x, uint64_t{from_x} << 16);
        add(src_y, uint64_t{from_y} << 16);
        add(src_w, uint64_t{width} << 16);
        add(src_h, uint64_t{height} << 16);
        add(crtc_x, static_cast<uint64_t>(int64_t{to_x}));
        add(crtc_y, static_cast<uint64_t>(int64_t{to_y}));
        add(crtc_w, width);
        add(crtc_h, height);
    }
};

Buffer upload(const Card& card, const Picture& picture) {
    const uint32_t bpp = plugboard::tests::bytes_per_pixel(picture.format) * 8;
    const Buffer buffer = card.create_buffer(picture.width, picture.height, picture.format, bpp);
    for (uint32_t y = 0; y < picture.height; y++)
        std::memcpy(buffer.pixels + size_t{y} * buffer.pitch,
                    picture.bytes.data() + size_t{y} * picture.pitch, picture.pitch);
    return buffer;
}

void commit(const Card& card, std::vector<Card::Value> values, const char* what) {
    const int error = card.atomic(values, DRM_MODE_ATOMIC_ALLOW_MODESET);
    errno = error;
    client::must(error == 0, what);
    std::printf("%-44s %s\n", what, client::read_crc().c_str());
}

}  // namespace

int main() {
    using plugboard::tests::pattern;
    using plugboard::tests::solid;
    Card card;
    card.discover();
    const Plane primary(card, card.primary);
    const Plane overlay(card, card.all_planes[1]);
    drm_mode_create_blob blob{Card::address(&card.mode), sizeof card.mode, 0};
    client::must(card.call(DRM_IOCTL_MODE_CREATEPROPBLOB, blob) == 0, "CREATEPROPBLOB");
    const std::vector<Card::Value> screen = {
        {card.crtc, card.property(card.crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID"), blob.blob_id},
        {card.crtc, card.property(card.crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE"), 1},
        {card.connector, card.property(card.connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID"),
         card.crtc},
    };
    const auto show = [&](const Picture& picture, uint32_t x, uint32_t y, const char* what) {
        auto values = screen;
        primary.show(values, card.crtc, upload(card, picture).fb, x, y, 0, 0, 1024, 768);
        commit(card, values, what);
    };
    show(solid(0, 1024, 768), 0, 0, "primary XR24 all 0x000000");
    show(solid(0x123456, 1024, 768), 0, 0, "primary XR24 all 0x123456");
    show(pattern(DRM_FORMAT_XRGB8888, 1024, 768), 0, 0, "primary XR24 pattern");
    show(pattern(DRM_FORMAT_XRGB8888, 1100, 800), 37, 11,
         "primary XR24 pattern 1100x800 src 37,11");
    show(pattern(DRM_FORMAT_RGB565, 1024, 768), 0, 0, "primary RG16 pattern");
    show(pattern(DRM_FORMAT_XRGB16161616, 1024, 768), 0, 0, "primary XR48 pattern");

    auto values = screen;
    primary.show(values, card.crtc, upload(card, pattern(DRM_FORMAT_XRGB8888, 1024, 768)).fb, 0, 0,
                 0, 0, 1024, 768);
    const Buffer small = upload(card, pattern(DRM_FORMAT_ARGB8888, 256, 256));
    overlay.show(values, card.crtc, small.fb, 0, 0, 100, 50, 256, 256);
    commit(card, values, "+ overlay AR24 256x256 at 100,50");
    values.clear();
    overlay.show(values, card.crtc, small.fb, 0, 0, -64, -32, 256, 256);
    commit(card, values, "+ overlay moved to -64,-32");
    return 0;
}
