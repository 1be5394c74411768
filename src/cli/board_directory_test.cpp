#include "cli/board_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "cli/failure.h"
#include "tests/support/runtime_directory.h"

namespace plugboard::cli {
namespace {

class BoardsTest : public testing::Test {
  protected:
    /// As a daemon has it.
    void make_board(const std::string& name) {
        const std::string folder = runtime_ + "/plugboard/" + name;
        std::filesystem::create_directories(folder);
        UniqueFd lock(open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        ASSERT_EQ(flock(lock.borrow(), LOCK_EX), 0);
        locks_.push_back(std::move(lock));
    }
    static std::string failure_of_finding(const std::string& name) {
        try {
            find_board(name);
        } catch (const Failure& failure) {
            EXPECT_NE(failure.remedy(), "");
            return failure.what();
        }
        return "found";
    }

    const tests::RuntimeDirectory directory_;
    const std::string& runtime_ = directory_.path();
    std::vector<UniqueFd> locks_;
};

TEST_F(BoardsTest, the_only_one_is_meant_by_itself) {
    make_board("a");
    std::filesystem::create_directories(runtime_ + "/plugboard/dead");
    EXPECT_EQ(find_board(""), runtime_ + "/plugboard/a");
}

TEST_F(BoardsTest, one_of_several_must_be_named) {
    make_board("b");
    make_board("a");
    EXPECT_EQ(failure_of_finding(""), "there are 2 boards: a, b");
    EXPECT_EQ(find_board("b"), runtime_ + "/plugboard/b");
}

TEST_F(BoardsTest, inside_a_run_the_runs_own_is_meant) {
    make_board("a");
    make_board("b");
    setenv("PLUGBOARD_BOARD", (runtime_ + "/plugboard/b").c_str(), 1);
    EXPECT_EQ(find_board(""), runtime_ + "/plugboard/b");
    EXPECT_EQ(find_board("a"), runtime_ + "/plugboard/a");
}

TEST_F(BoardsTest, none_is_said_so) {
    EXPECT_EQ(failure_of_finding(""), "there is no board");
    EXPECT_EQ(failure_of_finding("x"), "there is no board \"x\"");
}

TEST_F(BoardsTest, a_name_is_one_part_of_a_path) {
    for (const char* name : {"ci", "run-4711", "A.b_c-1"})
        EXPECT_EQ(board_directory(name), runtime_ + "/plugboard/" + name);
    for (const char* name :
         {"", ".", "..", ".hidden", "a/b", "a b", "a:b", "a\nb", "\xc3\xa4", "*"})
        EXPECT_THROW(board_directory(name), Failure) << name;
    EXPECT_THROW(board_directory(std::string(200, 'x')), Failure);
}

TEST_F(BoardsTest, the_end_of_one_is_waited_for) {
    make_board("a");
    const BoardEnd end(runtime_ + "/plugboard/a");
    EXPECT_FALSE(end.wait(std::chrono::seconds(1))) << "it lives";
    std::thread daemon([this] { locks_.clear(); });
    EXPECT_TRUE(end.wait(std::chrono::seconds(60)));
    daemon.join();
    EXPECT_TRUE(BoardEnd(runtime_ + "/plugboard/nothing").wait(std::chrono::seconds(1)));
}

}  // namespace
}  // namespace plugboard::cli
