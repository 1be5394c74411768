#include "daemon/config/limit_words.h"

#include <drm_fourcc.h>
#include <drm_mode.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace plugboard::daemon {
namespace {

using vkms::kind_bit;
using vkms::LimitRule;
constexpr auto overlay_bit = kind_bit(drm::PlaneType::Overlay);
constexpr auto cursor_bit = kind_bit(drm::PlaneType::Cursor);
constexpr auto primary_bit = kind_bit(drm::PlaneType::Primary);

LimitRule good_limit(const Words& words) {
    const auto rule = parse_limit(words);
    EXPECT_TRUE(rule.ok()) << rule.problem().headline();
    if (!rule.ok()) return {};
    EXPECT_FALSE(vkms::explain_bad_limit(rule.value())) << join_words(words);
    return rule.value();
}

TEST(LimitWords, are_read_as_each_rule) {
    EXPECT_EQ(good_limit({{"planes", "2"}}), (LimitRule{.what = vkms::MaxPlanes{.count = 2}}));
    EXPECT_EQ(good_limit({{"planes", "3"}, {"per", "card"}, {"plane", "overlay, cursor"}}),
              (LimitRule{.what = vkms::MaxPlanes{.count = 3, .per = vkms::Per::Card},
                         .kinds = overlay_bit | cursor_bit}));
    EXPECT_EQ(good_limit({{"crtcs", "2"}, {"errno", "ENOSPC"}}),
              (LimitRule{.what = vkms::MaxCrtcs{.count = 2}, .error = Errno::NoSpc}));
    EXPECT_EQ(good_limit({{"upscale", "2.5"}}),
              (LimitRule{.what = vkms::MaxUpscale{.factor = 2.5}}));
    EXPECT_EQ(good_limit({{"downscale", "1"}, {"errno", "ERANGE"}}),
              (LimitRule{.what = vkms::MaxDownscale{.factor = 1}, .error = Errno::Range}));
    EXPECT_EQ(good_limit({{"bandwidth", "2 GB/s"}}),
              (LimitRule{.what = vkms::MaxBandwidth{.bytes_per_second = 2'000'000'000}}));
    EXPECT_EQ(good_limit({{"bandwidth", "1.5MiB/s"}, {"per", "crtc"}}),
              (LimitRule{.what = vkms::MaxBandwidth{.bytes_per_second = 1536 * 1024,
                                                    .per = vkms::Per::Crtc}}));
    EXPECT_EQ(good_limit({{"format", "NV12"}, {"only_on", "overlay"}}),
              (LimitRule{.what = vkms::FormatOn{.fourcc = DRM_FORMAT_NV12, .kinds = overlay_bit}}));
    EXPECT_EQ(good_limit({{"format", "R8"}, {"not_on", "cursor"}}),
              (LimitRule{.what = vkms::FormatOn{.fourcc = DRM_FORMAT_R8,
                                                .kinds = primary_bit | overlay_bit}}));
    EXPECT_EQ(
        good_limit({{"rotation", "rotate-0,rotate-180, reflect-x"}}),
        (LimitRule{.what = vkms::Rotations{.allowed = DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_180 |
                                                      DRM_MODE_REFLECT_X}}));
    EXPECT_EQ(good_limit({{"size", "4096x2304"}}),
              (LimitRule{.what = vkms::MaxSize{{4096, 2304}}}));
    EXPECT_EQ(good_limit({{"source_size", "5120x4096"}}),
              (LimitRule{.what = vkms::MaxSourceSize{{5120, 4096}}}));
    EXPECT_EQ(good_limit({{"multiple", "2"}}), (LimitRule{.what = vkms::MultipleOf{.pixels = 2}}));
    EXPECT_EQ(good_limit({{"inside", "true"}, {"plane", "overlay"}}),
              (LimitRule{.what = vkms::Inside{}, .kinds = overlay_bit}));
    EXPECT_EQ(good_limit({{"beside", "primary"}, {"plane", "cursor"}}),
              (LimitRule{.what = vkms::Beside{}, .kinds = cursor_bit}));
}

struct BadLimitWordsCase {
    const char* name;
    Words words;
    const char* key;
    const char* message;  // part of it

    friend std::ostream& operator<<(std::ostream& out, const BadLimitWordsCase& bad) {
        return out << bad.name;
    }
};

class BadLimitWords : public testing::TestWithParam<BadLimitWordsCase> {};

TEST_P(BadLimitWords, name_the_key_and_a_remedy) {
    const auto rule = parse_limit(GetParam().words);
    ASSERT_FALSE(rule.ok());
    EXPECT_EQ(rule.problem().key, GetParam().key);
    EXPECT_NE(rule.problem().message.find(GetParam().message), std::string::npos)
        << rule.problem().message;
    EXPECT_NE(rule.problem().remedy, "");
}

using Case = BadLimitWordsCase;
INSTANTIATE_TEST_SUITE_P(
    All, BadLimitWords,
    testing::Values(
        Case{"nothing", {{"plane", "overlay"}}, "", "says nothing"},
        Case{"two_things", {{"planes", "1"}, {"crtcs", "1"}}, "crtcs", "several things"},
        Case{"planes", {{"planes", "0"}}, "planes", "no number from 1"},
        Case{"planes_per", {{"planes", "1"}, {"per", "screen"}}, "per", "per \"screen\""},
        Case{"crtcs", {{"crtcs", "many"}}, "crtcs", "no number from 1"},
        Case{"crtcs_of_planes", {{"crtcs", "1"}, {"plane", "overlay"}}, "plane", "unknown key"},
        Case{"upscale", {{"upscale", "2x"}}, "upscale", "no factor"},
        Case{"downscale", {{"downscale", "1/4"}}, "downscale", "no factor"},
        Case{"bandwidth", {{"bandwidth", "2 GB"}}, "bandwidth", "no bandwidth"},
        Case{"bandwidth_unit", {{"bandwidth", "2 bits/s"}}, "bandwidth", "no bandwidth"},
        Case{"no_bandwidth", {{"bandwidth", "0 GB/s"}}, "bandwidth", "no bandwidth"},
        Case{"format", {{"format", "ABCD"}, {"only_on", "overlay"}}, "format", "no format"},
        Case{
            "format_name", {{"format", "XRGB8888"}, {"only_on", "overlay"}}, "format", "no format"},
        Case{"format_nowhere", {{"format", "NV12"}}, "", "only_on or not_on"},
        Case{"format_both",
             {{"format", "NV12"}, {"only_on", "overlay"}, {"not_on", "cursor"}},
             "",
             "only_on or not_on"},
        Case{"kind", {{"format", "NV12"}, {"only_on", "underlay"}}, "only_on", "no kind"},
        Case{"plane", {{"planes", "1"}, {"plane", "overlay,"}}, "plane", "no kind"},
        Case{"rotation", {{"rotation", "rotate-45"}}, "rotation", "no rotation"},
        Case{"size", {{"size", "4096"}}, "size", "no size"},
        Case{"size_huge", {{"size", "99999999999x1"}}, "size", "no size"},
        Case{"source_size", {{"source_size", "x"}}, "source_size", "no size"},
        Case{"multiple", {{"multiple", "0"}}, "multiple", "no number from 1"},
        Case{"inside", {{"inside", "false"}}, "inside", "must be true"},
        Case{"beside", {{"beside", "screen"}}, "beside", "no kind"},
        Case{"errno", {{"planes", "1"}, {"errno", "EBAD"}}, "errno", "no errno"},
        Case{"unknown", {{"planes", "1"}, {"color", "red"}}, "color", "unknown key"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace plugboard::daemon
