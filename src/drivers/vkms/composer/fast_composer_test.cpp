// The fast composer gives what the scalar reference gives, bit for bit: every format turned every
// way, at every edge, and random scenes.
#include "drivers/vkms/composer/fast_composer.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "drivers/vkms/composer/blend.h"
#include "drivers/vkms/composer/composer_fixture.h"
#include "drivers/vkms/composer/line_reader.h"
#include "drivers/vkms/composer/pixel_writer.h"
#include "drivers/vkms/composer/random_scene_fixture.h"
#include "drivers/vkms/composer/vector_lines.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

using tests::RawPicture;

/// The CRC, and the bytes of a target of each format.
struct Composed {
    uint32_t crc = 0;
    std::vector<std::vector<std::byte>> targets;

    bool operator==(const Composed&) const = default;
};

/// Targets have a margin, so that a byte too many is seen; and `missing` bytes too few.
template <class AnyComposer>
Composed compose_all(AnyComposer& composer, const Scene& scene, size_t missing = 0) {
    Composed composed;
    std::vector<TargetImage> targets;
    composed.targets.reserve(all_writers().size());
    for (const PixelWriter& writer : all_writers()) {
        const uint32_t pitch = scene.size.width * writer.bytes_per_pixel + 5;
        auto& bytes =
            composed.targets.emplace_back(size_t{pitch} * scene.size.height + 3, std::byte{0x5a});
        targets.push_back({.format = writer.format,
                           .memory = {.bytes = std::span(bytes).first(
                                          bytes.size() - std::min(bytes.size(), missing)),
                                      .offset = 3,
                                      .pitch = pitch}});
    }
    EXPECT_TRUE(composer.compose(scene, {.crc = &composed.crc, .images = targets}).ok());
    return composed;
}

void expect_same(const Scene& scene, const std::string& what) {
    Composer slow;
    FastComposer fast;
    EXPECT_EQ(compose_all(fast, scene), compose_all(slow, scene)) << what;
}

class EveryFormat : public testing::TestWithParam<uint32_t> {};

TEST_P(EveryFormat, turned_every_way_at_every_edge) {
    const RawPicture below = tests::raw_picture(DRM_FORMAT_XRGB8888, 75, 61);
    const RawPicture picture = tests::raw_picture(GetParam(), 53, 41);
    for (const uint32_t angle : rotations) {
        for (const uint32_t reflection : reflections) {
            const drm::Rotation rotation{angle | reflection};
            for (const auto& [x, y] : {std::pair(11, 7), std::pair(-20, -9), std::pair(50, 40)}) {
                const ScenePlane planes[] = {at(below, 0, 0), at(picture, x, y, rotation)};
                expect_same({.size = {.width = 75, .height = 61}, .planes = planes},
                            "rotation " + std::to_string(rotation.bits));
            }
        }
    }
}

