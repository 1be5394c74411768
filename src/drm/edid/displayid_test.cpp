// DisplayID extensions: what is built reads back, and what is damaged is not believed.
#include "drm/edid/displayid.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "drm/edid/description.h"
#include "drm/edid/parse.h"
#include "drm/edid/timings.h"

namespace plugboard::drm::edid {
namespace {

using Bytes = std::vector<std::byte>;

Description fast_half() {
    Description description;
    description.width_mm = 600;
    description.height_mm = 340;
    description.name = "Half";
    description.timings = {*timings_for(2560, 2880, 60)};
    description.displayid_timings = {*displayid_timings_for(5120, 2880, 120)};
    description.tile = Tile{.topology = {1, 2, 3, 4, 5, 6, 7, 8},
                            .is_single_monitor = false,
                            .columns = 35,
                            .rows = 18,
                            .column = 33,
                            .row = 17,
                            .width = 2560,
                            .height = 2880};
    return description;
}

std::span<uint8_t, block_size> block_of(Bytes& edid, size_t index) {
    auto* bytes = reinterpret_cast<uint8_t*>(edid.data()) + index * block_size;
    return std::span<uint8_t, block_size>(bytes, block_size);
}
/// Makes both sums of a DisplayID extension right again.
void mend_displayid(Bytes& edid, size_t index) {
    const auto block = block_of(edid, index);
    const size_t size = section_at + section_header + block[section_at + 1];
    const size_t end = std::min(size, checksum_at);
    uint8_t sum = 0;
    for (size_t i = section_at; i < end; ++i) sum = static_cast<uint8_t>(sum + block[i]);
    if (end < checksum_at) block[end] = static_cast<uint8_t>(0x100 - sum);
    block[checksum_at] = checksum(block);
}
bool has_mode(const Edid& edid, uint32_t width) {
    return std::ranges::any_of(edid.modes,
                               [&](const Mode& mode) { return mode.size().width == width; });
}

TEST(DisplayId, timings_beyond_a_base_block_and_a_tile_read_back) {
    const Description description = fast_half();
    const auto edid = parse(*build(description));
    ASSERT_TRUE(edid.ok());
    EXPECT_EQ(edid->tile, description.tile);
    const auto found = std::ranges::find_if(edid->modes, [](const Mode& mode) {
        return mode.size() == Size{5120, 2880};
    });
    ASSERT_NE(found, edid->modes.end());
    EXPECT_EQ(found->timings(), description.displayid_timings.front());
    EXPECT_TRUE(found->is_preferred());
    EXPECT_EQ(found->vrefresh(), 120u);
}

TEST(DisplayId, a_section_with_a_wrong_checksum_is_not_believed) {
    Bytes bytes = *build(fast_half());
    const auto block = block_of(bytes, 1);
    block[20] ^= 1;
    block[checksum_at] = checksum(block);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_FALSE(edid->tile);
    EXPECT_FALSE(has_mode(*edid, 5120));
    EXPECT_TRUE(has_mode(*edid, 2560)) << "the base block is";
}

TEST(DisplayId, a_timing_of_type_7_has_a_clock_in_kHz) {
    Bytes bytes = *build(fast_half());
    const auto block = block_of(bytes, 1);
    size_t at = section_at + section_header;
    while (block[at] != timing_1_tag) at += data_header + block[at + 2];
    block[at] = timing_7_tag;
    mend_displayid(bytes, 1);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    const auto found = std::ranges::find_if(edid->modes, [](const Mode& mode) {
        return mode.size() == Size{5120, 2880};
    });
    ASSERT_NE(found, edid->modes.end());
    EXPECT_EQ(found->timings().clock_khz, fast_half().displayid_timings.front().clock_khz / 10);
}

TEST(DisplayId, is_not_built_for_HDMI_nor_where_it_has_no_room) {
    Description hdmi = fast_half();
    hdmi.input = Input::Hdmi;
    EXPECT_FALSE(build(hdmi).ok());
    Description many = fast_half();
    many.displayid_timings.assign(5, many.displayid_timings.front());
    EXPECT_FALSE(build(many).ok());
}

RC_GTEST_PROP(DisplayId, any_bytes_in_it_are_read_without_harm, ()) {
    Bytes bytes = *build(fast_half());
    const auto block = block_of(bytes, 1);
    const auto changes = *rc::gen::container<std::vector<std::pair<uint8_t, uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<uint8_t>(1, 126), rc::gen::arbitrary<uint8_t>()));
    for (const auto& [at, value] : changes) block[at] = value;
    mend_displayid(bytes, 1);
    RC_ASSERT(parse(bytes).ok());
}

}  // namespace
}  // namespace plugboard::drm::edid
