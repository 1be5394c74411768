// Random scenes: a second composer, written from the definitions alone, agrees; what must not
// change a picture does not; and memory may be smaller than its geometry says.
#include <drm_fourcc.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"
#include "drivers/vkms/composer/line_reader.h"

namespace plugboard::vkms {
namespace {

using tests::Picture;

constexpr uint32_t format_table[] = {DRM_FORMAT_XRGB8888, DRM_FORMAT_ARGB8888,
                                     DRM_FORMAT_XRGB16161616, DRM_FORMAT_ARGB16161616,
                                     DRM_FORMAT_RGB565};

// ---- a second composer, pixel by pixel, whose rules can be bent

uint64_t nearest(uint64_t numerator, uint64_t denominator) {
    return (2 * numerator + denominator) / (2 * denominator);
}

struct Rules {
    std::function<uint64_t(uint64_t, uint64_t)> blend_quotient = nearest;
    std::function<uint64_t(uint64_t, uint64_t)> widen_quotient = nearest;
};

Argb16 model_pixel(const SourceImage& image, uint64_t x, uint64_t y, const Rules& rules) {
    const PlaneMemory& memory = image.planes[0];
    const uint32_t size = tests::bytes_per_pixel(image.format);
    uint64_t word = 0;
    std::memcpy(&word, &memory.bytes[memory.offset + y * memory.pitch + x * size], size);
    const auto field = [&](uint32_t shift, uint32_t bits) {
        const uint64_t highest = (1ULL << bits) - 1;
        return static_cast<uint16_t>(
            rules.widen_quotient((word >> shift & highest) * 65535, highest));
    };
    Argb16 pixel;
    switch (image.format) {
        case DRM_FORMAT_RGB565:
            return {.a = 65535, .r = field(11, 5), .g = field(5, 6), .b = field(0, 5)};
        case DRM_FORMAT_XRGB8888:
        case DRM_FORMAT_ARGB8888:
            pixel = {.a = field(24, 8), .r = field(16, 8), .g = field(8, 8), .b = field(0, 8)};
            break;
        default:
            pixel = {.a = field(48, 16), .r = field(32, 16), .g = field(16, 16), .b = field(0, 16)};
    }
    const bool has_alpha =
        image.format == DRM_FORMAT_ARGB8888 || image.format == DRM_FORMAT_ARGB16161616;
    if (!has_alpha) pixel.a = 65535;
    return pixel;
}

std::vector<Argb16> model_pixels(const Scene& scene, const Rules& rules = {}) {
    std::vector<Argb16> pixels(scene.size.area(), scene.background);
    for (int64_t y = 0; y < scene.size.height; ++y) {
        for (int64_t x = 0; x < scene.size.width; ++x) {
            Argb16& below = pixels[static_cast<size_t>(y * scene.size.width + x)];
            for (const ScenePlane& plane : scene.planes) {
                const drm::Rect& rect = plane.destination;
                if (x < rect.x || x >= rect.right() || y < rect.y || y >= rect.bottom()) continue;
                const Argb16 top = model_pixel(
                    plane.image, static_cast<uint64_t>(x - rect.x) + (plane.source.x >> 16),
                    static_cast<uint64_t>(y - rect.y) + (plane.source.y >> 16), rules);
                const auto mix = [&](uint64_t source, uint64_t old) {
                    return static_cast<uint16_t>(
                        rules.blend_quotient(source * 65535 + old * (65535U - top.a), 65535));
                };
                below = {.a = 65535,
                         .r = mix(top.r, below.r),
                         .g = mix(top.g, below.g),
                         .b = mix(top.b, below.b)};
            }
        }
    }
    return pixels;
}

std::optional<size_t> first_difference(const std::vector<Argb16>& a, const std::vector<Argb16>& b) {
    if (a.size() != b.size()) return std::min(a.size(), b.size());
    const auto found = std::ranges::mismatch(a, b);
    if (found.in1 == a.end()) return std::nullopt;
    return static_cast<size_t>(found.in1 - a.begin());
}

// ---- random scenes

/// A picture of random bytes, premultiplied as clients must.
Picture any_picture(uint32_t max_width, uint32_t max_height) {
    Picture picture;
    picture.format = *rc::gen::elementOf(
        std::vector<uint32_t>(std::begin(format_table), std::end(format_table)));
    picture.width = *rc::gen::inRange<uint32_t>(1, max_width);
    picture.height = *rc::gen::inRange<uint32_t>(1, max_height);
    picture.pitch =
        picture.width * tests::bytes_per_pixel(picture.format) + *rc::gen::inRange<uint32_t>(0, 9);
    picture.bytes.resize(size_t{picture.pitch} * picture.height);
    uint32_t state = *rc::gen::arbitrary<uint32_t>() | 1;
    for (std::byte& byte : picture.bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
    const uint32_t step = tests::bytes_per_pixel(picture.format);
    for (uint32_t y = 0; y < picture.height; ++y) {
        for (uint32_t x = 0; x < picture.width; ++x) {
            std::byte* pixel = &picture.bytes[size_t{y} * picture.pitch + size_t{x} * step];
            if (picture.format == DRM_FORMAT_ARGB8888) {
                for (int i = 0; i < 3; ++i) pixel[i] = std::min(pixel[i], pixel[3]);
            } else if (picture.format == DRM_FORMAT_ARGB16161616) {
                uint16_t words[4];
                std::memcpy(words, pixel, sizeof(words));
                for (uint16_t& word : words) word = std::min(word, words[3]);
                std::memcpy(pixel, words, sizeof(words));
            }
        }
    }
    return picture;
}

ScenePlane any_plane(const Picture& picture) {
    const auto x = *rc::gen::inRange<uint32_t>(0, picture.width);
    const auto y = *rc::gen::inRange<uint32_t>(0, picture.height);
    const auto width = *rc::gen::inRange<uint32_t>(1, picture.width - x + 1);
    const auto height = *rc::gen::inRange<uint32_t>(1, picture.height - y + 1);
    // At least one pixel lies right of and below the screen's corner.
    return {.image = image_of(picture),
            .source = drm::FixedRect::from_pixels(x, y, width, height),
            .destination = {.x = *rc::gen::inRange(1 - static_cast<int32_t>(width), 50),
                            .y = *rc::gen::inRange(1 - static_cast<int32_t>(height), 50),
                            .width = width,
                            .height = height}};
}

uint32_t any_rotation() {
    return 1U << *rc::gen::inRange(0, 4) | *rc::gen::inRange<uint32_t>(0, 4) << 4;
}

/// Pictures are kept beside the planes that show them.
struct AnyScene {
    std::vector<Picture> pictures;
    std::vector<ScenePlane> planes;
    Scene scene;
};

AnyScene any_scene() {
    AnyScene any;
    const auto count = *rc::gen::inRange<size_t>(0, 5);
    for (size_t i = 0; i < count; ++i) any.pictures.push_back(any_picture(70, 70));
    for (const Picture& picture : any.pictures) any.planes.push_back(any_plane(picture));
    any.scene.size = {.width = *rc::gen::inRange<uint32_t>(1, 64),
                      .height = *rc::gen::inRange<uint32_t>(1, 64)};
    any.scene.background = {.a = 0xffff,
                            .r = *rc::gen::arbitrary<uint16_t>(),
                            .g = *rc::gen::arbitrary<uint16_t>(),
                            .b = *rc::gen::arbitrary<uint16_t>()};
    any.scene.planes = any.planes;
    return any;
}

RC_GTEST_PROP(ComposerProperty, agrees_with_the_model, ()) {
    const AnyScene any = any_scene();
    const auto difference = first_difference(pixels_of(any.scene), model_pixels(any.scene));
    RC_ASSERT(!difference.has_value());
}

/// Composes the 6.1 overlay scene under bent rules, to see that the comparison can fail.
std::optional<size_t> difference_under(const Rules& rules, uint32_t primary_format) {
    const Picture primary = tests::pattern(primary_format, 64, 64);
    const Picture overlay = tests::pattern(DRM_FORMAT_ARGB8888, 64, 64);
    const std::vector<ScenePlane> planes = {at(primary, 0, 0), at(overlay, 0, 0)};
    const Scene scene{.size = {.width = 64, .height = 64}, .planes = planes, .gamma = {}};
    return first_difference(pixels_of(scene), model_pixels(scene, rules));
}

uint64_t truncated(uint64_t numerator, uint64_t denominator) {
    return numerator / denominator;
}

TEST(ComposerModel, agrees_when_no_rule_is_bent) {
    EXPECT_EQ(difference_under({}, DRM_FORMAT_XRGB8888), std::nullopt);
    EXPECT_EQ(difference_under({}, DRM_FORMAT_RGB565), std::nullopt);
}

TEST(ComposerModel, notices_a_blend_that_truncates) {
    EXPECT_NE(difference_under({.blend_quotient = truncated}, DRM_FORMAT_XRGB8888), std::nullopt);
}

TEST(ComposerModel, notices_a_blend_off_by_one_in_the_divisor) {
    const Rules shifted{.blend_quotient = [](uint64_t n, uint64_t) { return nearest(n, 65536); }};
    EXPECT_NE(difference_under(shifted, DRM_FORMAT_XRGB8888), std::nullopt);
}

TEST(ComposerModel, notices_a_widening_that_truncates) {
    EXPECT_NE(difference_under({.widen_quotient = truncated}, DRM_FORMAT_RGB565), std::nullopt);
}

// ---- properties

RC_GTEST_PROP(ComposerProperty, clipping_equals_showing_a_cropped_copy, ()) {
    const Picture picture = any_picture(70, 70);
    const ScenePlane plane = any_plane(picture);
    const drm::Size screen{.width = 50, .height = 50};
    const drm::Rect visible = drm::intersect(
        plane.destination, {.x = 0, .y = 0, .width = screen.width, .height = screen.height});
    RC_ASSERT(!visible.is_empty());

    Picture cropped{.format = picture.format,
                    .width = visible.width,
                    .height = visible.height,
                    .pitch = visible.width * tests::bytes_per_pixel(picture.format),
                    .bytes = {}};
    const uint32_t left =
        (plane.source.x >> 16) + static_cast<uint32_t>(visible.x - plane.destination.x);
    const uint32_t top =
        (plane.source.y >> 16) + static_cast<uint32_t>(visible.y - plane.destination.y);
    for (uint32_t y = 0; y < visible.height; ++y) {
        const size_t begin =
            size_t{top + y} * picture.pitch + size_t{left} * tests::bytes_per_pixel(picture.format);
        cropped.bytes.insert(cropped.bytes.end(), &picture.bytes[begin],
                             &picture.bytes[begin] + cropped.pitch);
    }

    RC_ASSERT(crc_of(screen, {plane}) == crc_of(screen, {at(cropped, visible.x, visible.y)}));
}

RC_GTEST_PROP(ComposerProperty, an_opaque_plane_is_a_copy, ()) {
    Picture opaque = any_picture(40, 40);
    RC_PRE(opaque.format == DRM_FORMAT_XRGB8888 || opaque.format == DRM_FORMAT_RGB565 ||
           opaque.format == DRM_FORMAT_XRGB16161616);
    const Picture below = tests::pattern(DRM_FORMAT_XRGB8888, 64, 64);
    const std::vector<ScenePlane> both = {at(below, 0, 0), at(opaque, 0, 0)};
    const std::vector<ScenePlane> alone = {at(opaque, 0, 0)};
    const drm::Size size{.width = opaque.width, .height = opaque.height};
    RC_ASSERT(crc_of(size, both) == crc_of(size, alone));
}

RC_GTEST_PROP(ComposerProperty, one_pass_gives_what_separate_passes_give, ()) {
    const AnyScene any = any_scene();
    const drm::Size size = any.scene.size;
    std::vector<std::byte> together(size.area() * 4), alone(size.area() * 4);
    std::vector<std::byte> rgb_together(size.area() * 3), rgb_alone(size.area() * 3);
    const auto target = [&](uint32_t format, uint32_t bytes, std::vector<std::byte>& memory) {
        return TargetImage{.format = format,
                           .memory = {.bytes = memory, .pitch = size.width * bytes}};
    };
    const std::vector<TargetImage> targets = {target(DRM_FORMAT_XRGB8888, 4, together),
                                              target(DRM_FORMAT_BGR888, 3, rgb_together)};
    const TargetImage first = target(DRM_FORMAT_XRGB8888, 4, alone);
    const TargetImage second = target(DRM_FORMAT_BGR888, 3, rgb_alone);

    Composer composer;
    uint32_t crc = 0;
    RC_ASSERT(composer.compose(any.scene, {.crc = &crc, .images = targets}).ok());
    RC_ASSERT(composer.compose(any.scene, {.images = {&first, 1}}).ok());
    RC_ASSERT(composer.compose(any.scene, {.images = {&second, 1}}).ok());

    RC_ASSERT(crc == crc_of(any.scene));
    RC_ASSERT(together == alone);
    RC_ASSERT(rgb_together == rgb_alone);
}

// Geometry is checked elsewhere; here no value of it may lead out of memory (ASan is the judge).
RC_GTEST_PROP(ComposerProperty, no_geometry_reads_or_writes_out_of_bounds, ()) {
    std::vector<std::byte> source(*rc::gen::inRange<size_t>(0, 200));
    std::vector<std::byte> written(*rc::gen::inRange<size_t>(0, 200));
    const auto any_u32 = [] {
        return *rc::gen::oneOf(rc::gen::inRange<uint32_t>(0, 40), rc::gen::arbitrary<uint32_t>(),
                               rc::gen::just(std::numeric_limits<uint32_t>::max()));
    };
    const auto any_i32 = [] {
        return *rc::gen::oneOf(rc::gen::inRange(-40, 40),
                               rc::gen::just(std::numeric_limits<int32_t>::min()),
                               rc::gen::just(std::numeric_limits<int32_t>::max()));
    };
    ScenePlane plane;
    plane.image.format = *rc::gen::elementOf(readable_formats());
    plane.image.size = {.width = any_u32(), .height = any_u32()};
    for (PlaneMemory& memory : plane.image.planes)
        memory = {.bytes = source, .offset = any_u32(), .pitch = any_u32()};
    plane.rotation.bits = any_rotation();
    plane.source = {.x = any_u32(), .y = any_u32(), .width = any_u32(), .height = any_u32()};
    plane.destination = {.x = any_i32(), .y = any_i32(), .width = any_u32(), .height = any_u32()};
    const TargetImage target{.format = DRM_FORMAT_XRGB8888,
                             .memory = {.bytes = written, .offset = any_u32(), .pitch = any_u32()}};
    const Scene scene{.size = {.width = 16, .height = 16}, .planes = {&plane, 1}, .gamma = {}};
    RC_ASSERT(Composer().compose(scene, {.images = {&target, 1}}).ok());
}

}  // namespace
}  // namespace plugboard::vkms
