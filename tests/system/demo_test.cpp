// What scripts/demo shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/comes_true.h"
#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

void expect_timeline(const std::vector<std::string>& as_whom) {
    const TemporaryFolder folder;
    if (!as_whom.empty()) {
        EXPECT_EQ(chown(folder.path().c_str(), 65534, 65534), 0);
    }
    const std::string bin = plugboard_command().substr(0, plugboard_command().rfind('/'));
    std::vector<std::string> command = as_whom;
    command.insert(command.end(), {PLUGBOARD_SOURCE_DIR "/scripts/demo_timeline", folder.path()});
    const RunResult result = run({.command = command,
                                  .environment = {{"PATH", bin + ":/usr/bin:/bin"},
                                                  {"HOME", folder.path()},
                                                  {"XDG_RUNTIME_DIR", folder.path()}},
                                  .limit = 2 * patience});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    size_t at = 0;
    for (const char* words :
         {" s  plugboard run ", " s  card0 (vkms): DP-1",
          " s  weston is up: DP-1 shows 1280x800@60", " s  60 flips of its clients' pictures, ",
          " s  plug HDMI-A-1 --monitor projector: modeset", " s  unplug HDMI-A-1: CRTC off after ",
          " s  unplug gpu0 --inside MODE_ATOMIC:copy",
          "weston says: \"atomic: couldn't commit new state: No such device\"",
          " s  weston ended by SIGTERM", "left behind: 0 objects, 0 fds, 0 processes"}) {
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

}  // namespace
}  // namespace plugboard::tests
