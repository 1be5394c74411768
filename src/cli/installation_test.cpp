#include "cli/installation.h"

#include <gtest/gtest.h>

namespace plugboard::cli {
namespace {

TEST(Path, gets_the_folder_once_and_at_its_end) {
    EXPECT_EQ(with_folder("/usr/bin:/bin", "/opt/bin"), "/usr/bin:/bin:/opt/bin");
    EXPECT_EQ(with_folder("/opt/bin:/bin", "/opt/bin"), "/opt/bin:/bin");
    EXPECT_EQ(with_folder("/bin", "/in"), "/bin:/in");
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
