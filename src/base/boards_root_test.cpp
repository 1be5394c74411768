#include "base/boards_root.h"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string>

#include "tests/support/runtime_directory.h"

namespace plugboard {
namespace {

class BoardsRootTest : public testing::Test {
  protected:
    const tests::RuntimeDirectory directory_;
    const std::string& runtime_ = directory_.path();
};

TEST_F(BoardsRootTest, is_below_the_runtime_directory_or_in_memory_or_tmp) {
    EXPECT_EQ(boards_root(), runtime_ + "/plugboard");
    unsetenv("XDG_RUNTIME_DIR");
    const std::string name = "/plugboard-" + std::to_string(geteuid());
    EXPECT_EQ(boards_root("/no such folder"), "/tmp" + name);
    EXPECT_EQ(boards_root("/proc"), "/tmp" + name);
    struct statfs info {};
    const bool is_memory = statfs("/dev/shm", &info) == 0 && info.f_type == TMPFS_MAGIC &&
                           access("/dev/shm", W_OK) == 0;
    EXPECT_EQ(boards_root(), (is_memory ? "/dev/shm" : "/tmp") + name);
}

TEST_F(BoardsRootTest, is_that_of_the_runs_own_board_where_its_runtime_directory_is_set) {
    setenv("PLUGBOARD_BOARD", (runtime_ + "/plugboard/a").c_str(), 1);
    setenv("XDG_RUNTIME_DIR", (runtime_ + "/plugboard/a/runtime").c_str(), 1);
    EXPECT_EQ(boards_root(), runtime_ + "/plugboard");
}

}  // namespace
}  // namespace plugboard
