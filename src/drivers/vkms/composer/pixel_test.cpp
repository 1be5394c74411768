// Tests of the composer's parts: readers, writers, blending, gamma, CRC.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

#include "drivers/vkms/composer/blend.h"
#include "drivers/vkms/composer/fixed_point.h"
#include "drivers/vkms/composer/gamma.h"
#include "drivers/vkms/composer/line_crc.h"
#include "drivers/vkms/composer/pixel_reader.h"
#include "drivers/vkms/composer/pixel_writer.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

template <class Word>
Argb16 read_one(uint32_t format, Word word) {
    std::byte bytes[sizeof(Word)];
    std::memcpy(bytes, &word, sizeof(word));
    Argb16 pixel;
    find_reader(format)->read(bytes, {&pixel, 1});
    return pixel;
}

template <class Word>
Word write_one(uint32_t format, Argb16 pixel) {
    std::byte bytes[8] = {};
    find_writer(format)->write({&pixel, 1}, bytes);
    Word word;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
}

TEST(PixelReader, reads_the_formats_of_linux61) {
    EXPECT_EQ(read_one<uint32_t>(DRM_FORMAT_XRGB8888, 0x00123456),
              (Argb16{.a = 0xffff, .r = 0x1212, .g = 0x3434, .b = 0x5656}));
    EXPECT_EQ(read_one<uint32_t>(DRM_FORMAT_ARGB8888, 0x80123456),
              (Argb16{.a = 0x8080, .r = 0x1212, .g = 0x3434, .b = 0x5656}));
    EXPECT_EQ(read_one<uint64_t>(DRM_FORMAT_XRGB16161616, 0x0000123456789abc),
              (Argb16{.a = 0xffff, .r = 0x1234, .g = 0x5678, .b = 0x9abc}));
    EXPECT_EQ(read_one<uint64_t>(DRM_FORMAT_ARGB16161616, 0xdef0123456789abc),
              (Argb16{.a = 0xdef0, .r = 0x1234, .g = 0x5678, .b = 0x9abc}));
    EXPECT_EQ(read_one<uint16_t>(DRM_FORMAT_RGB565, 0xffff),
              (Argb16{.a = 0xffff, .r = 0xffff, .g = 0xffff, .b = 0xffff}));
}

TEST(PixelReader, widens_five_and_six_bits_to_the_nearest) {
    for (uint32_t level = 0; level < 32; ++level) {
        const Argb16 pixel = read_one(DRM_FORMAT_RGB565, static_cast<uint16_t>(level << 11));
        EXPECT_EQ(pixel.r, std::lround(level * 65535.0 / 31));
    }
    for (uint32_t level = 0; level < 64; ++level) {
        const Argb16 pixel = read_one(DRM_FORMAT_RGB565, static_cast<uint16_t>(level << 5));
        EXPECT_EQ(pixel.g, std::lround(level * 65535.0 / 63));
    }
}

TEST(PixelReader, pixel_sizes_are_those_of_the_format_table) {
    for (const PixelReader& reader : all_readers()) {
        EXPECT_EQ(drm::find_format(reader.format)->blocks[0].bytes, reader.bytes_per_pixel);
    }
    for (const PixelWriter& writer : all_writers()) {
        EXPECT_EQ(drm::find_format(writer.format)->blocks[0].bytes, writer.bytes_per_pixel);
    }
}

TEST(PixelReader, unknown_format_is_null) {
    EXPECT_EQ(find_reader(DRM_FORMAT_NV12), nullptr);
    EXPECT_EQ(find_writer(DRM_FORMAT_NV12), nullptr);
}

TEST(PixelWriter, unused_bits_are_ones) {
    const Argb16 pixel{.a = 0, .r = 0x1212, .g = 0x3434, .b = 0x5656};
    EXPECT_EQ(write_one<uint32_t>(DRM_FORMAT_XRGB8888, pixel), 0xff123456U);
    EXPECT_EQ(write_one<uint64_t>(DRM_FORMAT_XRGB16161616, pixel), 0xffff121234345656U);
    EXPECT_EQ(write_one<uint64_t>(DRM_FORMAT_ARGB16161616, pixel), 0x0000121234345656U);
}

TEST(PixelWriter, alpha_is_the_highest_byte) {
    const Argb16 pixel{.a = 0x8080, .r = 0x1212, .g = 0x3434, .b = 0x5656};
    EXPECT_EQ(write_one<uint32_t>(DRM_FORMAT_ARGB8888, pixel), 0x80123456U);
    EXPECT_EQ(write_one<uint32_t>(DRM_FORMAT_ABGR8888, pixel), 0x80563412U);
}

TEST(PixelWriter, every_channel_value_is_narrowed_to_the_nearest) {
    for (uint32_t value = 0; value <= 0xffff; ++value) {
        const auto channel = static_cast<uint16_t>(value);
        const Argb16 pixel{.a = 0xffff, .r = channel, .g = channel, .b = channel};
        const uint32_t word = write_one<uint32_t>(DRM_FORMAT_XRGB8888, pixel);
        ASSERT_EQ(word & 0xff, std::lround(value / 257.0)) << value;
        const uint16_t short_word = write_one<uint16_t>(DRM_FORMAT_RGB565, pixel);
        ASSERT_EQ(short_word & 31, std::lround(value * 31 / 65535.0)) << value;
        ASSERT_EQ(short_word >> 5 & 63, std::lround(value * 63 / 65535.0)) << value;
    }
}

