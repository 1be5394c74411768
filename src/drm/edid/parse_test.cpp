// EDIDs that were built here, EDIDs as monitors have them, and bytes that are none.
#include "drm/edid/parse.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "drm/edid/block.h"
#include "drm/edid/cta_modes.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"

namespace plugboard::drm::edid {
namespace {

using Bytes = std::vector<std::byte>;

Description monitor() {
    Description description;
    description.input = Input::Hdmi;
    description.width_mm = 530;
    description.height_mm = 300;
    description.name = "Test 24";
    description.timings = {*timings_for(1920, 1080, 60), *timings_for(1280, 720, 60),
                           *timings_for(2560, 1440, 75)};
    description.vics = {16, 4};
    return description;
}

uint8_t at(const Bytes& edid, size_t index) {
    return static_cast<uint8_t>(edid[index]);
}
void put(Bytes& edid, size_t index, unsigned value) {
    edid[index] = static_cast<std::byte>(value);
}
/// Makes the sum of a block right again.
void mend(Bytes& edid, size_t block = 0) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(edid.data()) + block * block_size;
    put(edid, block * block_size + checksum_at, checksum(Block(bytes, block_size)));
}

std::vector<std::string> names_of(const std::vector<Mode>& modes) {
    std::vector<std::string> names;
    for (const Mode& mode : modes)
        names.push_back(std::string(mode.name()) + "@" + std::to_string(mode.vrefresh()));
    return names;
}
bool has(const Edid& edid, const std::string& name) {
    const auto names = names_of(edid.modes);
    return std::ranges::find(names, name) != names.end();
}
std::string refusal(const Bytes& bytes) {
    std::string why;
    const auto edid = parse(bytes, &why);
    EXPECT_FALSE(edid.ok());
    return edid.ok() ? "" : why;
}

TEST(Edid, what_was_built_reads_back) {
    const Bytes bytes = *build(monitor());
    ASSERT_EQ(bytes.size(), 2 * block_size);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_EQ(edid->bytes, bytes);
    EXPECT_EQ(edid->name, "Test 24");
    EXPECT_EQ(edid->width_mm, 530u);
    EXPECT_EQ(edid->height_mm, 300u);
    EXPECT_FALSE(edid->non_desktop);
    for (const ModeTimings& timings : monitor().timings) {
        EXPECT_TRUE(std::ranges::any_of(edid->modes, [&](const Mode& mode) {
            return mode.timings() == timings && mode.aspect() == AspectRatio::None;
        })) << timings.hdisplay;
    }
}

TEST(Edid, the_first_detailed_timing_alone_is_preferred) {
    const auto edid = parse(*build(monitor()));
    ASSERT_TRUE(edid.ok());
    EXPECT_EQ(std::ranges::count_if(edid->modes, &Mode::is_preferred), 1);
    EXPECT_TRUE(edid->modes.front().is_preferred());
    EXPECT_EQ(edid->modes.front().name(), "1920x1080");
}

TEST(Edid, of_version_1_3_has_a_preferred_timing_only_if_it_says_so) {
    Bytes bytes = *build(monitor());
    ASSERT_EQ(at(bytes, revision_at), 3) << "as HDMI wants it";
    put(bytes, features_at, 0);
    mend(bytes);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_TRUE(std::ranges::none_of(edid->modes, &Mode::is_preferred));
}

TEST(Edid, no_mode_is_there_twice) {
    const auto edid = parse(*build(monitor()));
    ASSERT_TRUE(edid.ok());
    for (auto mode = edid->modes.begin(); mode != edid->modes.end(); ++mode)
        EXPECT_EQ(std::find(mode + 1, edid->modes.end(), *mode), edid->modes.end()) << mode->name();
}

TEST(Edid, established_timings_become_modes) {
    Bytes bytes = *build(monitor());
    put(bytes, established_at, 0xff);
    put(bytes, established_at + 1, 0xff);
    put(bytes, established_at + 2, 0x80);
    mend(bytes);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    for (const char* name : {"640x480@60", "640x480@75", "800x600@56", "720x400@70", "1280x1024@75",
                             "832x624@75", "1024x768i@87", "1152x864@75"})
        EXPECT_TRUE(has(*edid, name)) << name;
}

TEST(Edid, standard_timings_are_taken_from_DMT_or_made_by_CVT) {
    Bytes bytes = *build(monitor());
    const auto standard = [&](size_t index, uint32_t width, unsigned aspect, unsigned hz) {
        put(bytes, standard_at + 2 * index, width / 8 - 31);
        put(bytes, standard_at + 2 * index + 1, aspect << 6 | (hz - 60));
    };
    standard(0, 1600, 1, 60);  // 4:3, in DMT
    standard(1, 1504, 0, 85);  // 16:10, nowhere
    standard(2, 1360, 3, 60);  // what 1366x768 is written as
    standard(3, 1920, 3, 60);  // there already
    put(bytes, revision_at, 4);
    mend(bytes);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_TRUE(has(*edid, "1600x1200@60"));
    EXPECT_TRUE(has(*edid, "1504x940@85"));
    EXPECT_TRUE(has(*edid, "1366x768@60"));
    put(bytes, revision_at, 3);
    mend(bytes);
    EXPECT_FALSE(has(*parse(bytes), "1504x940@85")) << "1.3 knows no CVT";
}

TEST(Edid, CTA_codes_become_modes_with_their_aspect_at_both_rates) {
    const auto edid = parse(*build(monitor()));
    ASSERT_TRUE(edid.ok());
    std::vector<uint32_t> clocks;
    for (const Mode& mode : edid->modes)
        if (mode.size() == Size{1280, 720} && mode.aspect() == AspectRatio::Ratio16To9)
            clocks.push_back(mode.timings().clock_khz);
    EXPECT_EQ(clocks, (std::vector<uint32_t>{74250, 74176}));
}

TEST(Edid, clocks_that_10_kHz_cannot_tell_are_those_of_CTA) {
    Description description = monitor();
    description.timings = {*timings_for(1920, 1080, 59.94)};
    ASSERT_EQ(description.timings[0].clock_khz, 148352u);
    const auto edid = parse(*build(description));
    ASSERT_TRUE(edid.ok());
    EXPECT_EQ(edid->modes.front().timings().clock_khz, 148352u);
}

TEST(Edid, a_monitor_for_any_rate_has_the_DMT_modes_within_its_limits) {
    Bytes bytes = *build(monitor());
    EXPECT_FALSE(has(*parse(bytes), "1680x1050@60"));
    put(bytes, features_at, at(bytes, features_at) | continuous_feature);
    mend(bytes);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_TRUE(has(*edid, "1680x1050@60"));
    EXPECT_FALSE(has(*edid, "1680x1050@85")) << "beyond its 75 Hz";
    EXPECT_FALSE(has(*edid, "2560x1600@60")) << "a monitor has no more lines than its modes";
}

TEST(Edid, a_headset_is_no_desktop) {
    Description description = monitor();
    description.input = Input::DisplayPort;
    description.is_headset = true;
    const auto edid = parse(*build(description));
    ASSERT_TRUE(edid.ok());
    EXPECT_TRUE(edid->non_desktop);
}

TEST(Edid, a_damaged_header_is_repaired_up_to_two_bytes) {
    const Bytes good = *build(monitor());
    Bytes bytes = good;
    put(bytes, 1, 0);
    put(bytes, 2, 0);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_EQ(edid->bytes, good);
    put(bytes, 3, 0);
    EXPECT_EQ(refusal(bytes), "it does not begin as an EDID does");
}

TEST(Edid, is_refused_with_a_reason) {
    const Bytes good = *build(monitor());
    EXPECT_EQ(refusal({}), "it is shorter than 128 bytes");
    EXPECT_EQ(refusal(Bytes(block_size)), "it is all zeros");
    Bytes bytes = good;
    put(bytes, 60, at(bytes, 60) ^ 1U);
    EXPECT_EQ(refusal(bytes), "the checksum of its first block is wrong");
    bytes = good;
    put(bytes, version_at, 2);
    mend(bytes);
    EXPECT_EQ(refusal(bytes), "its version is not 1");
    bytes = good;
    bytes.resize(block_size);
    EXPECT_EQ(refusal(bytes), "it ends before the extensions that it announces");
}

TEST(Edid, a_CTA_extension_is_believed_with_a_wrong_sum_another_one_is_not) {
    Bytes bytes = *build(monitor());
    put(bytes, block_size + 60, at(bytes, block_size + 60) ^ 1U);
    EXPECT_EQ(parse(bytes)->bytes, bytes);
    put(bytes, block_size, 0x70);
    const auto edid = parse(bytes);
    ASSERT_TRUE(edid.ok());
    EXPECT_EQ(edid->bytes.size(), block_size);
    EXPECT_EQ(at(edid->bytes, extensions_at), 0);
    EXPECT_TRUE(parse(edid->bytes).ok()) << "the sum was made right again";
}

TEST(Edid, bytes_behind_the_announced_blocks_are_left_out) {
    const Bytes good = *build(monitor());
    Bytes bytes = good;
    bytes.resize(bytes.size() + 100);
    EXPECT_EQ(parse(bytes)->bytes, good);
}

TEST(Build, refuses_what_has_no_room) {
    const auto is_refused = [](auto change) {
        Description description = monitor();
        change(description);
        return !build(description).ok();
    };
    EXPECT_FALSE(is_refused([](Description&) {}));
    EXPECT_TRUE(is_refused([](Description& d) { d.timings.clear(); }));
    EXPECT_TRUE(is_refused([](Description& d) { d.timings[0].clock_khz = 655'360; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.timings[0].flags |= DRM_MODE_FLAG_INTERLACE; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.name = "fourteen chars"; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.name = "a\nb"; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.vendor = "LN"; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.vendor = "lnx"; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.width_mm = 2551; }));
    EXPECT_TRUE(is_refused([](Description& d) { d.vics.resize(32, 16); }));
    EXPECT_TRUE(is_refused([](Description& d) { d.timings.resize(9, d.timings[0]); }));
}

TEST(Timings, are_those_of_the_tables_or_reduced_to_the_pixel) {
    EXPECT_EQ(timings_for(1920, 1080, 60)->clock_khz, 148500u);
    EXPECT_EQ(timings_for(3840, 2160, 60)->clock_khz, 594000u);
    EXPECT_EQ(timings_for(1280, 1024, 60)->clock_khz, 108000u);
    const ModeTimings reduced = *timings_for(1366, 768, 50);
    EXPECT_EQ(reduced.hdisplay, 1366);
    EXPECT_EQ(reduced.htotal, 1446);
    const auto fast = timings_for(2560, 1440, 144);
    ASSERT_TRUE(fast.ok());
    EXPECT_EQ(Mode::create(*fast)->vrefresh(), 144u);
    EXPECT_FALSE(timings_for(4096, 16, 60).ok());
    EXPECT_FALSE(timings_for(7680, 4320, 60).ok());
    EXPECT_FALSE(timings_for(3840, 2160, 144).ok());
    EXPECT_FALSE(timings_for(0, 0, 60).ok());
    EXPECT_FALSE(timings_for(640, 480, 0).ok());
}

TEST(CtaTable, is_ascending_and_of_valid_modes) {
    EXPECT_TRUE(std::ranges::is_sorted(cta_table(), {}, &CtaEntry::vic));
    for (const CtaEntry& entry : cta_table()) {
        EXPECT_TRUE(Mode::create(entry.timings).ok()) << int{entry.vic};
        EXPECT_EQ(find_vic(entry.vic), &entry);
    }
    EXPECT_EQ(find_vic(255), nullptr);
}

// Never a crash, and modes that are valid, whatever the bytes are.
RC_GTEST_PROP(EdidBytes, any_are_read_or_refused, (const std::vector<uint8_t>& bytes)) {
    const auto edid = parse(std::as_bytes(std::span(bytes)));
    if (edid.ok()) RC_ASSERT(!edid->bytes.empty());
}

RC_GTEST_PROP(EdidBytes, a_good_EDID_with_a_few_bytes_changed_never_fails_badly, ()) {
    Bytes bytes = *build(monitor());
    const auto changes = *rc::gen::container<std::vector<std::pair<size_t, uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<size_t>(0, 2 * block_size), rc::gen::arbitrary<uint8_t>()));
    for (const auto& [index, value] : changes) put(bytes, index, value);
    put(bytes, version_at, 1);
    std::ranges::copy(std::as_bytes(std::span(header)), bytes.begin());
    mend(bytes);
    mend(bytes, 1);
    if (at(bytes, extensions_at) > 1) return;
    const auto edid = parse(bytes);
    RC_ASSERT(edid.ok());
    for (const Mode& mode : edid->modes) {
        RC_ASSERT(Mode::create(mode.timings()).ok());
        RC_ASSERT(mode.vrefresh() <= 1'000'000);
    }
    RC_ASSERT(parse(edid->bytes)->bytes == edid->bytes);
}

RC_GTEST_PROP(EdidBytes, what_can_be_built_reads_back, ()) {
    const auto width = *rc::gen::inRange<uint32_t>(64, 4096);
    const auto height = *rc::gen::inRange<uint32_t>(64, 4096);
    const auto hz = *rc::gen::inRange<uint32_t>(20, 240);
    const auto timings = timings_for(width, height, hz);
    RC_PRE(timings.ok());
    Description description;
    description.timings = {*timings};
    const auto edid = parse(*build(description));
    RC_ASSERT(edid.ok());
    RC_ASSERT(!edid->modes.empty());
    RC_ASSERT(edid->modes.front().timings() == *timings);
}

}  // namespace
}  // namespace plugboard::drm::edid
