// 60 flips a second, and what goes on beside them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/reference_files.h"
#include "tests/system/board.h"
#include "tests/system/flip_record.h"

namespace plugboard::tests {
namespace {

/// modetest prints a line for every 60 flips: nine in ten seconds, of which the mean is taken.
constexpr double seconds_printed = 9;

TEST(Flips, modetest_flips_60_times_a_second) {
    const auto run =
        run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/tests/system/modetest_flips.sh", "10"},
                           {"--check-leaks"}, std::chrono::seconds(60));
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    // A busy machine keeps modetest from asking in time for a vblank now and then: its own mean is
    // lower by those flips and by nothing else.
    const FlipRecord record(run.out);
    EXPECT_NEAR(record.mean, 60.0, 0.1) << run.out;
    EXPECT_EQ(record.uneven, 0) << run.out;
    ASSERT_GE(record.skipped, 0) << run.out;
    ASSERT_GE(record.stood_still, 0) << run.out;
    EXPECT_LE(record.skipped - record.stood_still, 12)
        << "more than 2 in 100 vblanks without a flip\n"
        << run.out;
    const double own_mean = number_after(run.out, "modetest's mean");
    EXPECT_LE(own_mean, 60.1) << run.out;
    EXPECT_GE(own_mean, 59.9 - record.skipped / seconds_printed) << run.out;
}

TEST(Flips, vbltest_counts_60_vblanks_a_second) {
    const auto run = run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/tests/system/vbltest.sh", "4"},
                                        {"--check-leaks"}, std::chrono::seconds(60));
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    std::istringstream lines(run.out);
    // It reads its own clock when it is woken: the best second is the least disturbed one.
    std::vector<double> deviations;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("freq:"))
            deviations.push_back(std::abs(number_after(line, "freq:") - 60));
    }
    ASSERT_GE(deviations.size(), 3u) << run.out;
    std::ranges::sort(deviations);
    EXPECT_LT(deviations.front(), 0.2) << run.out;
    EXPECT_LT(deviations[deviations.size() / 2], 1) << run.out;
}

TEST(Flips, one_crtc_flips_while_another_is_stuck_on_a_fence) {
    const auto run =
        run_on_fresh_board({client_program("flips"), "2", "/dev/dri/card0", "0", "stuck"},
                           {"--check-leaks", "-c", board_file("two-crtcs")});
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NEAR(number_after(run.out, "hz"), 60.0, 0.1) << run.out;
    // Each may be a long one, of a machine that stood still.
    EXPECT_GE(number_after(run.out, "gaps"), 0) << run.out;
    EXPECT_LE(number_after(run.out, "gaps"), 6) << "in 120 vblanks\n" << run.out;
}

TEST(Crc, a_client_that_draws_the_pictures_reads_the_kernels_values) {
    const auto run = run_on_fresh_board({client_program("crc")},
                                        {"--check-leaks", "-c", board_file("overlays")});
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    std::string expected;
    for (const auto& line : reference_lines("linux-6.1/crc.txt")) expected += line + "\n";
    EXPECT_EQ(run.out, expected);
}

TEST(Crc, every_format_rotation_and_gamma_has_the_values_of_linux_7_2) {
    const auto run = run_on_fresh_board(
        {client_program("crc_formats"), PLUGBOARD_SOURCE_DIR "/tests/reference/linux-7.2/crc2.txt"},
        {"--check-leaks", "-c", board_file("latest-overlays")});
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    std::string expected;
    for (const auto& line : reference_lines("linux-7.2/crc2.txt")) expected += line + "\n";
    EXPECT_EQ(run.out, expected);
}

TEST(Crc, under_the_newest_profile_those_of_linux_7_2_too) {
    const auto run = run_on_fresh_board({client_program("crc")},
                                        {"--check-leaks", "-c", board_file("latest-overlays")});
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    std::string expected;
    for (const auto& line : reference_lines("linux-7.2/crc.txt")) expected += line + "\n";
    EXPECT_EQ(run.out, expected);
}

}  // namespace
}  // namespace plugboard::tests