TEST(PixelWriter, what_was_read_comes_back) {
    for (uint32_t value = 0; value <= 0xffff; ++value) {
        const auto word = static_cast<uint16_t>(value);
        ASSERT_EQ(write_one<uint16_t>(DRM_FORMAT_RGB565, read_one(DRM_FORMAT_RGB565, word)), word);
    }
    for (uint32_t value = 0; value <= 0xff; ++value) {
        const uint32_t word = 0xff000000U | value << 16 | (255 - value) << 8 | (value ^ 0x55);
        ASSERT_EQ(write_one<uint32_t>(DRM_FORMAT_XRGB8888, read_one(DRM_FORMAT_XRGB8888, word)),
                  word);
    }
}

TEST(PixelWriter, screenshot_bytes_are_red_green_blue) {
    const Argb16 pixel{.a = 0xffff, .r = 0x1212, .g = 0x3434, .b = 0x5656};
    EXPECT_EQ(write_one<uint32_t>(DRM_FORMAT_BGR888, pixel), 0x563412U);
}

TEST(Blend, opaque_is_a_copy_and_transparent_changes_nothing) {
    for (uint32_t value = 0; value <= 0xffff; value += 7) {
        const auto channel = static_cast<uint16_t>(value);
        ASSERT_EQ(blend_channel(channel, 0x1234, 0xffff), channel);
        ASSERT_EQ(blend_channel(0, channel, 0), channel);
    }
}

TEST(Blend, rounds_to_the_nearest) {
    for (uint32_t alpha = 0; alpha <= 0xffff; alpha += 251) {
        for (uint32_t below = 0; below <= 0xffff; below += 509) {
            const uint32_t source = alpha / 3;
            const double exact = source + below * (65535.0 - alpha) / 65535.0;
            ASSERT_EQ(blend_channel(static_cast<uint16_t>(source), static_cast<uint16_t>(below),
                                    static_cast<uint16_t>(alpha)),
                      std::lround(exact));
        }
    }
}

TEST(Blend, result_is_opaque) {
    EXPECT_EQ(blend({.a = 0, .r = 0, .g = 0, .b = 0}, {.a = 7, .r = 1, .g = 2, .b = 3}),
              (Argb16{.a = 0xffff, .r = 1, .g = 2, .b = 3}));
}

// colour 0xffff with alpha 0 over 0xffff: 2 * 0xffff * 0xffff cut to 32 bits, rounded, divided.
TEST(Blend, colour_above_alpha_wraps_as_in_the_kernel) {
    EXPECT_EQ(blend_channel(0xffff, 0xffff, 0), (0xfffc0002U + 0x7fff) / 0xffff);
}

TEST(Gamma, empty_table_changes_nothing) {
    std::vector<Argb16> line = {{.a = 1, .r = 2, .g = 3, .b = 4}};
    const auto before = line;
    apply_gamma({}, line);
    EXPECT_EQ(line, before);
}

TEST(Gamma, one_entry_is_a_constant) {
    const drm_color_lut table[] = {{.red = 1, .green = 2, .blue = 3, .reserved = 0}};
    std::vector<Argb16> line = {{.a = 9, .r = 0, .g = 0x8000, .b = 0xffff}};
    apply_gamma(table, line);
    EXPECT_EQ(line[0], (Argb16{.a = 9, .r = 1, .g = 2, .b = 3}));
}

TEST(Gamma, every_value_stays_within_tables_of_any_size) {
    for (size_t size : {2U, 3U, 17U, 256U, 1024U, 4096U}) {
        std::vector<drm_color_lut> table(size);
        for (size_t i = 0; i < size; ++i) {
            const auto level = static_cast<uint16_t>(i * 65535 / (size - 1));
            table[i] = {.red = level, .green = level, .blue = level, .reserved = 0};
        }
        for (uint32_t value = 0; value <= 0xffff; value += 13) {
            Argb16 pixel{.a = 0, .r = static_cast<uint16_t>(value), .g = 0, .b = 0xffff};
            apply_gamma(table, {&pixel, 1});
            ASSERT_NEAR(pixel.r, value, 2) << size;
            ASSERT_EQ(pixel.g, 0);
            ASSERT_NEAR(pixel.b, 0xffff, 1);
        }
    }
}

TEST(Gamma, product_loses_no_bits_while_the_factors_are_small) {
    constexpr int64_t one = int64_t{1} << 32;
    EXPECT_EQ(multiply_fixed(one / 2, one / 2), one / 4);
    EXPECT_EQ(multiply_fixed(0, one), 0);
    EXPECT_EQ(multiply_fixed(-one / 2, one / 4), -one / 8);
}

TEST(Gamma, product_of_large_factors_loses_the_lowest_bits) {
    // 48 and 24 bits: 10 too many, so 5 are cut from each.
    const int64_t a = (int64_t{1} << 47) + 31;
    const int64_t b = (int64_t{1} << 24) + 31;
    EXPECT_EQ(multiply_fixed(a, b), ((a >> 5) * (b >> 5)) >> 22);
}

TEST(LineCrc, is_crc32_without_inversion) {
    // "123456789" has the well-known CRC-32 0xcbf43926; inverted in and out it is the kernel's.
    const std::string_view text = "12345678";
    Argb16 pixel;
    std::memcpy(&pixel, text.data(), sizeof(pixel));
    EXPECT_EQ(~update_crc(~0U, {&pixel, 1}), 0x9ae0daafU);
}

TEST(LineCrc, of_lines_is_the_crc_of_all_their_bytes) {
    const std::vector<Argb16> pixels = {{.a = 1, .r = 2, .g = 3, .b = 4},
                                        {.a = 5, .r = 6, .g = 7, .b = 8}};
    const std::span<const Argb16> all = pixels;
    EXPECT_EQ(update_crc(update_crc(crc_seed, all.first(1)), all.last(1)),
              update_crc(crc_seed, all));
    EXPECT_EQ(update_crc(0x1234, {}), 0x1234U);
}

}  // namespace
}  // namespace plugboard::vkms
