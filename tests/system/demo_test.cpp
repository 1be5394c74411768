// What scripts/demo shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/comes_true.h"
#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using testing::HasSubstr;

constexpr const char* nothing_left = "left behind: 0 objects, 0 fds, 0 processes";

/// The demo with its pictures in `folder`, where a program of that name goes before the system's.
RunOptions demo(const std::string& folder, const std::vector<std::string>& as_whom = {}) {
    const std::string bin = plugboard_command().substr(0, plugboard_command().rfind('/'));
    std::vector<std::string> command = as_whom;
    command.insert(command.end(), {PLUGBOARD_SOURCE_DIR "/scripts/demo_timeline", folder});
    return {.command = command,
            .environment = {{"PATH", folder + ":" + bin + ":/usr/bin:/bin"},
                            {"HOME", folder},
                            {"XDG_RUNTIME_DIR", folder}},
            .limit = 2 * patience};
}

void expect_timeline(const std::vector<std::string>& as_whom) {
    const TemporaryFolder folder;
    if (!as_whom.empty()) {
        EXPECT_EQ(chown(folder.path().c_str(), 65534, 65534), 0);
    }
    const RunResult result = run(demo(folder.path(), as_whom));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    size_t at = 0;
    for (const char* words :
         {" s  plugboard run ", " s  card0 (vkms): DP-1",
          " s  weston is up: DP-1 shows 1280x800@60", " s  60 flips of its clients' pictures, ",
          " s  plug HDMI-A-1 --monitor projector: modeset", " s  unplug HDMI-A-1: CRTC off after ",
          " s  unplug gpu0 --inside MODE_ATOMIC:copy",
          "weston says: \"atomic: couldn't commit new state: No such device\"",
          " s  weston ended by SIGTERM", nothing_left}) {
        const size_t found = result.out.find(words, at);
        ASSERT_NE(found, std::string::npos) << words << " is not there, or not in its place\n"
                                            << result.out << result.err;
        at = found;
    }
    for (const char* name : {"/1-weston.png", "/2-second-screen.png", "/3-before-the-pull.png"})
        EXPECT_GT(std::filesystem::file_size(folder.path() + name), 5000u) << name;
}

TEST(Demo, shows_weston_on_a_card_that_is_plugged_and_pulled) {
    expect_timeline({});
}

TEST(Demo, needs_no_root) {
    if (geteuid() != 0) GTEST_SKIP() << "the other one was not root's";
    expect_timeline({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
}

TEST(Demo, says_so_when_weston_crashes_before_the_card_is_pulled) {
    const TemporaryFolder folder;
    const std::string weston = folder.path() + "/weston";
    std::ofstream(weston) << "#!/bin/sh\n"
                             "(plugboard wait flips=10 --timeout 60s >&2; kill -SEGV $$) &\n"
                             "exec /usr/bin/weston \"$@\"\n";
    std::filesystem::permissions(weston, std::filesystem::perms::owner_all);
    const RunResult result = run(demo(folder.path()));
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr(" s  weston crashed: SIGSEGV, its stack:\n           "));
    EXPECT_THAT(result.out, HasSubstr(nothing_left)) << result.err;
}

TEST(Demo, leaves_no_weston_behind_when_it_is_ended) {
    const TemporaryFolder folder;
    Running running(demo(folder.path()));
    ASSERT_TRUE(running.wait_for_output("weston is up"));
    running.send_signal(SIGTERM);
    EXPECT_EQ(running.finish().status, 128 + SIGTERM);
    std::ifstream log(folder.path() + "/run.log");
    const std::string words(std::istreambuf_iterator<char>(log), {});
    EXPECT_THAT(words, HasSubstr(nothing_left));
}

}  // namespace
}  // namespace plugboard::tests
