// The files around the cards, for programs that look at them by themselves: the whole of sysfs
// beside the kernels', several cards, udev's own tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/reference_files.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::set<std::string>;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// Those that say `kept` and not `left_out`, without blanks at their ends.
Lines comparable(const std::vector<std::string>& lines, const std::string& kept,
                 const std::string& left_out) {
    const std::regex wanted(kept), unwanted(left_out);
    Lines result;
    for (std::string line : lines) {
        line.erase(line.find_last_not_of(' ') + 1);
        if (!std::regex_search(line, wanted) || std::regex_search(line, unwanted)) continue;
        result.insert(line);
    }
    return result;
}

Lines minus(const Lines& from, const Lines& what) {
    Lines rest;
    std::ranges::set_difference(from, what, std::inserter(rest, rest.end()));
    return rest;
}

/// A tree of a board beside a kernel's. Both have a vgem and a vkms.
struct Comparison {
    std::string reference;             // a file of the kernel's
    std::vector<std::string> command;  // of list_tree.sh
    std::string kept;                  // what the kernel's file has, too
    std::string differences = "$^";    // known by name
    std::string bus = "platform";
    std::string profile = "linux-6.1";  // of the vkms
};

void expect_same(const Comparison& comparison) {
    const TemporaryFolder folder;
    const std::string config = folder.path() + "/board.toml";
    std::ofstream(config) << "bus = \"" << comparison.bus
                          << "\"\n[[card]]\ndriver = \"vgem\"\n[[card]]\nprofile = \""
                          << comparison.profile << "\"\n";
    std::vector<std::string> command = {PLUGBOARD_SOURCE_DIR "/tests/system/list_tree.sh"};
    command.insert(command.end(), comparison.command.begin(), comparison.command.end());
    const auto run = run_on_fresh_board(command, {"-c", config});
    ASSERT_EQ(run.status, 0) << run.err;
    const Lines theirs =
        comparable(reference_lines(comparison.reference), comparison.kept, comparison.differences);
    const Lines ours = comparable(lines_of(run.out), comparison.kept, comparison.differences);
    EXPECT_GT(theirs.size(), 20u);
    EXPECT_THAT(minus(theirs, ours), IsEmpty()) << "the board lacks";
    EXPECT_THAT(minus(ours, theirs), IsEmpty()) << "the kernel lacks";
}

std::vector<std::string> sysfs_of(const std::string& bus) {
    return {"/sys", "bus/" + bus + "/devices", "class/drm", "dev/char", "devices/" + bus};
}

TEST(Sysfs, is_that_of_linux_6_1) {
    // Our devices have drivers, so that they can be unbound.
    expect_same({.reference = "linux-6.1/sysfs-tree.txt",
                 .command = sysfs_of("platform"),
                 .kept = "vgem|vkms|class/drm|/226:",
                 .differences = "/controlD|devices/platform/v(gem|kms)/driver "});
}

TEST(Sysfs, on_the_faux_bus_is_that_of_linux_7_2) {
    // 6.1's connectors have no id in sysfs.
    expect_same({.reference = "linux-7.2/sysfs-tree.txt",
                 .command = sysfs_of("faux"),
                 .kept = "vgem|vkms|class/drm|/226:",
                 .differences = "/controlD|/connector_id",
                 .bus = "faux"});
}

TEST(Debugfs, is_that_of_linux_6_1) {
    expect_same({.reference = "linux-6.1/debugfs-tree.txt",
                 .command = {"/sys/kernel/debug", "dma_buf", "dri", "sync"},
                 .kept = "dma_buf|dri|sync"});
}

TEST(Debugfs, is_that_of_linux_7_2) {
    expect_same({.reference = "linux-7.2/debugfs-tree.txt",
                 .command = {"/sys/kernel/debug", "dma_buf", "dri", "sync"},
                 .kept = "dma_buf|dri|sync",
                 .profile = "linux-latest"});
}

