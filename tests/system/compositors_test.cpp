// Debian's compositors on a board, as an ordinary user runs them: what they draw, how evenly, and
// how they end.
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "cli/picture_file.h"
#include "tests/support/run.h"
#include "tests/system/board.h"
#include "tests/system/flip_record.h"
#include "tests/system/stage.h"

namespace plugboard::tests {
namespace {

constexpr uint32_t screen_width = 1024, screen_height = 768;  // of a screen without EDID
constexpr unsigned flips_judged = 180;

class Compositors : public testing::TestWithParam<Compositor> {};

TEST_P(Compositors, draws_a_clients_picture_bit_for_bit_and_ends_cleanly) {
    Stage stage(GetParam(), {.client = client_program("wayland_picture")});
    ASSERT_TRUE(stage.prints("drawn 1024x768")) << stage.log();
    stage.ask({"wait", "flips=30", "--timeout", "20s"});
    EXPECT_TRUE(stage.shows_pattern("Virtual-1", screen_width, screen_height));
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
    EXPECT_TRUE(stage.shows_pattern("Virtual-1", screen_width, screen_height));
    EXPECT_TRUE(stage.ends_cleanly());
}

/// Mesa's software renderer draws into the card's own buffers, as fast as it can: each flip is on a
/// vblank. It stops when its input can be read: it gets silence.
class Kmscube : public testing::TestWithParam<Compositor> {
  protected:
    /// Of the screen, in the stage's folder.
    static cli::Picture picture(const Stage& stage, const std::string& name) {
        stage.ask({"screenshot", "Virtual-1", stage.file(name)});
        return cli::read_png(stage.file(name));
    }
};

/// A grey screen with a cube of many colours in its middle, which reaches none of its edges.
testing::AssertionResult shows_a_cube(const cli::Picture& picture) {
    using Colour = std::array<uint8_t, 3>;
    constexpr Colour grey = {128, 128, 128};
    const auto colour = [&](uint32_t x, uint32_t y) {
        const size_t at = (size_t{y} * picture.width + x) * 3;
        return Colour{picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]};
    };
    if (picture.width != screen_width || picture.height != screen_height)
        return testing::AssertionFailure() << picture.width << "x" << picture.height;
    std::set<Colour> colours;
    size_t size = 0;
    for (uint32_t y = 0; y < screen_height; y++) {
        for (uint32_t x = 0; x < screen_width; x++) {
            if (colour(x, y) == grey) continue;
            const bool is_near = x >= screen_width / 8 && x < screen_width * 7 / 8 &&
                                 y >= screen_height / 8 && y < screen_height * 7 / 8;
            if (!is_near) return testing::AssertionFailure() << "not grey at " << x << "," << y;
            colours.insert(colour(x, y));
            size++;
        }
    }
    if (colour(screen_width / 2, screen_height / 2) == grey)
        return testing::AssertionFailure() << "no cube in the middle";
    if (size < screen_width * screen_height / 10 || colours.size() < 1000)
        return testing::AssertionFailure() << size << " pixels of " << colours.size() << " colours";
    return testing::AssertionSuccess();
}

TEST_P(Kmscube, turns_its_cube) {
    Stage stage(GetParam(), {});
    ASSERT_TRUE(stage.prints("llvmpipe")) << stage.log();
    const std::string words = stage.judge_flips(flips_judged);
    const FlipRecord record(words);
    EXPECT_NEAR(record.mean, 60.0, 0.1) << words << stage.log();
    EXPECT_EQ(record.uneven, 0) << words;
    const auto first = picture(stage, "first.png");
    EXPECT_TRUE(shows_a_cube(first));
    stage.ask({"wait", "flips=30", "--timeout", "30s"});
    const auto second = picture(stage, "second.png");
    EXPECT_TRUE(shows_a_cube(second));
    EXPECT_NE(first.rgb, second.rgb) << "it turns";
    const RunResult run = stage.end();
    EXPECT_EQ(run.status, 128 + SIGTERM) << run.err << stage.log();
    EXPECT_NE(run.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << run.err;
}

const Compositor kmscubes[] = {
    {.name = "legacy", .command = {"kmscube"}, .config = ""},
    // Its own fences wait for the card's, and the card's commits for its own.
    {.name = "atomic",
     .command = {"sh", "-c",
                 "LD_PRELOAD=\"$LD_PRELOAD:" + client_program("native_fences.so") +
                     "\" exec kmscube -A"},
     .config = ""}};
INSTANTIATE_TEST_SUITE_P(Debian, Kmscube, testing::ValuesIn(kmscubes),
                         [](const auto& of) { return of.param.name; });

TEST(KmscubeAtomic, ends_by_itself_where_the_renderer_has_no_native_fences) {
    Stage stage({.name = "kmscube", .command = {"kmscube", "-A"}, .config = ""}, {});
    const RunResult run = stage.finish();
    EXPECT_NE(stage.log().find("no eglDupNativeFenceFDANDROID"), std::string::npos) << stage.log();
    EXPECT_NE(run.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << run.err;
}

}  // namespace
}  // namespace plugboard::tests
