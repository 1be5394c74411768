#include "daemon/config/fault_words.h"

#include <drm.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "daemon/config/limit_words.h"
#include "uapi/ioctl_table.h"

namespace plugboard::daemon {
namespace {

using namespace std::chrono_literals;

/// "ioctl=GET_CAP call=3".
Words words_in(const std::string& text) {
    Words words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) {
        const auto equals = word.find('=');
        words.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    return words;
}

drm::Fault good_fault(const std::string& text) {
    const auto fault = parse_fault(words_in(text));
    EXPECT_TRUE(fault.ok()) << fault.problem().headline();
    return fault.ok() ? fault.value() : drm::Fault{};
}

TEST(FaultWords, say_which_calls_of_an_ioctl_answer_what) {
    const uint32_t atomic = _IOC_NR(DRM_IOCTL_MODE_ATOMIC);
    EXPECT_EQ(good_fault("ioctl=MODE_ATOMIC errno=EBUSY"),
              (drm::Fault{.trigger = {},
                          .what = drm::IoctlFault{.number = atomic, .error = Errno::Busy}}));
    EXPECT_EQ(
        good_fault("ioctl=DRM_IOCTL_MODE_ATOMIC call=3 errno=EINVAL pid=7 command=sway"),
        (drm::Fault{.trigger = {.first = 3, .last = 3},
                    .what = drm::IoctlFault{
                        .number = atomic, .error = Errno::Inval, .pid = 7, .command = "sway"}}));
    EXPECT_EQ(good_fault("ioctl=GET_CAP errno=EIO call=3..5").trigger,
              (drm::FaultTrigger{.first = 3, .last = 5}));
    EXPECT_EQ(good_fault("ioctl=GET_CAP errno=EIO call=3..").trigger,
              (drm::FaultTrigger{.first = 3}));
    EXPECT_EQ(good_fault("ioctl=GET_CAP errno=EIO every=4").trigger,
              (drm::FaultTrigger{.first = 4, .every = 4}));
    EXPECT_EQ(good_fault("ioctl=GET_CAP errno=EIO call=2..9 every=3 after=500us until=1m").trigger,
              (drm::FaultTrigger{.first = 2, .last = 9, .every = 3, .after = 500us, .until = 60s}));
    const auto dumb = good_fault("ioctl=MODE_CREATE_DUMB errno=ENOMEM bytes=64MB");
    EXPECT_EQ(std::get<drm::IoctlFault>(dumb.what).min_bytes, 64'000'000u);
}

TEST(FaultWords, say_what_happens_to_vblanks_flips_and_links) {
    EXPECT_EQ(good_fault("vblank=late by=5ms crtc=1").what,
              (decltype(drm::Fault::what)(drm::LateVblank{.by = 5ms, .crtc = 1})));
    EXPECT_EQ(good_fault("vblank=lost nth=2..4"),
              (drm::Fault{.trigger = {.first = 2, .last = 4}, .what = drm::LostVblank{}}));
    EXPECT_EQ(
        good_fault("flip=slow by=2 every=10"),
        (drm::Fault{.trigger = {.first = 10, .every = 10}, .what = drm::SlowFlip{.vblanks = 2}}));
    EXPECT_EQ(good_fault("link=DP-1 after=2s"),
              (drm::Fault{.trigger = {.after = 2s}, .what = drm::BadLink{.connector = "DP-1"}}));
    EXPECT_EQ(good_fault("link=DP-1 nth=5"),
              (drm::Fault{.trigger = {.first = 5, .last = 5},
                          .what = drm::BadLink{.connector = "DP-1", .at_flips = true}}));
}

struct BadFault {
    const char* name;
    const char* words;
    const char* key;
    const char* message;  // part of it

