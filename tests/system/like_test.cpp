// Boards like another card: what drm_info says there is what it said of that card.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

std::string like_file(const std::string& name) {
    return PLUGBOARD_SOURCE_DIR "/tests/like/" + name + ".json";
}

class BoardLike : public testing::TestWithParam<const char*> {};

TEST_P(BoardLike, shows_drm_info_the_file_but_for_what_it_says_itself) {
    const auto shown =
        run_on_fresh_board({"drm_info", "-j"}, {"--like", like_file(GetParam()), "--check-leaks"});
    ASSERT_EQ(shown.status, 0) << shown.err;
    const auto checked =
        run({.command = {plugboard_command(), "config", "check", like_file(GetParam())}});
    ASSERT_EQ(checked.status, 0) << checked.err;
    const TemporaryFolder folder;
    std::ofstream(folder.path() + "/shown.json") << shown.out;
    std::ofstream(folder.path() + "/notes") << checked.out;
    const auto compared = run({.command = {"python3", PLUGBOARD_SOURCE_DIR "/tests/like/compare.py",
                                           like_file(GetParam()), folder.path() + "/shown.json",
                                           folder.path() + "/notes"}});
    EXPECT_EQ(compared.status, 0) << compared.out << compared.err;
}

INSTANTIATE_TEST_SUITE_P(All, BoardLike, testing::Values("latest", "laptop", "soc"));

TEST(BoardLikeAnother, lights_its_screens) {
    const auto run =
        run_on_fresh_board({"modetest", "-M", "soc-drm", "-c"}, {"--like", like_file("soc")});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_NE(run.out.find("3840x2160"), std::string::npos) << run.out;
    EXPECT_NE(run.out.find("720x1280"), std::string::npos) << run.out;
}

TEST(BoardLikeAnother, is_one_of_two_ways_to_say_it) {
    const auto run =
        run_on_fresh_board({"true"}, {"--like", like_file("soc"), "-c", board_file("configfs")});
    EXPECT_NE(run.status, 0);
    EXPECT_NE(run.err.find("--config excludes --like"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace plugboard::tests
