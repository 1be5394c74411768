// Screens under real clients: their EDIDs, plugged, changed and pulled inside a run.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

/// What a script prints on a board with a monitor at DP-1 and nothing at HDMI-A-1; it must end well
/// and leave nothing. `look` shows a connector as a client does that probes it.
std::string output_of(const std::string& script) {
    const std::string helpers =
        "set -e\n"
        "look() { modetest -M vkms -c | awk -v name=\"$1\" "
        "'$4 == name {print $3, $5; getline; getline; getline; print $2; exit}'; }\n"
        "property() { modetest -M vkms -c | awk -v name=\"$1\" -v key=\"$2\" "
        "'$4 == name {here = 1} here && $2 == key \":\" {inside = 1} "
        "inside && $1 == \"value:\" {print $2; exit}'; }\n";
    const auto result =
        run_on_fresh_board({"sh", "-c", helpers + script},
                           {"--check-leaks", "-s", "DP-1=gaming", "-s", "HDMI-A-1=none"});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    return result.out;
}

TEST(Screens, show_the_EDID_that_was_built) {
    EXPECT_EQ(output_of("modetest -M vkms -c >/dev/null\n"
                        "edid-decode --check /sys/class/drm/card0-DP-1/edid | "
                        "grep -E 'Product Name|conformity'\n"
                        "wc -c </sys/class/drm/card0-HDMI-A-1/edid\n"
                        "head -n 1 /sys/class/drm/card0-DP-1/modes\n"),
              "    Display Product Name: 'Gaming 27'\n"
              "EDID conformity: PASS\n"
              "0\n"
              "2560x1440\n");
}

TEST(Screens, come_and_go_and_become_others) {
    EXPECT_EQ(output_of("look DP-1\n"
                        "plugboard unplug DP-1\n"
                        "modetest -M vkms -c | awk '$4 == \"DP-1\" {print $3, $5, $6}'\n"
                        "plugboard plug DP-1\n"
                        "look DP-1\n"
                        "plugboard plug DP-1 --monitor ultrawide\n"
                        "look DP-1\n"
                        "plugboard plug gpu0/HDMI-A-1 --mode 1280x1024@60\n"
                        "look HDMI-A-1\n"),
              "connected 600x340\n2560x1440\n"
              "disconnected 0x0 0\n"
              "connected 600x340\n2560x1440\n"
              "connected 800x340\n3440x1440\n"
              "connected 340x270\n1280x1024\n");
}

TEST(Screens, with_a_broken_EDID_have_the_fallback_modes) {
    EXPECT_EQ(output_of("printf broken >broken.bin\n"
                        "plugboard plug HDMI-A-1 --edid broken.bin; rm broken.bin\n"
                        "look HDMI-A-1\n"),
              "connected 0x0\n1024x768\n");
}

TEST(Screens, with_a_bad_link_say_so) {
    EXPECT_EQ(output_of("property DP-1 link-status\n"
                        "plugboard set DP-1 link-status=bad\n"
                        "property DP-1 link-status\n"
                        "plugboard status | grep -c 'link bad'\n"
                        "plugboard set DP-1 link-status=good\n"
                        "property DP-1 link-status\n"),
              "0\n1\n1\n0\n");
}

TEST(Screens, are_refused_with_a_remedy) {
    EXPECT_EQ(output_of("plugboard plug DP-1 2>&1 | head -n 1 || :\n"
                        "plugboard unplug HDMI-A-1 2>&1 | head -n 1 || :\n"
                        "plugboard unplug DP-9 2>&1 | head -n 1 || :\n"
                        "plugboard plug DP-1 --monitor huge 2>&1 | head -n 1 || :\n"
                        "plugboard plug gpu0 --monitor uhd 2>&1 | head -n 1 || :\n"
                        "plugboard set DP-1 colour=red 2>&1 | head -n 1 || :\n"),
              "plugboard: error: a screen is plugged in at gpu0/DP-1\n"
              "plugboard: error: no screen is plugged in at gpu0/HDMI-A-1\n"
              "plugboard: error: there is no screen \"DP-9\"\n"
              "plugboard: error: there is no monitor \"huge\"\n"
              "plugboard: error: gpu0 is no connector\n"
              "plugboard: error: there is no key \"colour\"\n");
}

}  // namespace
}  // namespace plugboard::tests