    friend std::ostream& operator<<(std::ostream& out, const BadFault& bad) {
        return out << bad.name;
    }
};

class BadFaultWords : public testing::TestWithParam<BadFault> {};

TEST_P(BadFaultWords, name_the_key_and_a_remedy) {
    const auto fault = parse_fault(words_in(GetParam().words));
    ASSERT_FALSE(fault.ok());
    EXPECT_EQ(fault.problem().key, GetParam().key);
    EXPECT_NE(fault.problem().message.find(GetParam().message), std::string::npos)
        << fault.problem().message;
    EXPECT_NE(fault.problem().remedy, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFaultWords,
    testing::Values(
        BadFault{"nothing", "errno=EBUSY", "", "says nothing"},
        BadFault{"two_things", "ioctl=GET_CAP link=DP-1", "link", "several things"},
        BadFault{"ioctl", "ioctl=MAKE_TEA errno=EBUSY", "ioctl", "no ioctl \"MAKE_TEA\""},
        BadFault{"no_errno", "ioctl=GET_CAP", "", "does not say what GET_CAP answers"},
        BadFault{"errno", "ioctl=GET_CAP errno=ETEA", "errno", "no errno"},
        BadFault{"errno_of_the_driver_core", "ioctl=GET_CAP errno=EPROBE_DEFER", "errno",
                 "no errno"},
        BadFault{"nameless_errno", "ioctl=GET_CAP errno=E?", "errno", "no errno"},
        BadFault{"call_zero", "ioctl=GET_CAP errno=EIO call=0", "call", "no number"},
        BadFault{"call_backwards", "ioctl=GET_CAP errno=EIO call=5..3", "call", "no number"},
        BadFault{"call_dots", "ioctl=GET_CAP errno=EIO call=..", "call", "no number"},
        BadFault{"call_huge", "ioctl=GET_CAP errno=EIO call=99999999999999999999", "call",
                 "no number"},
        BadFault{"every_zero", "ioctl=GET_CAP errno=EIO every=0", "every", "no number from 1"},
        BadFault{"every_of_one", "ioctl=GET_CAP errno=EIO every=2 call=3", "every", "only one"},
        BadFault{"after", "ioctl=GET_CAP errno=EIO after=soon", "after", "no duration"},
        BadFault{"after_for_ever", "ioctl=GET_CAP errno=EIO after=99999999m", "after",
                 "no duration"},
        BadFault{"until", "ioctl=GET_CAP errno=EIO after=2s until=2s", "until", "not later"},
        BadFault{"pid", "ioctl=GET_CAP errno=EIO pid=0", "pid", "no number from 1"},
        BadFault{"empty", "ioctl=GET_CAP errno=EIO command=", "command", "is empty"},
        BadFault{"twice", "ioctl=GET_CAP errno=EIO errno=EIO", "errno", "twice"},
        BadFault{"bytes", "ioctl=MODE_CREATE_DUMB errno=EIO bytes=big", "bytes", "no size"},
        BadFault{"bytes_of_what", "ioctl=GET_CAP errno=EIO bytes=1", "bytes", "makes no buffer"},
        BadFault{"nth_of_an_ioctl", "ioctl=GET_CAP errno=EIO nth=1", "nth", "unknown key"},
        BadFault{"vblank", "vblank=early", "vblank", "no vblank is \"early\""},
        BadFault{"late_by_nothing", "vblank=late", "", "how late"},
        BadFault{"lost_by", "vblank=lost by=5ms", "by", "unknown key"},
        BadFault{"crtc", "vblank=lost crtc=99", "crtc", "no number from 0 to 31"},
        BadFault{"flip", "flip=quick", "flip", "no flip is"},
        BadFault{"flip_by", "flip=slow by=0", "by", "no number from 1"},
        BadFault{"link_until", "link=DP-1 until=2s", "until", "once"}),
    [](const auto& test) { return std::string(test.param.name); });

RC_GTEST_PROP(FaultWords, of_a_fault_are_read_as_that_fault, ()) {
    const auto number = [](uint64_t least, uint64_t most) {
        return *rc::gen::inRange<uint64_t>(least, most);
    };
    drm::Fault fault;
    fault.trigger.every = number(1, 4);
    fault.trigger.first = number(1, 6);
    if (number(0, 2) == 0) fault.trigger.last = fault.trigger.first + number(0, 5);
    if (fault.trigger.first == fault.trigger.last) fault.trigger.every = 1;
    fault.trigger.after = std::chrono::microseconds(number(0, 5000)) * 250;
    switch (number(0, 5)) {
        case 0:
            fault.what = drm::IoctlFault{.number = _IOC_NR(DRM_IOCTL_MODE_CREATE_DUMB),
                                         .error = Errno::NoMem,
                                         .pid = static_cast<int>(number(0, 3)),
                                         .command = number(0, 2) == 0 ? "sway" : "",
                                         .min_bytes = number(0, 3) * 1000};
            break;
        case 1: fault.what = drm::LateVblank{.by = std::chrono::milliseconds(number(1, 9))}; break;
        case 2: fault.what = drm::LostVblank{.crtc = static_cast<uint32_t>(number(0, 3))}; break;
        case 3: fault.what = drm::SlowFlip{.vblanks = static_cast<uint32_t>(number(1, 9))}; break;
        default: fault.what = drm::BadLink{.connector = "HDMI-A-1", .at_flips = true};
    }
    const bool is_once = std::holds_alternative<drm::BadLink>(fault.what) && number(0, 2) == 0;
    if (is_once) {
        fault.what = drm::BadLink{.connector = "DP-2"};
        fault.trigger = {.after = fault.trigger.after};
    } else if (number(0, 2) == 0) {
        fault.trigger.until = fault.trigger.after + 5ms;
    }
    const auto again = parse_fault(fault_words(fault));
    RC_ASSERT(again.ok());
    RC_ASSERT(again.value() == fault);
}

std::string section_of_faults_document(const std::string& title) {
    std::ifstream file(PLUGBOARD_SOURCE_DIR "/docs/faults.md");
    std::stringstream text;
    text << file.rdbuf();
    const std::string document = text.str();
    const auto start = document.find("\n## " + title + "\n");
    return start == document.npos
               ? ""
               : document.substr(start, document.find("\n## ", start + 1) - start);
}

/// The words after "one of: " or "known here: ".
std::set<std::string> words_of_remedy(const std::string& remedy) {
    std::set<std::string> words;
    const auto start = remedy.find(": ") + 2;
    std::stringstream list(remedy.substr(start, remedy.find(';', start) - start));
    for (std::string word; std::getline(list >> std::ws, word, ',');) words.insert(word);
    return words;
}

/// Those with a value, which tables and text have in back quotes: `planes = 2`.
std::set<std::string> keys_with_values(const std::string& section) {
    std::set<std::string> keys;
    const std::regex key("`([a-z_]+) = ");
    for (std::sregex_iterator at(section.begin(), section.end(), key), end; at != end; ++at)
        keys.insert((*at)[1]);
    return keys;
}

TEST(FaultsDocument, has_the_keys_of_limits) {
    std::set<std::string> keys;
    for (const std::string& kind : words_of_remedy(parse_limit({}).problem().remedy))
        keys.merge(words_of_remedy(parse_limit({{kind, "x"}, {"?", "x"}}).problem().remedy));
    EXPECT_EQ(keys_with_values(section_of_faults_document("Limits")), keys);
}

TEST(FaultsDocument, has_the_keys_of_faults_and_triggers) {
    const std::string section = section_of_faults_document("Faults");
    std::set<std::string> keys;
    for (const Words& fault :
         {Words{{"ioctl", "GET_CAP"}}, Words{{"vblank", "lost"}}, Words{{"vblank", "late"}},
          Words{{"flip", "slow"}}, Words{{"link", "DP-1"}}}) {
        Words with_unknown = fault;
        with_unknown.push_back({"?", "x"});
        keys.merge(words_of_remedy(parse_fault(with_unknown).problem().remedy));
    }
    const auto kinds = words_of_remedy(parse_fault({}).problem().remedy);
    EXPECT_EQ(kinds, (std::set<std::string>{"ioctl", "vblank", "flip", "link"}));
    for (const std::string& key : keys_with_values(section)) EXPECT_TRUE(keys.contains(key)) << key;
    for (const std::string& key : keys)
        EXPECT_TRUE(section.find("`" + key + "`") != section.npos ||
                    section.find("`" + key + " = ") != section.npos)
            << key;
}

}  // namespace
}  // namespace plugboard::daemon
