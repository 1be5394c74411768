// What has not changed is not composed again, and nobody sees it by the CRC.
#include "drivers/vkms/composer/kept_crcs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

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
    RawPicture turned = tests::raw_picture(DRM_FORMAT_RGB565, height, width);
    planes[0] = at(turned, 0, 0, {DRM_MODE_ROTATE_90});
    reused_in_next_frame();
    EXPECT_EQ(reused_in_next_frame(), slices);
    turned.planes[0].back() ^= std::byte{1};
    EXPECT_EQ(reused_in_next_frame(), 0u);
    EXPECT_EQ(reused_in_next_frame(), slices);
}

// As two screens that show a half each of one wide framebuffer.
TEST_F(KeptCrcsTest, what_is_drawn_beside_the_shown_part_makes_nothing_new) {
    for (const uint32_t format : {DRM_FORMAT_XRGB8888, DRM_FORMAT_NV12, DRM_FORMAT_R1}) {
        RawPicture wide = tests::raw_picture(format, 3 * width, height);
        planes[0] = at(wide, 0, 0);
        planes[0].source = drm::FixedRect::from_pixels(width, 0, width, height);
        planes[0].destination = {.x = 0, .y = 0, .width = width, .height = height};
        reused_in_next_frame();
        for (size_t i = 0; i < wide.planes.size(); ++i) {
            const size_t row = 70 * size_t{wide.pitch(static_cast<uint32_t>(i))};
            const size_t third = wide.pitch(static_cast<uint32_t>(i)) / 3;
            wide.planes[i][row + third - 1] ^= std::byte{1};
            wide.planes[i][row + 2 * third] ^= std::byte{1};
            EXPECT_EQ(reused_in_next_frame(), slices);
            wide.planes[i][row + third] ^= std::byte{1};
            EXPECT_EQ(reused_in_next_frame(), slices - 1);
            wide.planes[i][row + 2 * third - 1] ^= std::byte{0x80};
            EXPECT_EQ(reused_in_next_frame(), slices - 1);
        }
    }
}

TEST_F(KeptCrcsTest, are_not_looked_for_in_most_frames_where_everything_changes) {
    size_t kept_frames = 0, compared = 0;
    for (uint64_t frame = 0; frame < 300; ++frame) {
        switch (kept.begin_frame()) {
            case KeptCrcs::Look::None: break;
            case KeptCrcs::Look::Compare:
                ++compared;
                kept.compare(std::vector(slices, Fingerprint{.low = frame}));
                break;
            case KeptCrcs::Look::Keep:
                ++kept_frames;
                kept.slices(slices);
                kept.end_frame(0);
                break;
        }
    }
    EXPECT_EQ(kept_frames, 3u);
    EXPECT_GE(compared, 20u);
    EXPECT_LE(compared, 40u);
    size_t frames = 0;
    while (reused_in_next_frame() != slices && frames < 100) ++frames;
    EXPECT_LE(frames, 36u) << "of a picture that stands still again";
}

TEST_F(KeptCrcsTest, are_kept_again_once_a_quarter_of_the_screen_stays) {
    const auto change_lines = [&](uint32_t from) {
        for (uint32_t y = from; y < height; ++y)
            below.planes[0][size_t{y} * below.pitch(0)] ^= std::byte{1};
    };
    for (int frame = 0; frame < 100; ++frame) {
        change_lines(0);
        EXPECT_EQ(reused_in_next_frame(), 0u);
    }
    size_t frames = 0;
    do change_lines(height / 4);
    while (reused_in_next_frame() != slices / 4 && ++frames < 100);
    EXPECT_LE(frames, 36u);
}

/// A picture of which a client draws a quarter, through a mapping of its own, of one level.
class DrawnPicture {
  public:
    DrawnPicture(uint32_t width, uint32_t height) : width_(width), height_(height) {
        const int fd = memfd_create("drawn", MFD_CLOEXEC);
        EXPECT_EQ(ftruncate(fd, static_cast<off_t>(size())), 0);
        for (void*& map : maps_) {
            map = mmap(nullptr, size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            EXPECT_NE(map, MAP_FAILED);
        }
        close(fd);
    }
    ~DrawnPicture() {
        for (void* map : maps_) munmap(map, size());
    }
    DrawnPicture(const DrawnPicture&) = delete;

    void draw(uint8_t level) { std::memset(maps_[0], level, size() / 4); }
    SourceImage image() const {
        SourceImage image{.format = DRM_FORMAT_XRGB8888,
                          .size = {.width = width_, .height = height_},
                          .planes = {}};
        image.planes[0] = {.bytes = {static_cast<const std::byte*>(maps_[1]), size()},
                           .pitch = width_ * 4};
        return image;
    }

  private:
    size_t size() const { return size_t{width_} * height_ * 4; }
    uint32_t width_, height_;
    void* maps_[2] = {};
};

class DrawnMeanwhile : public testing::TestWithParam<uint32_t> {};

TEST_P(DrawnMeanwhile, a_torn_frame_is_not_kept) {
    DrawnPicture picture(256, 128);
    const drm::Rotation rotation{GetParam()};
    ScenePlane plane{.image = picture.image(),
                     .source = drm::FixedRect::from_pixels(0, 0, 256, 128),
                     .destination = {.x = 0, .y = 0, .width = 256, .height = 128},
                     .rotation = rotation};
    if (rotation.swaps_axes()) std::swap(plane.destination.width, plane.destination.height);
    Scene scene{.size = plane.destination.size()};
    scene.planes = {&plane, 1};
    for (int round = 0; round < 30; ++round) {
        FastComposer composer;
        KeptCrcs kept;
        std::atomic<bool> ends = false;
        std::atomic<uint32_t> drawn = 0;
        std::thread client([&] {
            while (!ends) {
                picture.draw(drawn++ % 2 == 0 ? 0 : 0x40);
                // Long enough for a look at a picture that stands still, then too short for more.
                for (std::atomic<uint32_t> rest = drawn * 37 % 4000; rest > 0;) --rest;
            }
        });
        uint32_t crc = 0;
        for (int frame = 0; drawn < 200; ++frame) {
            if (frame % 3 == 0) kept = {};  // which keeps the first frames, whatever they are
            EXPECT_TRUE(composer.compose(scene, crc, kept).ok());
        }
        ends = true;
        client.join();
        const uint8_t level = round % 2 == 0 ? 0 : 0x40;
        picture.draw(level);
        const uint32_t right = crc_of(scene);
        for (int frame = 0; frame < 40; ++frame) {
            ASSERT_TRUE(composer.compose(scene, crc, kept).ok());
            ASSERT_EQ(crc, right) << "level " << +level << ", round " << round;
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Rotations, DrawnMeanwhile,
                         testing::Values(DRM_MODE_ROTATE_0, DRM_MODE_ROTATE_90));

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
