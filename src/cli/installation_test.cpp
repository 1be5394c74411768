#include "cli/installation.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

TEST(Path, gets_the_folder_once_and_at_its_end) {
    EXPECT_EQ(path_to_command("/none:/empty", "/opt/bin"), "/none:/empty:/opt/bin");
    EXPECT_EQ(path_to_command("/opt/bin:/none", "/opt/bin"), "/opt/bin:/none");
    EXPECT_EQ(path_to_command("/none", "/no"), "/none:/no");
}

TEST(Path, gets_the_folder_in_front_of_another_plugboard) {
    const tests::TemporaryFolder other;
    std::ofstream(other.path() + "/plugboard") << "#!/bin/sh\n";
    const std::string path = "/none:" + other.path();
    EXPECT_EQ(path_to_command(path, "/opt/bin"), path + ":/opt/bin") << "not executable";
    ASSERT_EQ(chmod((other.path() + "/plugboard").c_str(), 0755), 0);
    EXPECT_EQ(path_to_command(path, "/opt/bin"), "/opt/bin:" + path);
    EXPECT_EQ(path_to_command("/opt/bin:" + path, "/opt/bin"), "/opt/bin:" + path);
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
