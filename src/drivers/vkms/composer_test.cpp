// Tests of the reference composer: CRCs of a running kernel, a second composer written from the
// definitions alone, and memory that is smaller than its geometry says.
#include "drivers/vkms/composer.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/vkms/blend.h"
#include "drivers/vkms/line_crc.h"
#include "drivers/vkms/pixel_reader.h"
#include "drivers/vkms/pixel_writer.h"
#include "tests/support/pictures.h"
#include "tests/support/reference_files.h"

namespace plugboard::vkms {
namespace {

using tests::Picture;

constexpr uint32_t format_table[] = {DRM_FORMAT_XRGB8888, DRM_FORMAT_ARGB8888,
                                     DRM_FORMAT_XRGB16161616, DRM_FORMAT_ARGB16161616,
                                     DRM_FORMAT_RGB565};

// ---- scenes

SourceImage image_of(const Picture& picture) {
    SourceImage image{.format = picture.format,
                      .size = {.width = picture.width, .height = picture.height},
                      .planes = {}};
    image.planes[0] = {.bytes = picture.bytes, .offset = 0, .pitch = picture.pitch};
    return image;
}

/// The whole picture with its corner at (x, y).
ScenePlane at(const Picture& picture, int32_t x, int32_t y) {
    return {.image = image_of(picture),
            .source = drm::FixedRect::from_pixels(0, 0, picture.width, picture.height),
            .destination = {.x = x, .y = y, .width = picture.width, .height = picture.height}};
}

uint32_t crc_of(const Scene& scene) {
    uint32_t crc = 0;
    EXPECT_TRUE(Composer().compose(scene, {.crc = &crc, .images = {}}).ok());
    return crc;
}

uint32_t crc_of(drm::Size size, const std::vector<ScenePlane>& planes,
                std::span<const drm_color_lut> gamma = {}) {
    return crc_of({.size = size, .planes = planes, .gamma = gamma});
}

/// The composed pixels, through an AR48 target, which keeps every bit.
std::vector<Argb16> pixels_of(const Scene& scene) {
    std::vector<std::byte> bytes(scene.size.area() * 8);
    const TargetImage target{.format = DRM_FORMAT_ARGB16161616,
                             .memory = {.bytes = bytes, .pitch = scene.size.width * 8}};
    EXPECT_TRUE(Composer().compose(scene, {.images = {&target, 1}}).ok());
    std::vector<Argb16> pixels(scene.size.area());
    find_reader(DRM_FORMAT_ARGB16161616)->read(bytes.data(), pixels);
    return pixels;
}

// ---- the kernel's CRCs

/// Splits "XRGB8888 with gamma      0x139eb635" into what was shown and its CRC.
std::map<std::string, uint32_t> reference_crcs(std::string_view path) {
    std::map<std::string, uint32_t> crcs;
    for (const std::string& line : tests::reference_lines(path)) {
        const size_t value = line.rfind("0x");
        const size_t end = line.find_last_not_of(' ', value - 1);
        uint32_t crc = 0;
        std::from_chars(&line[value + 2], line.data() + line.size(), crc, 16);
        crcs[line.substr(0, end + 1)] = crc;
    }
    return crcs;
}

TEST(ComposerReference, every_crc_of_linux61) {
    constexpr drm::Size screen{.width = 1024, .height = 768};
    const Picture black = tests::solid(0x000000, 1024, 768);
    const Picture blue = tests::solid(0x123456, 1024, 768);
    const Picture xr24 = tests::pattern(DRM_FORMAT_XRGB8888, 1024, 768);
    const Picture wide = tests::pattern(DRM_FORMAT_XRGB8888, 1100, 800);
    const Picture rg16 = tests::pattern(DRM_FORMAT_RGB565, 1024, 768);
    const Picture xr48 = tests::pattern(DRM_FORMAT_XRGB16161616, 1024, 768);
    const Picture ar24 = tests::pattern(DRM_FORMAT_ARGB8888, 256, 256);
    const ScenePlane part{.image = image_of(wide),
                          .source = drm::FixedRect::from_pixels(37, 11, 1024, 768),
                          .destination = {.x = 0, .y = 0, .width = 1024, .height = 768}};
    const std::map<std::string, uint32_t> ours = {
        {"primary XR24 all 0x000000", crc_of(screen, {at(black, 0, 0)})},
        {"primary XR24 all 0x123456", crc_of(screen, {at(blue, 0, 0)})},
        {"primary XR24 pattern", crc_of(screen, {at(xr24, 0, 0)})},
        {"primary XR24 pattern 1100x800 src 37,11", crc_of(screen, {part})},
        {"primary RG16 pattern", crc_of(screen, {at(rg16, 0, 0)})},
        {"primary XR48 pattern", crc_of(screen, {at(xr48, 0, 0)})},
        {"+ overlay AR24 256x256 at 100,50", crc_of(screen, {at(xr24, 0, 0), at(ar24, 100, 50)})},
        {"+ overlay moved to -64,-32", crc_of(screen, {at(xr24, 0, 0), at(ar24, -64, -32)})},
    };
    const auto expected = reference_crcs("linux-6.1/crc.txt");
    ASSERT_EQ(expected.size(), 8U);
    EXPECT_EQ(ours, expected);
}

std::vector<drm_color_lut> reference_gamma() {
    std::vector<drm_color_lut> table;
    for (uint32_t i = 0; i < 256; ++i) {
        const uint32_t x = i * 257;
        table.push_back({.red = static_cast<uint16_t>(x * x / 65535),
                         .green = static_cast<uint16_t>(65535 - x),
                         .blue = static_cast<uint16_t>(x / 2),
                         .reserved = 0});
    }
    return table;
}

TEST(ComposerReference, crcs_of_linux72_for_the_formats_of_linux61) {
    constexpr drm::Size screen{.width = 640, .height = 480};
    const auto gamma = reference_gamma();
    const Picture xr24 = tests::raw_bytes(DRM_FORMAT_XRGB8888, 640, 480);
    const Picture xr48 = tests::raw_bytes(DRM_FORMAT_XRGB16161616, 640, 480);
    const Picture rg16 = tests::raw_bytes(DRM_FORMAT_RGB565, 640, 480);
    const Picture ar24 = tests::raw_bytes(DRM_FORMAT_ARGB8888, 256, 192);
    const Picture ar48 = tests::raw_bytes(DRM_FORMAT_ARGB16161616, 256, 192);
    const Picture ar24_small = tests::raw_bytes(DRM_FORMAT_ARGB8888, 200, 120);
    const Picture xr24_small = tests::raw_bytes(DRM_FORMAT_XRGB8888, 300, 200);
    const std::map<std::string, uint32_t> ours = {
        {"XRGB8888", crc_of(screen, {at(xr24, 0, 0)})},
        {"XRGB16161616", crc_of(screen, {at(xr48, 0, 0)})},
        {"RGB565", crc_of(screen, {at(rg16, 0, 0)})},
        {"ARGB8888 256x192 over XRGB8888 at 100,50",
         crc_of(screen, {at(xr24, 0, 0), at(ar24, 100, 50)})},
        {"ARGB16161616 256x192 over XRGB8888 at 100,50",
         crc_of(screen, {at(xr24, 0, 0), at(ar48, 100, 50)})},
        {"ARGB8888 200x120 at 300,170 rotate-0",
         crc_of(screen, {at(xr24, 0, 0), at(ar24_small, 300, 170)})},
        {"XRGB8888 with gamma 256 entries", crc_of(screen, {at(xr24, 0, 0)}, gamma)},
        {"XRGB16161616 with gamma 256 entries", crc_of(screen, {at(xr48, 0, 0)}, gamma)},
        {"XRGB8888 gamma off again", crc_of(screen, {at(xr24, 0, 0)})},
        {"XRGB8888 300x200 at 50,60, background default", crc_of(screen, {at(xr24_small, 50, 60)})},
    };
    const auto expected = reference_crcs("linux-7.2/crc2.txt");
    for (const auto& [name, crc] : ours) {
        ASSERT_TRUE(expected.contains(name)) << name;
        EXPECT_EQ(crc, expected.at(name)) << name;
    }
}

// ---- a second composer, pixel by pixel from the definitions, whose rules can be bent

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

RC_GTEST_PROP(ComposerProperty, AgreesWithTheModel, ()) {
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

RC_GTEST_PROP(ComposerProperty, ClippingEqualsShowingACroppedCopy, ()) {
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

RC_GTEST_PROP(ComposerProperty, AnOpaquePlaneIsACopy, ()) {
    Picture opaque = any_picture(40, 40);
    RC_PRE(opaque.format == DRM_FORMAT_XRGB8888 || opaque.format == DRM_FORMAT_RGB565 ||
           opaque.format == DRM_FORMAT_XRGB16161616);
    const Picture below = tests::pattern(DRM_FORMAT_XRGB8888, 64, 64);
    const std::vector<ScenePlane> both = {at(below, 0, 0), at(opaque, 0, 0)};
    const std::vector<ScenePlane> alone = {at(opaque, 0, 0)};
    const drm::Size size{.width = opaque.width, .height = opaque.height};
    RC_ASSERT(crc_of(size, both) == crc_of(size, alone));
}

RC_GTEST_PROP(ComposerProperty, OnePassGivesWhatSeparatePassesGive, ()) {
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
RC_GTEST_PROP(ComposerProperty, NoGeometryReadsOrWritesOutOfBounds, ()) {
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
    plane.image.format = *rc::gen::elementOf(
        std::vector<uint32_t>(std::begin(format_table), std::end(format_table)));
    plane.image.size = {.width = any_u32(), .height = any_u32()};
    plane.image.planes[0] = {.bytes = source, .offset = any_u32(), .pitch = any_u32()};
    plane.source = {.x = any_u32(), .y = any_u32(), .width = any_u32(), .height = any_u32()};
    plane.destination = {.x = any_i32(), .y = any_i32(), .width = any_u32(), .height = any_u32()};
    const TargetImage target{.format = DRM_FORMAT_XRGB8888,
                             .memory = {.bytes = written, .offset = any_u32(), .pitch = any_u32()}};
    const Scene scene{.size = {.width = 16, .height = 16}, .planes = {&plane, 1}, .gamma = {}};
    RC_ASSERT(Composer().compose(scene, {.images = {&target, 1}}).ok());
}

// ---- single facts

TEST(Composer, planes_are_stacked_in_the_order_given) {
    const Picture red = tests::solid(0xff0000, 8, 8);
    const Picture green = tests::solid(0x00ff00, 8, 8);
    const drm::Size size{.width = 8, .height = 8};
    EXPECT_EQ(crc_of(size, {at(red, 0, 0), at(green, 0, 0)}), crc_of(size, {at(green, 0, 0)}));
    EXPECT_EQ(crc_of(size, {at(green, 0, 0), at(red, 0, 0)}), crc_of(size, {at(red, 0, 0)}));
}

TEST(Composer, without_planes_the_screen_is_opaque_black) {
    const auto pixels = pixels_of({.size = {.width = 4, .height = 2}, .planes = {}, .gamma = {}});
    EXPECT_EQ(pixels, std::vector<Argb16>(8, opaque_black));
}

TEST(Composer, unused_bits_of_x_formats_do_not_show) {
    const Picture picture = tests::solid(0x00336699, 4, 1);
    const Picture other = tests::solid(0xff336699, 4, 1);
    const drm::Size size{.width = 4, .height = 1};
    EXPECT_EQ(crc_of(size, {at(picture, 0, 0)}), crc_of(size, {at(other, 0, 0)}));
}

TEST(Composer, AFractionInTheSourceCornerIsCutOff) {
    const Picture picture = tests::pattern(DRM_FORMAT_XRGB8888, 16, 16);
    ScenePlane whole = at(picture, 0, 0);
    whole.source = drm::FixedRect::from_pixels(3, 5, 8, 8);
    whole.destination = {.x = 0, .y = 0, .width = 8, .height = 8};
    ScenePlane fraction = whole;
    fraction.source.x += 0xffff;
    fraction.source.y += 0xffff;
    const drm::Size size{.width = 8, .height = 8};
    EXPECT_EQ(crc_of(size, {whole}), crc_of(size, {fraction}));
}

TEST(Composer, offset_and_pitch_are_honoured) {
    const Picture picture = tests::pattern(DRM_FORMAT_XRGB8888, 5, 3);
    constexpr uint32_t offset = 13;
    constexpr uint32_t pitch = 31;
    std::vector<std::byte> memory(offset + pitch * 2 + 5 * 4);
    tests::draw_pattern(DRM_FORMAT_XRGB8888, 5, 3, pitch, std::span(memory).subspan(offset));
    ScenePlane plane = at(picture, 0, 0);
    plane.image.planes[0] = {.bytes = memory, .offset = offset, .pitch = pitch};
    const drm::Size size{.width = 5, .height = 3};
    EXPECT_EQ(crc_of(size, {plane}), crc_of(size, {at(picture, 0, 0)}));
}

TEST(Composer, rows_beyond_the_memory_show_what_is_below) {
    const Picture picture = tests::solid(0xffffff, 4, 4);
    ScenePlane plane = at(picture, 0, 0);
    plane.image.planes[0].bytes = std::span(picture.bytes).first(4 * 4 * 2 + 4);
    const std::vector<ScenePlane> planes = {plane};
    const auto pixels =
        pixels_of({.size = {.width = 4, .height = 4}, .planes = planes, .gamma = {}});
    const Argb16 white{.a = 0xffff, .r = 0xffff, .g = 0xffff, .b = 0xffff};
    EXPECT_EQ(std::ranges::count(pixels, white), 9);
    EXPECT_EQ(std::ranges::count(pixels, opaque_black), 7);
}

TEST(Composer, unsupported_formats_are_refused_before_anything_is_written) {
    Picture picture = tests::solid(0xffffff, 4, 4);
    picture.format = DRM_FORMAT_NV12;
    const std::vector<ScenePlane> planes = {at(picture, 0, 0)};
    uint32_t crc = 0x1234;
    EXPECT_EQ(Composer()
                  .compose({.size = {.width = 4, .height = 4}, .planes = planes, .gamma = {}},
                           {.crc = &crc, .images = {}})
                  .error(),
              Errno::Inval);
    EXPECT_EQ(crc, 0x1234U);

    const TargetImage target{.format = DRM_FORMAT_C8, .memory = {}};
    EXPECT_EQ(Composer().compose({}, {.images = {&target, 1}}).error(), Errno::Inval);
}

TEST(Composer, an_empty_screen_has_the_crc_seed) {
    EXPECT_EQ(crc_of(drm::Size{}, {}), 0U);
}

TEST(Composer, keeps_its_buffers_from_large_to_small_frames) {
    const Picture large = tests::pattern(DRM_FORMAT_XRGB8888, 100, 10);
    const Picture small = tests::pattern(DRM_FORMAT_RGB565, 10, 10);
    const std::vector<ScenePlane> large_planes = {at(large, 0, 0)};
    const std::vector<ScenePlane> small_planes = {at(small, 0, 0)};
    const Scene large_scene{
        .size = {.width = 100, .height = 10}, .planes = large_planes, .gamma = {}};
    const Scene small_scene{
        .size = {.width = 10, .height = 10}, .planes = small_planes, .gamma = {}};
    Composer composer;
    for (const Scene* scene : {&small_scene, &large_scene, &small_scene}) {
        uint32_t crc = 0;
        ASSERT_TRUE(composer.compose(*scene, {.crc = &crc, .images = {}}).ok());
        EXPECT_EQ(crc, crc_of(*scene));
    }
}

TEST(Composer, gamma_is_applied_after_blending) {
    const Picture picture = tests::solid(0x804020, 2, 1);
    const std::vector<ScenePlane> planes = {at(picture, 0, 0)};
    const std::vector<drm_color_lut> inverted = {{0xffff, 0xffff, 0xffff, 0}, {0, 0, 0, 0}};
    const auto pixels =
        pixels_of({.size = {.width = 2, .height = 1}, .planes = planes, .gamma = inverted});
    EXPECT_EQ(pixels[0].a, 0xffff);
    EXPECT_NEAR(pixels[0].r, 0xffff - 0x8080, 1);
    EXPECT_NEAR(pixels[0].g, 0xffff - 0x4040, 1);
    EXPECT_NEAR(pixels[0].b, 0xffff - 0x2020, 1);
}

}  // namespace
}  // namespace plugboard::vkms
