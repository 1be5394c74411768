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

/// Those that do not match, without blanks at their ends, and with the only card as card0.
Lines comparable(const std::vector<std::string>& lines, const std::string& left_out) {
    const std::regex pattern(left_out);
    Lines result;
    for (std::string line : lines) {
        line.erase(line.find_last_not_of(' ') + 1);
        if (std::regex_search(line, pattern)) continue;
        line = std::regex_replace(line, std::regex("card1"), "card0");
        result.insert(std::regex_replace(line, std::regex("226:1 "), "226:0 "));
    }
    return result;
}

Lines minus(const Lines& from, const Lines& what) {
    Lines rest;
    std::ranges::set_difference(from, what, std::inserter(rest, rest.end()));
    return rest;
}

/// The sysfs of a board beside a kernel's, in which vkms was the second card. Both without what is
/// known to differ.
void expect_sysfs_of(const std::string& kernel, const std::string& bus,
                     const std::string& differences) {
    const TemporaryFolder folder;
    const std::string config = folder.path() + "/board.toml";
    std::ofstream(config) << "bus = \"" << bus << "\"\n[[card]]\n";
    const auto run = run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/tests/system/list_sysfs.sh", bus},
                                        {"-c", config});
    ASSERT_EQ(run.status, 0) << run.err;
    const std::string both = "vgem|renderD|/controlD|" + differences;
    const Lines theirs = comparable(reference_lines(kernel + "/sysfs-tree.txt"), both);
    const Lines ours = comparable(lines_of(run.out), both);
    EXPECT_GT(theirs.size(), 30u);
    EXPECT_THAT(minus(theirs, ours), IsEmpty()) << "the board lacks";
    EXPECT_THAT(minus(ours, theirs), IsEmpty()) << "the kernel lacks";
}

TEST(Sysfs, is_that_of_linux_6_1) {
    // Our vkms has a driver, so that it can be unbound.
    expect_sysfs_of("linux-6.1", "platform",
                    "bus/platform/drivers/vkms|devices/platform/vkms/driver ");
}

TEST(Sysfs, on_the_faux_bus_is_that_of_linux_7_2) {
    // 6.1's connectors have no id in sysfs; the bus's own folders were not looked at.
    expect_sysfs_of("linux-7.2", "faux", "/connector_id|bus/faux/drivers/");
}

TEST(Sysfs, files_can_be_copied) {
    const TemporaryFolder folder;
    const auto run = run_on_fresh_board(
        {"sh", "-e", "-c",
         "cd " + folder.path() +
             "\ncp /sys/class/drm/card0-Virtual-1/status copy; cat copy; rm copy\n"
             "cp /sys/kernel/debug/dri/0/name copy; cat copy; rm copy\n"
             "mountpoint -q /sys/kernel/debug; mountpoint -q /sys; mountpoint -q /dev\n"
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
