// What has not changed is not composed again, and nobody sees it by the CRC.
#include "drivers/vkms/composer/kept_crcs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "drivers/vkms/composer/composer_fixture.h"
#include "drivers/vkms/composer/fast_composer.h"
#include "drivers/vkms/composer/random_scene_fixture.h"

namespace plugboard::vkms {
namespace {

using tests::RawPicture;

/// A picture of a whole screen of eight slices, and a small one above it.
class KeptCrcsTest : public testing::Test {
  protected:
    static constexpr uint32_t width = 64, height = 256;
    static constexpr size_t slices = 8;

    /// How many slices were not composed.
    size_t reused_in_next_frame() {
        uint32_t crc = 0;
        scene.planes = planes;
        EXPECT_TRUE(composer.compose(scene, crc, kept).ok());
        EXPECT_EQ(crc, crc_of(scene));
        return kept.reused();
    }

    RawPicture below = tests::raw_picture(DRM_FORMAT_XRGB8888, width, height);
    RawPicture above = tests::raw_picture(DRM_FORMAT_ARGB8888, 20, 20);
    std::vector<ScenePlane> planes = {at(below, 0, 0), at(above, 5, 40)};
    Scene scene{.size = {.width = width, .height = height}};
    FastComposer composer;
    KeptCrcs kept;
};

TEST_F(KeptCrcsTest, of_a_still_picture_are_all_known) {
    EXPECT_EQ(reused_in_next_frame(), 0u);
    EXPECT_EQ(reused_in_next_frame(), slices);
    EXPECT_EQ(reused_in_next_frame(), slices);
}

TEST_F(KeptCrcsTest, one_byte_makes_its_slice_new) {
    reused_in_next_frame();
    below.planes[0][size_t{100} * below.pitch(0)] ^= std::byte{1};
    EXPECT_EQ(reused_in_next_frame(), slices - 1);
    EXPECT_EQ(reused_in_next_frame(), slices);
}

TEST_F(KeptCrcsTest, a_plane_that_moves_makes_new_what_it_leaves_and_where_it_comes_to) {
    reused_in_next_frame();
    planes[1].destination.y = 200;  // from slice 1 to slice 6
    EXPECT_EQ(reused_in_next_frame(), slices - 2);
    planes.pop_back();
    EXPECT_EQ(reused_in_next_frame(), slices - 1);
}

TEST_F(KeptCrcsTest, what_counts_for_all_lines_makes_all_new) {
    const auto gamma = tests::reference_gamma(256);
    reused_in_next_frame();
    scene.gamma = gamma;
    EXPECT_EQ(reused_in_next_frame(), 0u);
    EXPECT_EQ(reused_in_next_frame(), slices);
    scene.degamma = gamma;
    scene.gamma = {};
    kept = {};
    reused_in_next_frame();
    scene.ctm.emplace().factors[0] = 1ULL << 31;
    EXPECT_EQ(reused_in_next_frame(), 0u);
}

TEST_F(KeptCrcsTest, of_a_turned_picture_are_known_while_all_of_it_stays) {
    const RawPicture turned = tests::raw_picture(DRM_FORMAT_RGB565, height, width);
    planes[0] = at(turned, 0, 0, {DRM_MODE_ROTATE_90});
    reused_in_next_frame();
    EXPECT_EQ(reused_in_next_frame(), slices);
}

TEST_F(KeptCrcsTest, are_not_looked_for_in_most_frames_where_everything_changes) {
    size_t looks = 0;
    for (int frame = 0; frame < 300; ++frame) {
        for (uint32_t y = 0; y < height; ++y)
            below.planes[0][size_t{y} * below.pitch(0)] ^= std::byte{1};
        if (kept.begin_frame()) {
            ++looks;
            kept.slices(slices);
            kept.end_frame(0);
        }
    }
    EXPECT_GE(looks, 20u);
    EXPECT_LE(looks, 40u);
    size_t frames = 0;
    while (reused_in_next_frame() != slices && frames < 100) ++frames;
    EXPECT_LE(frames, 34u) << "of a picture that stands still again";
}

TEST_F(KeptCrcsTest, a_picture_that_is_drawn_to_meanwhile_does_not_hold) {
    RawPicture turned = tests::raw_picture(DRM_FORMAT_RGB565, height, width);
    const ScenePlane plane = at(turned, 0, 0, {DRM_MODE_ROTATE_270});
    scene.planes = {&plane, 1};
    const Fingerprints prints(scene);
    EXPECT_TRUE(prints.still_holds());
    turned.planes[0][77] ^= std::byte{0x10};
    EXPECT_FALSE(prints.still_holds());
}

/// Something about the scene becomes another, or nothing does.
void change_at_random(RandomScene& random) {
    if (random.planes.empty()) return;
    const size_t at = number(0, static_cast<uint32_t>(random.planes.size()));
    ScenePlane& plane = random.planes[at];
    switch (number(0, 12)) {
        case 0: plane.destination.x += 3; break;
        case 1: plane.destination.y -= 1; break;
        case 2: plane.alpha = static_cast<uint16_t>(plane.alpha ^ 0x4000); break;
        case 3: plane.blend_mode = drm::BlendMode{number(0, 3)}; break;
        case 4: plane.image.encoding = ColorEncoding{number(0, 3)}; break;
        case 5: plane.source.y += 1U << 16; break;
        case 6: random.scene.background.g ^= 1; break;
        case 7: random.planes.pop_back(); break;
        case 8: std::swap(random.planes.front(), random.planes.back()); break;
        case 9:
        case 10: {
            auto& bytes =
                random.pictures[number(0, static_cast<uint32_t>(random.pictures.size()))].planes[0];
            bytes[number(0, static_cast<uint32_t>(bytes.size()))] ^= std::byte{0x81};
            break;
        }
        default: break;
    }
    random.scene.planes = random.planes;
}

RC_GTEST_PROP(KeptCrcs, from_frame_to_frame_are_those_of_the_reference, ()) {
    RandomScene random;
    make_random(random);
    random.scene.size.height = number(60, 200);
    FastComposer composer;
    KeptCrcs kept;
    for (int frame = 0; frame < 8; ++frame) {
        uint32_t crc = 0;
        RC_ASSERT(composer.compose(random.scene, crc, kept).ok());
        RC_ASSERT(crc == crc_of(random.scene));
        change_at_random(random);
    }
}

}  // namespace
}  // namespace plugboard::vkms
