// /sys/kernel/config/vkms by ordinary programs, beside what a kernel's said to them.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/reference_files.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

ClientRun run_shell(const std::string& script, const std::string& board = "configfs") {
    return run_on_fresh_board({"sh", "-c", "set -u\n" + script},
                              {"-c", board_file(board), "--check-leaks"});
}

/// A device that can be enabled, made by a shell.
const std::string make_device = R"(
cd /sys/kernel/config/vkms && mkdir d && cd d
mkdir planes/p crtcs/c encoders/e connectors/k
echo 1 > planes/p/type
ln -s /sys/kernel/config/vkms/d/crtcs/c planes/p/possible_crtcs
ln -s "$PWD"/crtcs/c encoders/e/possible_crtcs/some_crtc
ln -s encoders/e connectors/k/possible_encoders/e
echo 1 > enabled || echo refused
)";

TEST(Configfs, gives_a_program_what_linux_gave_it) {
    const std::string program = PLUGBOARD_SOURCE_DIR "/tests/reference/linux-7.2/configfs-trace.py";
    const auto run = run_on_fresh_board({"/usr/bin/python3", program},
                                        {"-c", board_file("configfs"), "--check-leaks"});
    EXPECT_EQ(run.status, 0) << run.err;
    const auto ours = lines_of(run.out);
    const auto theirs = reference_lines("linux-7.2/configfs-trace.txt");
    ASSERT_GT(theirs.size(), 100u);
    ASSERT_EQ(ours.size(), theirs.size()) << run.out << run.err;
    for (size_t i = 0; i < ours.size(); ++i) EXPECT_EQ(ours[i], theirs[i]);
}

TEST(Configfs, makes_a_card_that_clients_use) {
    const auto run = run_shell(make_device + "drm_info /dev/dri/card2 | grep -c 'Driver: vkms'");
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_EQ(run.out, "1\n");
}

TEST(Configfs, shows_what_a_shell_made_of_it) {
    const auto run = run_shell(make_device + R"(
readlink planes/p/possible_crtcs/c
realpath connectors/k/possible_encoders/e
cat enabled
find . | sort | wc -l
cat /sys/kernel/config/vkms/d/connectors/k/status; echo
cat /sys/kernel/debug/dri/2/vkms_config | head -1
)");
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out,
              "../../../../../vkms/d/crtcs/c\n"
              "/sys/kernel/config/vkms/d/encoders/e\n"
              "1\n"
              "19\n"
              "1\n"
              "dev_name=d\n");
}

TEST(Configfs, tells_of_a_screen_that_goes_without_naming_it) {
    const TemporaryFolder folder;
    const auto run = run_shell("EVENTS='" + folder.path() + "/events'" + make_device + R"(
events_have() {
    for i in $(seq 500); do grep -q "$1" "$EVENTS" && return; sleep 0.02; done
    echo "no $1"
}
udevadm monitor -k -p > "$EVENTS" & watcher=$!
events_have 'KERNEL - the kernel uevent' && sleep 0.1
echo 2 > /sys/kernel/config/vkms/d/connectors/k/status
cat /sys/class/drm/card2-Virtual-2/status
events_have HOTPLUG
kill $watcher
cat "$EVENTS"
)");
    EXPECT_NE(run.out.find("disconnected"), std::string::npos) << run.out << run.err;
    EXPECT_NE(run.out.find("HOTPLUG=1"), std::string::npos) << run.out << run.err;
    EXPECT_EQ(run.out.find("CONNECTOR="), std::string::npos) << run.out;
}

TEST(Configfs, refuses_what_configfs_has_no_call_for) {
    const auto run = run_on_fresh_board({"/usr/bin/python3", "-c", R"(
import errno, os
os.chdir('/sys/kernel/config/vkms')
def said(call, *arguments):
    try:
        call(*arguments)
        return 'ok'
    except OSError as error:
        return errno.errorcode[error.errno]
os.mkdir('d')
folder = os.open('d', os.O_PATH)
print(said(os.rename, 'd', 'e'), said(os.rename, 'd', '/tmp/d'), said(os.rename, 'x', 'e'))
print(said(os.link, 'd/enabled', 'd/other'), said(os.mknod, 'd/fifo'), said(os.mknod, 'x/fifo'))
print(said(os.open, 'd/file', os.O_CREAT | os.O_WRONLY), said(os.open, 'd/file', os.O_RDONLY),
      said(os.open, 'x/file', os.O_CREAT | os.O_WRONLY))
print(said(os.symlink, '/etc', 'd/link'), said(os.mkdir, '/sys/kernel/config/x'))
os.mkdir('d/planes/p')
links = 'd/planes/p/possible_crtcs/'
print(said(os.symlink, '/etc', links + 'a'), said(os.symlink, '/etc/passwd', links + 'a'),
      said(os.symlink, '/none', links + 'a'), said(os.symlink, 'd/enabled', links + 'a'),
      said(os.symlink, 'd/none', links + 'a'), said(os.symlink, 'd/planes', links + 'a'))
os.mkdir('crtcs/c', dir_fd=folder)
os.symlink('d/crtcs/c', 'planes/p/possible_crtcs/c', dir_fd=folder)
print(os.readlink(links + 'c'), said(os.rmdir, links + 'c'), said(os.unlink, 'd/enabled'),
      said(os.unlink, 'd'), said(os.rmdir, 'd/enabled'))
os.unlink('planes/p/possible_crtcs/c', dir_fd=folder)
os.rmdir('crtcs/c', dir_fd=folder)
os.rmdir('d/planes/p')
os.rmdir('d')
print(os.listdir('.'))
)"},
                                        {"-c", board_file("configfs"), "--check-leaks"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out,
              "EPERM EXDEV ENOENT\n"
              "EPERM EPERM ENOENT\n"
              "EACCES ENOENT ENOENT\n"
              "EPERM EPERM\n"
              "EPERM ENOTDIR ENOENT ENOTDIR ENOENT EINVAL\n"
              "../../../../../vkms/d/crtcs/c ENOTDIR EPERM EISDIR ENOTDIR\n"
              "[]\n");
}

TEST(Configfs, has_no_vkms_on_a_board_like_6_1) {
    const auto run =
        run_shell("ls /sys/kernel/config; mkdir /sys/kernel/config/vkms || echo no", "two-cards");
    EXPECT_EQ(run.out, "no\n") << run.err;
}

TEST(Configfs, loses_its_cards_with_the_board) {
    const auto run = run_shell(make_device);
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out, "");
}

TEST(Configfs, has_cards_that_are_pulled_and_plugged_by_name) {
    const std::string plugboard = plugboard_command();
    const auto run = run_shell(make_device + plugboard + " unplug d && ls /dev/dri\n" + plugboard +
                               " plug d && ls /dev/dri\necho 0 > enabled\n" + plugboard +
                               " plug d || ls /dev/dri");
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out,
              "card0\ncard1\nrenderD128\n"
              "card0\ncard1\ncard2\nrenderD128\n"
              "card0\ncard1\nrenderD128\n");
}

}  // namespace
}  // namespace plugboard::tests
