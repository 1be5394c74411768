// Debian's compositors on a board, as an ordinary user runs them: what they draw, how evenly, and
// how they end.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/run.h"
#include "tests/system/board.h"
#include "tests/system/stage.h"

namespace plugboard::tests {
namespace {

constexpr uint32_t width = 1024, height = 768;  // of a screen without EDID

class Compositors : public testing::TestWithParam<Compositor> {};

TEST_P(Compositors, draws_a_clients_picture_bit_for_bit_and_ends_cleanly) {
    Stage stage(GetParam(), {.client = client_program("wayland_picture")});
    ASSERT_TRUE(stage.prints("drawn 1024x768")) << stage.log();
    stage.ask({"wait", "flips=30", "--timeout", "20s"});
    EXPECT_TRUE(stage.shows_pattern("Virtual-1", width, height));
    const RunResult run = stage.end();
    EXPECT_EQ(run.status, 0) << run.err << stage.log();
    EXPECT_NE(run.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << run.err;
}

INSTANTIATE_TEST_SUITE_P(Debian, Compositors, testing::ValuesIn(compositors()),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace plugboard::tests