TEST(Debugfs, of_linux_7_2_is_reached_by_name_and_by_minor) {
    const auto run = run_on_fresh_board(
        {"sh", "-e", "-c",
         "cd /sys/kernel/debug/dri; cat vkms/name 0/name; cmp 0/state vkms/state\n"
         "echo auto | dd status=none of=0/crtc-0/crc/control; cat vkms/crtc-0/crc/control\n"
         "readlink 0; readlink -f 0/name\n"
         "plugboard unplug gpu0; ls"},
        {"-p", "vkms"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out,
              "vkms dev=vkms unique=vkms\nvkms dev=vkms unique=vkms\nauto*\n"
              "vkms\n/sys/kernel/debug/dri/vkms/name\nbridges\n");
}

/// "== FILE" and its text, of the files of a kernel's that begin so.
std::string kernels_values(const std::string& reference, const std::string& path) {
    std::string values;
    bool is_kept = false;
    for (const std::string& line : reference_lines(reference)) {
        if (line.starts_with("== ")) is_kept = line.starts_with("== " + path);
        if (is_kept) values += line + "\n";
    }
    return values;
}

/// `before`: a command that the files' texts follow.
std::string boards_values(const std::string& folder, const std::string& path,
                          const std::string& config = board_file("vgem-vkms"),
                          const std::string& before = "true") {
    const auto run = run_on_fresh_board(
        {"bash", "-c",
         before + " >/dev/null; cd " + folder + "; find " + path +
             " -type f ! -path '*/power/*' | LC_ALL=C sort | while read -r file; do"
             " echo \"== $file\"; cat \"$file\" 2>&1; done"},
        {"-c", config});
    EXPECT_EQ(run.status, 0) << run.err;
    return run.out;
}

TEST(Vgem, has_the_texts_of_linux_6_1_in_sysfs) {
    // Our device has a driver, so that it can be unbound.
    const std::string ours = boards_values("/sys/devices/platform", "vgem");
    EXPECT_EQ(std::regex_replace(ours, std::regex("DRIVER=vgem\n"), ""),
              kernels_values("linux-6.1/sysfs-values.txt", "vgem"));
}

TEST(Vgem, has_the_texts_of_linux_7_2_in_debugfs) {
    for (const std::string minor : {"dri/0", "dri/128"}) {
        const std::string ours = boards_values("/sys/kernel/debug", minor);
        EXPECT_EQ(std::regex_replace(ours, std::regex("== " + minor), "== dri/vgem"),
                  kernels_values("linux-7.2/debugfs-values.txt", "dri/vgem"));
    }
}

TEST(Vkms, has_the_texts_of_linux_7_2_in_debugfs) {
    const TemporaryFolder folder;
    const std::string config = folder.path() + "/board.toml";
    std::ofstream(config) << "[[card]]\nprofile = \"linux-latest\"\n";
    // Without ids; an open() says here what a read() says there.
    const auto comparable = [](const std::string& text) {
        const auto without_ids = std::regex_replace(text, std::regex("\\[\\d+\\]:"), "[]:");
        return std::regex_replace(without_ids, std::regex("(cat|head): .*: "), "");
    };
    // The kernel's console had looked at the screen. `data` waits for frames.
    const std::string ours =
        boards_values("/sys/kernel/debug", "dri/vkms", config, "modetest -M vkms -c");
    const std::regex data("== dri/vkms/crtc-0/crc/data\n.*\n");
    EXPECT_EQ(std::regex_replace(comparable(ours), data, ""),
              comparable(kernels_values("linux-7.2/debugfs-values.txt", "dri/vkms")));
}

TEST(ColorPipeline, is_walked_and_set_by_a_client) {
    const TemporaryFolder folder;
    const std::string config = folder.path() + "/board.toml";
    std::ofstream(config) << "[[card]]\nprofile = \"linux-latest\"\ncolor_pipeline = true\n";
    const auto run = run_on_fresh_board(
        {"sh", "-c",
         client_program("color_pipeline") +
             "; grep -A4 colorop /sys/kernel/debug/dri/vkms/state | grep -c bypass=0"},
        {"-c", config});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out, "Fixed Matrix\n1D Curve\n3x4 Matrix\n3x4 Matrix\n1D Curve\nset: 0\n5\n");
}

TEST(VariableRate, makes_a_vblank_come_with_the_flip_or_as_late_as_the_screen_can) {
    const auto run =
        run_on_fresh_board({client_program("variable_rate")},
                           {"--step", "--check-leaks", "-p", "full", "-s", "DP-1=gaming"});
    EXPECT_EQ(run.status, 0) << run.err;
    // 144 Hz, and the 48 Hz below which the screen cannot go.
    EXPECT_EQ(run.out,
              "vrr_capable 1\n"
              "VRR_ENABLED 0: flip 6.9 ms, idle 6.9 ms\n"
              "VRR_ENABLED 1: flip 6.9 ms, idle 20.8 ms\n");
}

