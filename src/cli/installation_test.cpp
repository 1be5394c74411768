#include "cli/installation.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/failure.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

TEST(Installation, has_its_command_alone_in_a_folder_of_the_board) {
    const tests::TemporaryFolder board;
    const Installation installation{.command = "/opt/bin/plugboard", .daemon = "", .shim = ""};
    for (int i = 0; i < 2; i++) {  // by the run that joins it, too
        const std::string folder = link_command(installation, board.path());
        EXPECT_EQ(folder, board.path() + "/bin");
        EXPECT_EQ(std::filesystem::read_symlink(folder + "/plugboard"), installation.command);
    }
    EXPECT_THROW(link_command(installation, board.path() + "/none"), Failure);
}

TEST(Preload, of_others_is_kept) {
    EXPECT_EQ(without_shim(""), "");
    EXPECT_EQ(without_shim("/a/libasan.so"), "/a/libasan.so");
    EXPECT_EQ(without_shim("/a/libasan.so:/b/libfoo.so"), "/a/libasan.so:/b/libfoo.so");
}

TEST(Preload, of_our_shim_is_taken_out_wherever_it_is) {
    EXPECT_EQ(without_shim("/opt/lib/libplugboard-preload.so"), "");
    EXPECT_EQ(without_shim("libplugboard-preload.so"), "");
    EXPECT_EQ(without_shim("/x/libplugboard-preload.so:/a/libasan.so"), "/a/libasan.so");
    EXPECT_EQ(without_shim("/a/libasan.so /x/libplugboard-preload.so"), "/a/libasan.so");
    EXPECT_EQ(without_shim("/a/notlibplugboard-preload.so"), "/a/notlibplugboard-preload.so");
}

}  // namespace
}  // namespace plugboard::cli
