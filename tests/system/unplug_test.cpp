// The card is pulled: at every ioctl and stop point, in every wait, under a flipping client. Each
// time the client gets its ENODEV, a second card's client goes on undisturbed, and nothing is left
// behind.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/system/board.h"
#include "uapi/ioctl_table.h"

namespace plugboard::tests {
namespace {

const std::vector<std::string> checked = {"--check-leaks", "--require-open"};

std::vector<std::string> with_board(const std::string& board) {
    auto options = checked;
    options.insert(options.end(), {"-c", board_file(board)});
    return options;
}

TEST(Unplug, every_row_of_the_table_is_pulled) {
    const auto run = run_on_fresh_board({client_program("pull_at"), "--list"});
    for (auto row = uapi::ioctls_begin(); row != uapi::ioctls_end(); ++row) {
        if (row->command == 0) continue;
        const std::string line = std::string(row->name) + "\n";
        EXPECT_NE(("\n" + run.out).find("\n" + line), std::string::npos) << row->name;
    }
}

/// All pulls run on one board, one client after another, beside a client that flips on gpu1.
TEST(Unplug, at_each_stop_point_of_each_ioctl) {
    const auto run = run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/tests/system/pull_all.sh",
                                         client_program("pull_at"), client_program("flips")},
                                        with_board("two-cards"), std::chrono::seconds(240));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_EQ(run.out.find("not ok"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("uneven 0"), std::string::npos) << "gpu1 was disturbed\n" << run.out;
}

class UnplugInWait : public testing::TestWithParam<const char*> {};

TEST_P(UnplugInWait, ends_at_once) {
    const auto run = run_on_fresh_board({client_program("waits"), GetParam()}, checked);
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NE(run.out.find("ok - "), std::string::npos) << run.out;
}

class DaemonDiesInWait : public testing::TestWithParam<const char*> {};

TEST_P(DaemonDiesInWait, ends_at_once) {
    const auto run = run_on_fresh_board({client_program("waits"), GetParam(), "kill"});
    EXPECT_EQ(run.status, 125) << run.out << run.err;
    EXPECT_NE(run.err.find("it died of signal 9"), std::string::npos) << run.err;
    EXPECT_NE(run.out.find("ok - the mapping is still good"), std::string::npos) << run.out;
    EXPECT_EQ(run.out.find("not ok"), std::string::npos) << run.out;
}

const auto every_wait = testing::Values("vblank", "poll", "read", "blocking", "nonblocking");
const auto name_of_wait = [](const auto& test) { return std::string(test.param); };
INSTANTIATE_TEST_SUITE_P(Waits, UnplugInWait, every_wait, name_of_wait);
INSTANTIATE_TEST_SUITE_P(Waits, DaemonDiesInWait, every_wait, name_of_wait);

TEST(Unplug, modetest_spins_for_it_never_looks_at_what_read_says) {
    const auto run = run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/tests/system/pull_modetest.sh"},
                                        checked, std::chrono::seconds(60));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NE(run.out.find("modetest burns a processor"), std::string::npos) << run.out;
}

TEST(Kill, a_client_killed_in_an_ioctl_leaves_nothing_and_blocks_nobody) {
    const auto run = run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/tests/system/kill_client.sh",
                                         client_program("waits"), client_program("flips")},
                                        checked, std::chrono::seconds(60));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NE(run.out.find("master at once"), std::string::npos) << run.out;
}

}  // namespace
}  // namespace plugboard::tests
