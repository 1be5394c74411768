// What scripts/demo shows, on its board.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

TEST(Demo, pulls_the_card_inside_an_ioctl_and_leaves_nothing_behind) {
    const TemporaryFolder pictures;
    const auto run =
        run_on_fresh_board({PLUGBOARD_SOURCE_DIR "/scripts/demo_inside", pictures.path()},
                           {"--check-leaks", "--require-open"}, std::chrono::seconds(120));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NE(run.out.find("freq: "), std::string::npos) << "modetest flips\n" << run.out;
    EXPECT_NE((run.out + run.err).find("left behind: 0 objects, 0 fds, 0 processes"),
              std::string::npos)
        << run.out << run.err;
    for (const char* name : {"/before.png", "/flipping.png"})
        EXPECT_GT(std::filesystem::file_size(pictures.path() + name), 1000u) << name;
}

}  // namespace
}  // namespace plugboard::tests
