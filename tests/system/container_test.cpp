// Clients in the least of containers: no root, no capability, no network, a list of system calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

/// Only root can make one; who is not asks sudo for it.
RunResult run_in_container(const Words& words) {
    const std::string bin = plugboard_command().substr(0, plugboard_command().rfind('/'));
    Words command;
    if (geteuid() != 0) command = {"sudo", "-n"};
    command.insert(command.end(), {"env", "PATH=" + bin + ":/usr/sbin:/usr/bin:/sbin:/bin",
                                   PLUGBOARD_SOURCE_DIR "/tests/system/in_container.py"});
    command.insert(command.end(), words.begin(), words.end());
    return run({.command = command, .limit = 2 * patience});
}

TEST(Container, is_enough_for_weston) {
    // The container's /tmp is its own.
    const std::string reference = PLUGBOARD_BINARY_DIR "/tests/container-reference.png";
    cli::write_png(reference, 1024, 768, pattern_rgb(1024, 768));
    const RunResult run =
        run_in_container({"bash", PLUGBOARD_SOURCE_DIR "/tests/system/container.sh",
                          client_program("wayland_picture"), reference});
    EXPECT_EQ(run.status, 0) << "run as root, or with sudo\n" << run.out << run.err;
    for (const char* line :
         {"uid 65534\n", "CapEff 0000000000000000\n", "NoNewPrivs 1\n", "Seccomp 2\n",
          "the root is read-only\n", "interface lo\n", "there is no network\n",
          "/dev/shm KiB 65536\n", "unshare is refused\n", "no /dev/dri\n", "plugboard doctor: ok\n",
          "1 screen by modetest\n", "the picture is the client's\n",
          "left behind: 0 objects, 0 fds, 0 processes\n"})
        EXPECT_THAT(run.out, HasSubstr(line)) << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("interface e"))) << "no network";
    EXPECT_THAT(run.out, Not(HasSubstr("ended with")));
}

TEST(Container, needs_no_sys) {
    const RunResult run = run_in_container(
        {"--without-sys", "sh", "-c",
         "ls /sys | wc -l\n"
         "plugboard run --check-leaks -- sh -c 'modetest -M vkms -c | grep -c Virtual-1; "
         "drm_info | head -n 1; udevadm info -q symlink -n /dev/dri/card0; "
         "drmdevice | grep reported; ls /sys /sys/class'"});
    EXPECT_EQ(run.status, 0) << "run as root, or with sudo\n" << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("0\n1\nNode: /dev/dri/card0\n"
                                   "dri/by-path/platform-vkms-card\n--- Devices reported 1 ---\n"));
    EXPECT_THAT(run.out, HasSubstr("/sys/class:\ndrm\n")) << "nothing but the board's";
    EXPECT_THAT(run.err, HasSubstr("left behind: 0 objects, 0 fds, 0 processes\n"));
}

}  // namespace
}  // namespace plugboard::tests