TEST(Debugfs, gives_a_connector_another_EDID) {
    const TemporaryFolder folder;
    const std::string edid = folder.path() + "/edid";
    const auto other = run_on_fresh_board(
        {"sh", "-c", "modetest -M vkms -c >/dev/null; cat /sys/class/drm/card0-DP-1/edid >" + edid},
        {"-s", "DP-1=gaming"});
    EXPECT_EQ(other.status, 0) << other.err;
    const auto run = run_on_fresh_board(
        {"sh", "-e", "-c",
         "cd /sys/kernel/debug/dri/0/Virtual-1\n"
         "modetest -M vkms -c >/dev/null; wc -c </sys/class/drm/card0-Virtual-1/edid\n"
         "dd status=none bs=4096 if=" +
             edid +
             " of=edid_override\n"
             "echo on | dd status=none of=force\n"
             "modetest -M vkms -c >/dev/null; cmp /sys/class/drm/card0-Virtual-1/edid " +
             edid +
             "\nhead -n 1 /sys/class/drm/card0-Virtual-1/modes\n"
             "echo nonsense | dd status=none of=force 2>&1 || echo refused\n"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out, "0\n2560x1440\ndd: error writing 'force': Invalid argument\nrefused\n");
}

TEST(Sysfs, files_can_be_copied) {
    const TemporaryFolder folder;
    const auto run = run_on_fresh_board(
        {"sh", "-e", "-c",
         "cd " + folder.path() +
             "\ncp /sys/class/drm/card0-Virtual-1/status copy; cat copy; rm copy\n"
             "cp /sys/kernel/debug/dri/0/name copy; cat copy; rm copy\n"
             "find /sys/class/drm/ -name 'card0*' | wc -l\n"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out, "unknown\nvkms dev=vkms unique=vkms\n3\n") << run.err;
}

TEST(Cards, are_told_apart_by_libdrm) {
    const auto run = run_on_fresh_board({"drmdevice"}, {"-c", board_file("two-cards")});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("Devices reported 2"));
    EXPECT_THAT(run.out, HasSubstr("/dev/dri/card0"));
    EXPECT_THAT(run.out, HasSubstr("/dev/dri/card1"));
    EXPECT_THAT(run.out, HasSubstr("fullname\tvkms\n"));
    EXPECT_THAT(run.out, HasSubstr("fullname\tvkms.1\n"));
}

TEST(Udevadm, knows_the_card_and_its_screens) {
    const auto run = run_on_fresh_board(
        {"sh", "-c",
         "udevadm info -q all -n /dev/dri/card0; udevadm info -q symlink -n /dev/dri/card0\n"
         "udevadm info -a -p /class/drm/card0-Virtual-1; udevadm info --export-db | grep '^N: "
         "dri'\n"
         "udevadm trigger -n --subsystem-match=drm -v; udevadm settle; echo settled $?\n"});
    EXPECT_EQ(run.status, 0) << run.err;
    for (const char* line :
         {"P: /devices/platform/vkms/drm/card0\n", "E: DEVNAME=/dev/dri/card0\n",
          "E: ID_PATH=platform-vkms\n", "E: CURRENT_TAGS=:", "\ndri/by-path/platform-vkms-card\n",
          "KERNEL==\"card0-Virtual-1\"", "DRIVERS==\"vkms\"", "ATTR{status}==\"unknown\"",
          "\nN: dri/card0\n", "/sys/devices/platform/vkms/drm/card0\n", "settled 0\n"}) {
        EXPECT_THAT(run.out, HasSubstr(line));
    }
}

TEST(Udevadm, knows_a_render_node) {
    const auto run =
        run_on_fresh_board({"udevadm", "info", "-q", "all", "-n", "/dev/dri/renderD128"},
                           {"-c", board_file("vgem-vkms")});
    EXPECT_EQ(run.status, 0) << run.err;
    for (const char* line :
         {"P: /devices/platform/vgem/drm/renderD128\n", "S: dri/by-path/platform-vgem-render\n",
          "E: ID_PATH=platform-vgem\n", "E: TAGS=:uaccess:\n"})
        EXPECT_THAT(run.out, HasSubstr(line));
}

TEST(Udevadm, monitors_cards_and_screens_that_come_and_go) {
    const TemporaryFolder folder;
    const auto run = run_on_fresh_board(
        {"sh", "-c",
         "cd " + folder.path() +
             "\nudevadm monitor --udev --kernel --property --subsystem-match=drm >events & "
             "monitor=$!\n"
             "until grep -q 'KERNEL - the kernel uevent' events && sleep 0.1; do :; done\n"
             "plugboard unplug DP-1; plugboard unplug gpu0; plugboard plug gpu0\n"
             "plugboard set DP-1 link-status=bad\n"
             "for word in 'UDEV.*change' 'UDEV.*remove' 'UDEV.*add'; do\n"
             "  until grep -q \"$word\" events; do sleep 0.02; done; done\n"
             "kill $monitor; cat events; rm events\n"},
        {"-s", "DP-1=gaming"});
    EXPECT_EQ(run.status, 0) << run.err;
    for (const char* line : {"HOTPLUG=1\nCONNECTOR=", "DEVNAME=/dev/dri/card0\n", "SEQNUM="})
        EXPECT_THAT(run.out, HasSubstr(line));
    for (const char* line :
         {"KERNEL\\[[0-9.]+\\] remove +/devices/platform/vkms/drm/card0 \\(drm\\)",
          "UDEV +\\[[0-9.]+\\] add +/devices/platform/vkms/drm/card[01] \\(drm\\)"})
        EXPECT_TRUE(std::regex_search(run.out, std::regex(line))) << line << "\n" << run.out;
}

}  // namespace
}  // namespace plugboard::tests