TEST_P(EveryFormat, of_every_encoding_and_range_over_a_background) {
    const RawPicture picture = tests::raw_picture(GetParam(), 64, 40);
    for (uint32_t encoding = 0; encoding < 3; ++encoding) {
        for (uint32_t range = 0; range < 2; ++range) {
            ScenePlane plane = at(picture, 3, 1);
            plane.image.encoding = ColorEncoding{encoding};
            plane.image.range = ColorRange{range};
            expect_same({.size = {.width = 70, .height = 44},
                         .background = background_color(0xffff'1234'8765'fedc),
                         .planes = {&plane, 1}},
                        std::to_string(encoding) + " " + std::to_string(range));
        }
    }
}

TEST_P(EveryFormat, with_less_memory_than_it_should_have) {
    RawPicture picture = tests::raw_picture(GetParam(), 40, 30);
    auto& last = picture.planes.back();
    last.resize(last.size() / 2);
    const ScenePlane plane = at(picture, 2, 2);
    expect_same({.size = {.width = 50, .height = 40}, .planes = {&plane, 1}}, "half");
}

TEST_P(EveryFormat, scaled_and_turned_with_each_filter) {
    const RawPicture below = tests::raw_picture(DRM_FORMAT_XRGB8888, 60, 50);
    const RawPicture picture = tests::raw_picture(GetParam(), 26, 18);
    for (const uint32_t angle : rotations) {
        for (const drm::ScalingFilter filter :
             {drm::ScalingFilter::Default, drm::ScalingFilter::NearestNeighbor}) {
            for (const auto& [width, height] : {std::pair(55U, 33U), std::pair(7U, 5U)}) {
                ScenePlane plane = at(picture, -3, 4, {angle | DRM_MODE_REFLECT_Y});
                plane.destination.width = width;
                plane.destination.height = height;
                plane.source = {
                    .x = 0x1'8000, .y = 0x4000, .width = 0x17'1234, .height = 0x10'8000};
                plane.scaling = filter;
                const ScenePlane planes[] = {at(below, 0, 0), plane};
                expect_same({.size = {.width = 60, .height = 50}, .planes = planes},
                            "rotation " + std::to_string(angle));
            }
        }
    }
}

TEST_P(EveryFormat, of_every_blend_mode_with_many_alphas) {
    const RawPicture below = tests::raw_picture(DRM_FORMAT_XRGB8888, 60, 40);
    const RawPicture picture = tests::raw_picture(GetParam(), 40, 30);
    for (const drm::BlendMode mode :
         {drm::BlendMode::Premultiplied, drm::BlendMode::Coverage, drm::BlendMode::None}) {
        for (const uint32_t alpha : {0U, 1U, 0x1234U, 0x7fffU, 0x8000U, 0xfffeU, 0xffffU}) {
            ScenePlane plane = at(picture, 5, 3);
            plane.alpha = static_cast<uint16_t>(alpha);
            plane.blend_mode = mode;
            const ScenePlane planes[] = {at(below, 0, 0), plane};
            expect_same({.size = {.width = 60, .height = 40}, .planes = planes},
                        std::to_string(alpha));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(FastComposer, EveryFormat, testing::ValuesIn(readable_formats()),
                         [](const auto& test) {
                             std::string name = drm::fourcc_name(test.param);
                             std::erase(name, ' ');
                             return name;
                         });

TEST(FastComposer, blends_every_alpha_with_every_remainder) {
    // Levels that share no factor with 65535: with all alphas they meet every remainder.
    std::vector<Argb16> source(65536), plain(65536), fast(65536);
    for (uint32_t alpha = 0; alpha <= 0xffff; ++alpha) {
        const auto a = static_cast<uint16_t>(alpha);
        source[alpha] = {.a = a, .r = a, .g = static_cast<uint16_t>(alpha / 2), .b = 0};
    }
    for (const uint32_t level :
         {0U, 1U, 2U, 101U, 7919U, 16411U, 32749U, 40961U, 65521U, 65534U, 65535U}) {
        const auto below = static_cast<uint16_t>(level);
        std::ranges::fill(plain, Argb16{.a = 0xffff, .r = below, .g = below, .b = below});
        fast = plain;
        blend_line(source, plain);
        blend_in_vectors(source, fast);
        ASSERT_EQ(fast, plain) << level;
    }
}

TEST(FastComposer, blends_colors_above_their_alpha_as_the_kernel_does) {
    std::vector<Argb16> source, plain;
    for (uint32_t i = 0; i < 4000; ++i) {
        const auto word = [&](uint32_t salt) {
            return static_cast<uint16_t>((i + salt) * 2654435761U >> 16);
        };
        source.push_back({.a = word(1), .r = word(2), .g = word(3), .b = word(4)});
        plain.push_back({.a = 0xffff, .r = word(5), .g = 0xffff, .b = word(6)});
    }
    std::vector<Argb16> fast = plain;
    blend_line(source, plain);
    blend_in_vectors(source, fast);
    EXPECT_EQ(fast, plain);
}

TEST(FastComposer, writes_every_level_in_every_format) {
    std::vector<Argb16> pixels;
    for (uint32_t level = 0; level <= 0xffff; ++level) {
        const auto v = static_cast<uint16_t>(level);
        pixels.push_back({.a = v, .r = v, .g = static_cast<uint16_t>(~level), .b = v});
    }
    for (const PixelWriter& writer : all_writers()) {
        std::vector<std::byte> plain(pixels.size() * writer.bytes_per_pixel), fast(plain.size());
        writer.write(pixels, plain.data());
        write_in_vectors(writer, pixels, fast.data());
        EXPECT_EQ(fast, plain) << drm::fourcc_name(writer.format);
    }
}

TEST(FastComposer, one_opaque_picture_is_copied_with_its_unused_bits_set) {
    const RawPicture picture = tests::raw_picture(DRM_FORMAT_XRGB8888, 67, 20);
    const ScenePlane plane = at(picture, 0, 0);
    const Scene scene{.size = {.width = 67, .height = 20}, .planes = {&plane, 1}};
    std::vector<std::byte> slow(67 * 20 * 4), fast(slow.size());
    const auto target = [](std::vector<std::byte>& bytes) {
        return TargetImage{.format = DRM_FORMAT_XRGB8888, .memory = {.bytes = bytes, .pitch = 268}};
    };
    const TargetImage slow_target = target(slow), fast_target = target(fast);
    ASSERT_TRUE(Composer().compose(scene, {.images = {&slow_target, 1}}).ok());
    ASSERT_TRUE(FastComposer().compose(scene, {.images = {&fast_target, 1}}).ok());
    EXPECT_EQ(fast, slow);
}

TEST(FastComposer, several_threads_give_what_one_gives) {
    const RawPicture below = tests::raw_picture(DRM_FORMAT_XRGB8888, 1000, 700);
    const RawPicture above = tests::raw_picture(DRM_FORMAT_ARGB8888, 500, 640);
    const ScenePlane planes[] = {at(below, 0, 0), at(above, 100, 50, {DRM_MODE_ROTATE_90})};
    const Scene scene{.size = {.width = 1000, .height = 700}, .planes = planes};
    Composer slow;
    Helpers helpers(3);
    FastComposer fast(helpers, 4);
    const Composed expected = compose_all(slow, scene);
    for (int frame = 0; frame < 5; ++frame) EXPECT_EQ(compose_all(fast, scene), expected);
}

RC_GTEST_PROP(FastComposer, composes_any_scene_as_the_reference_does, ()) {
    RandomScene random;
    make_random(random);
    const auto missing = *rc::gen::element<size_t>(0, 0, 1, 100, 5000);
    Composer slow;
    FastComposer fast;
    RC_ASSERT(compose_all(fast, random.scene, missing) == compose_all(slow, random.scene, missing));
}

}  // namespace
}  // namespace plugboard::vkms
