#include "daemon/board_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace plugboard::daemon {
namespace {

class BoardDirectoryTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "boards-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        parent_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(parent_); }
    std::string parent_;
};

TEST_F(BoardDirectoryTest, is_private_and_removed_at_its_end) {
    {
        const auto board = BoardDirectory::create(parent_ + "/a");
        ASSERT_TRUE(board.ok());
        struct stat info {};
        ASSERT_EQ(stat((parent_ + "/a").c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777, 0700u);
        std::ofstream(parent_ + "/a/file") << "x";
    }
    EXPECT_FALSE(std::filesystem::exists(parent_ + "/a"));
}

TEST_F(BoardDirectoryTest, a_second_board_of_the_same_name_is_refused) {
    const auto first = BoardDirectory::create(parent_ + "/a");
    const auto second = BoardDirectory::create(parent_ + "/a");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.problem().message, "there is a board \"a\" already");
}

TEST_F(BoardDirectoryTest, what_a_dead_daemon_left_is_swept) {
    std::filesystem::create_directories(parent_ + "/dead/root/dev");
    std::ofstream(parent_ + "/dead/lock") << "";
    std::filesystem::create_directories(parent_ + "/half-made");
    const auto board = BoardDirectory::create(parent_ + "/a");
    ASSERT_TRUE(board.ok());
    EXPECT_FALSE(std::filesystem::exists(parent_ + "/dead"));
    EXPECT_FALSE(std::filesystem::exists(parent_ + "/half-made"));
}

TEST_F(BoardDirectoryTest, a_living_board_is_not_swept) {
    const auto first = BoardDirectory::create(parent_ + "/a");
    const auto second = BoardDirectory::create(parent_ + "/b");
    ASSERT_TRUE(second.ok());
    EXPECT_TRUE(std::filesystem::exists(parent_ + "/a"));
}

TEST_F(BoardDirectoryTest, a_parent_that_others_can_write_is_refused) {
    ASSERT_EQ(chmod(parent_.c_str(), 0777), 0);
    const auto board = BoardDirectory::create(parent_ + "/a");
    ASSERT_FALSE(board.ok());
    EXPECT_NE(board.problem().remedy.find("chmod 700"), std::string::npos);
}

TEST_F(BoardDirectoryTest, a_parent_that_is_a_link_is_refused) {
    std::filesystem::create_symlink(parent_, parent_ + "-link");
    EXPECT_FALSE(BoardDirectory::create(parent_ + "-link/a").ok());
    std::filesystem::remove(parent_ + "-link");
}

}  // namespace
}  // namespace plugboard::daemon
