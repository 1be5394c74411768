#include "base/boards_root.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/support/runtime_directory.h"

namespace plugboard {
namespace {

class BoardsRootTest : public testing::Test {
  protected:
    const tests::RuntimeDirectory directory_;
    const std::string& runtime_ = directory_.path();
};

TEST_F(BoardsRootTest, is_below_the_runtime_directory_or_tmp) {
    EXPECT_EQ(boards_root(), runtime_ + "/plugboard");
    unsetenv("XDG_RUNTIME_DIR");
    EXPECT_TRUE(boards_root().starts_with("/tmp/plugboard-"));
}

TEST_F(BoardsRootTest, is_that_of_the_runs_own_board_where_its_runtime_directory_is_set) {
    setenv("PLUGBOARD_BOARD", (runtime_ + "/plugboard/a").c_str(), 1);
    setenv("XDG_RUNTIME_DIR", (runtime_ + "/plugboard/a/runtime").c_str(), 1);
    EXPECT_EQ(boards_root(), runtime_ + "/plugboard");
}

}  // namespace
}  // namespace plugboard
