#include "daemon/board_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

class BoardDirectoryTest : public testing::Test {
  protected:
    const tests::TemporaryFolder folder_;
    const std::string& parent_ = folder_.path();
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

/// What a board leaves whose daemon was killed.
void kill_board(const std::string& path) {
    const pid_t child = fork();
    if (child == 0) {
        const auto board = BoardDirectory::create(path);
        std::filesystem::create_directories(path + "/root/dev");
        _exit(board.ok() ? 0 : 1);  // no destructor
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    ASSERT_TRUE(std::filesystem::exists(path + "/root/dev"));
}

TEST_F(BoardDirectoryTest, what_a_dead_daemon_left_is_swept) {
    kill_board(parent_ + "/dead");
    const auto board = BoardDirectory::create(parent_ + "/a");
    ASSERT_TRUE(board.ok());
    EXPECT_FALSE(std::filesystem::exists(parent_ + "/dead"));
}

TEST_F(BoardDirectoryTest, the_name_of_a_dead_board_is_free) {
    kill_board(parent_ + "/a");
    EXPECT_TRUE(BoardDirectory::create(parent_ + "/a").ok());
}

TEST_F(BoardDirectoryTest, a_directory_that_is_no_board_is_never_swept) {
    const auto put = [&](const std::string& folder, const char* file, const char* text) {
        std::filesystem::create_directories(parent_ + "/" + folder);
        std::ofstream(parent_ + "/" + folder + "/" + file) << text;
    };
    put("checkout", "main.cpp", "int main() {}");
    put("with-a-lock", "lock", "");
    put("with-its-own-lock", "lock", "1234\n");
    put("with-a-lock-folder/lock", "file", "x");
    put("longer", "lock", "plugboard board\nand more\n");
    put("elsewhere/board", "lock", "plugboard board\n");
    std::filesystem::create_directory(parent_ + "/empty");
    std::filesystem::create_directory(parent_ + "/linked-lock");
    std::filesystem::create_symlink("../elsewhere/board/lock", parent_ + "/linked-lock/lock");
    std::filesystem::create_directory_symlink("elsewhere/board", parent_ + "/linked");
    ASSERT_EQ(mkdir((parent_ + "/fifo").c_str(), 0700), 0);
    ASSERT_EQ(mkfifo((parent_ + "/fifo/lock").c_str(), 0600), 0);

    ASSERT_TRUE(BoardDirectory::create(parent_ + "/a").ok());
    for (const char* kept : {"checkout/main.cpp", "with-a-lock/lock", "with-its-own-lock/lock",
                             "with-a-lock-folder/lock/file", "longer/lock", "elsewhere/board/lock",
                             "empty", "linked-lock/lock", "linked/lock", "fifo/lock"})
        EXPECT_TRUE(std::filesystem::exists(parent_ + "/" + kept)) << kept;
}

TEST_F(BoardDirectoryTest, a_sweep_follows_no_link_out_of_a_dead_board) {
    kill_board(parent_ + "/dead");
    std::filesystem::create_directory(parent_ + "/mine");
    std::ofstream(parent_ + "/mine/file") << "x";
    std::filesystem::create_directory_symlink(parent_ + "/mine", parent_ + "/dead/root/link");
    ASSERT_TRUE(BoardDirectory::create(parent_ + "/a").ok());
    EXPECT_FALSE(std::filesystem::exists(parent_ + "/dead"));
    EXPECT_TRUE(std::filesystem::exists(parent_ + "/mine/file"));
}

TEST_F(BoardDirectoryTest, a_name_that_something_else_has_is_refused) {
    std::filesystem::create_directory(parent_ + "/a");
    const auto board = BoardDirectory::create(parent_ + "/a");
    ASSERT_FALSE(board.ok());
    EXPECT_EQ(board.problem().message, parent_ + "/a is there already, and is no board");
    EXPECT_TRUE(std::filesystem::exists(parent_ + "/a"));
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
    EXPECT_EQ(board.problem().remedy.find("chmod"), std::string::npos) << "it may not be ours";
    EXPECT_NE(board.problem().remedy.find("XDG_RUNTIME_DIR"), std::string::npos);
}

TEST_F(BoardDirectoryTest, a_parent_that_is_a_link_is_refused) {
    std::filesystem::create_symlink(parent_, parent_ + "-link");
    EXPECT_FALSE(BoardDirectory::create(parent_ + "-link/a").ok());
    std::filesystem::remove(parent_ + "-link");
}

}  // namespace
}  // namespace plugboard::daemon
