// Clients in the least of containers: no root, no capability, no network, a list of system calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/picture_file.h"
#include "tests/support/comes_true.h"
#include "tests/support/pictures.h"
#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class Container : public testing::Test {
  protected:
    RunResult run_inside(Words words) const {
        const std::string bin = plugboard_command().substr(0, plugboard_command().rfind('/'));
        const Words line = {PLUGBOARD_SOURCE_DIR "/tests/system/in_container.py",
                            "--see",
                            PLUGBOARD_SOURCE_DIR,
                            "--see",
                            PLUGBOARD_BINARY_DIR,
                            "--see",
                            folder_.path()};
        words.insert(words.begin(), line.begin(), line.end());
        return run({.command = words,
                    .environment = {{"PATH", bin + ":/usr/sbin:/usr/bin:/sbin:/bin"},
                                    {"PLUGBOARD_BOARD", ""}},
                    .limit = 2 * patience});
    }

    const TemporaryFolder folder_;
};

TEST_F(Container, is_enough_for_weston) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    const std::string reference = folder_.path() + "/reference.png";
    cli::write_png(reference, 1024, 768, pattern_rgb(1024, 768));
    const RunResult run = run_inside({"bash", PLUGBOARD_SOURCE_DIR "/tests/system/container.sh",
                                      client_program("wayland_picture"), reference});
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    for (const char* line :
         {"uid 65534\n", "CapEff 0000000000000000\n", "NoNewPrivs 1\n", "Seccomp 2\n",
          "writable /dev/shm /proc /tmp\n", "interfaces lo\n", "lo is down\n",
          "/dev/shm KiB 65536\n", "kcmp -1 Operation not permitted\n", "no /dev/dri\n",
          "plugboard doctor: ok\n", "1 screen by modetest\n", "the picture is the client's\n",
          "left behind: 0 objects, 0 fds, 0 processes\n"})
        EXPECT_THAT(run.out, HasSubstr(line)) << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("ended with")));
}

TEST_F(Container, needs_no_sys) {
    const RunResult run = run_inside(
        {"--without-sys", "sh", "-c",
         "ls /sys | wc -l\n"
         "plugboard run --check-leaks -- sh -c 'modetest -M vkms -c | grep -c Virtual-1; "
         "drm_info | head -n 1; udevadm info -q symlink -n /dev/dri/card0; "
         "drmdevice | grep reported; ls /sys /sys/class'"});
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("0\n1\nNode: /dev/dri/card0\n"
                                   "dri/by-path/platform-vkms-card\n--- Devices reported 1 ---\n"));
    EXPECT_THAT(run.out, HasSubstr("/sys/class:\ndrm\n")) << "nothing but the board's";
    EXPECT_THAT(run.err, HasSubstr("left behind: 0 objects, 0 fds, 0 processes\n"));
}

}  // namespace
}  // namespace plugboard::tests
