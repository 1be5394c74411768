// Debian's compositors on a board, as an ordinary user runs them: what they draw, how evenly, and
// how they end.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/run.h"
#include "tests/system/board.h"
#include "tests/system/flip_record.h"
#include "tests/system/stage.h"

namespace plugboard::tests {
namespace {

constexpr uint32_t width = 1024, height = 768;  // of a screen without EDID
constexpr unsigned flips_judged = 180;

class Compositors : public testing::TestWithParam<Compositor> {};

TEST_P(Compositors, draws_a_clients_picture_bit_for_bit_and_ends_cleanly) {
    Stage stage(GetParam(), {.client = client_program("wayland_picture")});
    ASSERT_TRUE(stage.prints("drawn 1024x768")) << stage.log();
    stage.ask({"wait", "flips=30", "--timeout", "20s"});
    EXPECT_TRUE(stage.shows_pattern("Virtual-1", width, height));
    EXPECT_TRUE(stage.ends_cleanly());
}

TEST_P(Compositors, flips_60_times_a_second) {
    Stage stage(GetParam(), {.client = client_program("wayland_picture")});
    ASSERT_TRUE(stage.prints("drawn 1024x768")) << stage.log();
    const std::string words = stage.judge_flips(flips_judged);
    const FlipRecord record(words);
    EXPECT_NEAR(record.mean, 60.0, 0.1) << words;
    EXPECT_EQ(record.uneven, 0) << words;
    ASSERT_GE(record.skipped, 0) << words;
    EXPECT_LE(record.skipped - record.stood_still, flips_judged / 10)
        << "it draws a picture anew for nearly every vblank\n"
        << words;
    EXPECT_TRUE(stage.ends_cleanly());
}

/// What a start costs here is the number of its round trips, which needs no quiet machine. (How
/// long they take: bench/startup_bench.cpp.)
TEST_P(Compositors, needs_no_more_ioctls_than_ever_for_its_first_picture) {
    Stage stage(GetParam(), {.client = client_program("wayland_picture") + " -1 still"});
    ASSERT_TRUE(stage.prints("drawn 1024x768")) << stage.log();
    const auto status = nlohmann::json::parse(stage.ask({"status", "--json"}));
    int64_t ioctls = 0, nanoseconds = 0;
    for (const auto& file : status.at("files")) {
        ioctls += file.at("ioctls").get<int64_t>();
        nanoseconds += file.at("ioctl_ns").get<int64_t>();
    }
    EXPECT_GE(ioctls, 100) << "it finds out what the card can do, and draws";
    EXPECT_LE(ioctls, 220);
    EXPECT_GT(nanoseconds, 0);
    EXPECT_TRUE(stage.ends_cleanly());
}

INSTANTIATE_TEST_SUITE_P(Debian, Compositors, testing::ValuesIn(compositors()),
                         [](const auto& of) { return of.param.name; });

/// Where no launcher serves it weston opens the card by itself. A virtual console, which the host
/// may have, it would take for its own: none is seen.
TEST(Weston, opens_the_card_by_itself_and_takes_no_terminal) {
    Compositor weston = compositors().front();
    weston.command.insert(weston.command.begin(), {"env", "-u", "WESTON_LAUNCHER_SOCK"});
    Stage stage(weston, {.client = client_program("wayland_picture")});
    ASSERT_TRUE(stage.prints("drawn 1024x768")) << stage.log();
    EXPECT_NE(stage.log().find("Trying direct launcher"), std::string::npos) << stage.log();
    EXPECT_TRUE(stage.shows_pattern("Virtual-1", width, height));
    EXPECT_TRUE(stage.ends_cleanly());
}

/// Mesa's software renderer draws into the card's own buffers, as fast as it can: each flip is on a
/// vblank. It stops when its input can be read: it gets silence.
TEST(Kmscube, turns_its_cube) {
    const Compositor kmscube{.name = "kmscube", .command = {"kmscube"}, .config = ""};
    Stage stage(kmscube, {});
    ASSERT_TRUE(stage.prints("llvmpipe")) << stage.log();
    const std::string words = stage.judge_flips(flips_judged);
    const FlipRecord record(words);
    EXPECT_NEAR(record.mean, 60.0, 0.1) << words;
    EXPECT_EQ(record.uneven, 0) << words;
    const std::string first = stage.file("first.png"), second = stage.file("second.png");
    stage.ask({"screenshot", "Virtual-1", first});
    stage.ask({"wait", "flips=30", "--timeout", "30s"});
    EXPECT_EQ(stage.plugboard({"screenshot", "Virtual-1", second, "--diff", first}).status, 1);
    const RunResult run = stage.end();
    EXPECT_EQ(run.status, 128 + SIGTERM) << run.err << stage.log();
    EXPECT_NE(run.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << run.err;
}

}  // namespace
}  // namespace plugboard::tests
