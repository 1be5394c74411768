// Copies that hold what a picture was, and are made anew only when it is another one.
#include "drivers/vkms/composer/still_picture.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"
#include "tests/support/raw_picture.h"

namespace plugboard::vkms {
namespace {

using ::testing::ElementsAreArray;

constexpr uint32_t still_width = 40, still_height = 24;

/// All rows of one colour plane, without what lies between them.
std::vector<std::byte> rows(const SourceImage& image, uint32_t plane) {
    const drm::FormatInfo& format = *drm::find_format(image.format);
    const uint64_t row_bytes = drm::min_pitch(format, plane, image.size.width);
    std::vector<std::byte> all;
    for (uint32_t y = 0; y < drm::plane_height(format, plane, image.size.height); ++y) {
        const auto row = image.planes[plane].at(y, 0, row_bytes);
        all.insert(all.end(), row.begin(), row.end());
    }
    return all;
}

TEST(StillPicture, of_every_format_has_the_pixels_until_they_change) {
    for (const uint32_t format :
         {DRM_FORMAT_XRGB8888, DRM_FORMAT_NV12, DRM_FORMAT_YUV420, DRM_FORMAT_R1}) {
        tests::RawPicture picture = tests::raw_picture(format, still_width, still_height);
        const SourceImage source = image_of(picture);
        StillPicture still;
        const SourceImage copy = still.update(source).value();
        const Fingerprint first = still.fingerprint();
        for (uint32_t i = 0; i < picture.planes.size(); ++i) {
            const auto before = rows(source, i);
            EXPECT_THAT(rows(copy, i), ElementsAreArray(before));
            picture.planes[i].front() ^= std::byte{1};
            EXPECT_THAT(rows(copy, i), ElementsAreArray(before)) << "a copy";
            EXPECT_THAT(rows(still.update(source).value(), i), ElementsAreArray(rows(source, i)));
            EXPECT_NE(still.fingerprint(), first);
        }
    }
}

TEST(StillPicture, of_the_same_pixels_is_not_copied_again) {
    const tests::RawPicture picture =
        tests::raw_picture(DRM_FORMAT_NV12, still_width, still_height);
    const tests::RawPicture twin = picture;
    StillPicture still;
    const SourceImage copy = still.update(image_of(picture)).value();
    SourceImage other = image_of(twin);
    other.range = ColorRange::Limited;
    const SourceImage again = still.update(other).value();
    EXPECT_EQ(again.planes[1].bytes.data(), copy.planes[1].bytes.data());
    EXPECT_EQ(again.range, ColorRange::Limited);
}

TEST(StillPicture, of_the_same_bytes_is_another_one_in_another_format) {
    const tests::RawPicture picture =
        tests::raw_picture(DRM_FORMAT_XRGB8888, still_width, still_height);
    SourceImage source = image_of(picture);
    StillPicture still;
    ASSERT_TRUE(still.update(source).ok());
    const Fingerprint before = still.fingerprint();
    source.format = DRM_FORMAT_ARGB8888;
    EXPECT_EQ(still.update(source).value().format, DRM_FORMAT_ARGB8888);
    EXPECT_NE(still.fingerprint(), before);
}

TEST(StillPicture, ends_where_the_memory_does) {
    const tests::RawPicture picture =
        tests::raw_picture(DRM_FORMAT_XRGB8888, still_width, still_height);
    SourceImage source = image_of(picture);
    source.planes[0].bytes = source.planes[0].bytes.first(source.planes[0].pitch * 2 + 8);
    StillPicture still;
    const SourceImage copy = still.update(source).value();
    EXPECT_EQ(copy.planes[0].bytes.size(), still_width * 4 * 2 + 8u);
    EXPECT_THAT(rows(copy, 0), ElementsAreArray(rows(source, 0)));
}

TEST(StillPicture, of_a_larger_one_has_room_for_it) {
    StillPicture still;
    for (const uint32_t scale : {1U, 3U, 2U}) {
        const tests::RawPicture picture =
            tests::raw_picture(DRM_FORMAT_XRGB8888, still_width * scale, still_height * scale);
        EXPECT_THAT(rows(still.update(image_of(picture)).value(), 0),
                    ElementsAreArray(rows(image_of(picture), 0)));
    }
}

}  // namespace
}  // namespace plugboard::vkms
