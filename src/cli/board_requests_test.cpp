#include "cli/board_requests.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "cli/failure.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

TEST(PlugWords, tell_a_monitor_from_a_mode_and_a_file) {
    const tests::TemporaryFolder folder;
    EXPECT_EQ(plug_words("DP-1", "office", "").monitor, "office");
    EXPECT_EQ(plug_words("DP-1", "1920x1080@60", "").mode, "1920x1080@60");
    EXPECT_EQ(plug_words("DP-1", "passwd", "/etc").edid, "/etc/passwd");
    EXPECT_EQ(plug_words("DP-1", "/etc/passwd", "/nonexistent").edid, "/etc/passwd");
    EXPECT_THROW(plug_words("DP-1", "offise", folder.path()), Failure);
}

TEST(PlugRequest, of_a_file_that_is_no_EDID_fails) {
    const tests::TemporaryFolder folder;
    const std::string pipe = folder.path() + "/pipe", large = folder.path() + "/large";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    std::ofstream(large).close();
    std::filesystem::resize_file(large, 32641);
    for (const auto& [file, why] : {std::pair<std::string, const char*>("/none", " cannot be read"),
                                    {"/", " is a folder"},
                                    {"/dev/zero", " is no plain file"},
                                    {pipe, " is a pipe"},
                                    {large, " has over 32640 bytes"}}) {
        const PlugWords words{.target = "DP-1", .edid = file, .monitor = {}, .mode = {}};
        try {
            plug_request(words);
            ADD_FAILURE() << file;
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.what(), file + why);
        }
    }
}

TEST(FaultRequest, has_the_words_as_members) {
    EXPECT_EQ(fault_request({"gpu0", "add", "ioctl=MODE_ATOMIC", "call=3..", "errno=EBUSY"}),
              json({{"op", "fault"},
                    {"target", "gpu0"},
                    {"action", "add"},
                    {"fault", {{"ioctl", "MODE_ATOMIC"}, {"call", "3.."}, {"errno", "EBUSY"}}}}));
    EXPECT_EQ(fault_request({"gpu0", "list"}),
              json({{"op", "fault"}, {"target", "gpu0"}, {"action", "list"}}));
    EXPECT_EQ(fault_request({"gpu0", "clear", "2"})["id"], 2);
    const std::vector<std::vector<std::string>> bad = {{},
                                                       {"gpu0"},
                                                       {"gpu0", "add", "ioctl"},
                                                       {"gpu0", "add", "a=1", "a=2"},
                                                       {"gpu0", "clear", "all"},
                                                       {"gpu0", "clear", "-1"},
                                                       {"gpu0", "list", "77"},
                                                       {"gpu0", "clear", "1", "2"}};
    for (const auto& words : bad) EXPECT_THROW(fault_request(words), Failure) << words.size();
}

TEST(FaultRequest, takes_a_unit_as_a_word_of_its_own) {
    const auto fault = fault_request({"gpu0", "add", "bytes=64", "MB", "by=5", "ms"})["fault"];
    EXPECT_EQ(fault, json({{"bytes", "64 MB"}, {"by", "5 ms"}}));
    const std::vector<std::vector<std::string>> bad = {{"gpu0", "add", "MB"},
                                                       {"gpu0", "add", "bytes=", "MB"},
                                                       {"gpu0", "add", "bytes=64", "MB", "MB"},
                                                       {"gpu0", "add", "bytes=64", "TB"},
                                                       {"gpu0", "add", "vblank=lost", "s"}};
    for (const auto& words : bad) EXPECT_THROW(fault_request(words), Failure) << words.back();
}

TEST(WaitRequest, has_what_was_said) {
    EXPECT_EQ(
        wait_request({.what = "flips=10", .on = "DP-1", .timeout = milliseconds(5)}),
        json({{"op", "wait"}, {"for", "flips"}, {"count", 10}, {"on", "DP-1"}, {"timeout_ms", 5}}));
    EXPECT_EQ(wait_request({.what = "uevent=ACTION=add", .on = "", .timeout = no_timeout}),
              json({{"op", "wait"}, {"for", "uevent"}, {"key", "ACTION=add"}}));
    EXPECT_EQ(wait_request({.what = "link-status=bad", .on = "", .timeout = no_timeout}),
              json({{"op", "wait"}, {"for", "link-status"}, {"value", "bad"}}));
    EXPECT_EQ(wait_request({.what = "mode", .on = "", .timeout = no_timeout}),
              json({{"op", "wait"}, {"for", "mode"}}));
    for (const char* what : {"flips", "flips=", "flips=0", "flips=ten"})
        EXPECT_THROW(wait_request({.what = what, .on = "", .timeout = no_timeout}), Failure)
            << what;
}

}  // namespace
}  // namespace plugboard::cli
