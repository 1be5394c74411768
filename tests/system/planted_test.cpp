// Clients with a planted bug, and the scenarios that find it: each fails with the bug and says what
// was expected, and passes with the same client without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class PlantedTest : public OwnBoards {
  protected:
    std::string file(const std::string& name, const std::string& text = {}) const {
        const std::string path = folder_.path() + "/" + name;
        if (!text.empty()) std::ofstream(path) << text;
        return path;
    }
    RunResult play(const std::string& steps, Words command, const Words& options) const {
        Words words = {"scenario", file("s.toml", steps)};
        words.insert(words.end(), options.begin(), options.end());
        words.push_back("--");
        words.insert(words.end(), command.begin(), command.end());
        return run(line(words));
    }
    RunResult play_buggy(const std::string& steps, const char* client, const Words& options) const {
        return play(steps, {client_program(client)}, options);
    }
    RunResult play_fixed(const std::string& steps, const char* client, const Words& options) const {
        return play(steps, {client_program(client), "--fixed"}, options);
    }
};

/// The n-th block of docs/faults.md that begins with ```toml.
std::string documented(size_t index) {
    std::ifstream document(PLUGBOARD_SOURCE_DIR "/docs/faults.md");
    std::stringstream text;
    text << document.rdbuf();
    const std::string begin = "```toml\n";
    size_t at = 0;
    for (size_t i = 0; i <= index; ++i) {
        at = text.str().find(begin, at);
        if (at == std::string::npos) return "";
        at += begin.size();
    }
    return text.str().substr(at, text.str().find("```", at) - at);
}

constexpr const char* overlays = "[[card]]\nprofile = \"linux-latest\"\noverlays = true\n";

TEST_F(PlantedTest, a_plane_that_the_card_has_refused_is_missed_in_the_picture) {
    const std::string steps =
        "[[step]]\nexpect = \"flips\"\ncount = 3\nwithin = \"30s\"\n"
        "[[step]]\nexpect = \"screen\"\nequals = \"ref.png\"\n";
    // What it shows where the card accepts all.
    environment_.emplace_back("REFERENCE", file("ref.png"));
    const auto shot = run(line({"run", "-c", file("free.toml", overlays), "--", "bash", "-c",
                                client_program("rejected_plane") +
                                    " & plugboard wait flips=3 --timeout 30s && plugboard "
                                    "screenshot $REFERENCE; kill $!"}));
    ASSERT_EQ(shot.status, 0) << shot.err;
    const Words options = {
        "-c", file("board.toml", std::string(overlays) + "[[card.limit]]\nplanes = 1\n")};
    const auto buggy = play_buggy(steps, "rejected_plane", options);
    EXPECT_EQ(buggy.status, 1) << buggy.out << buggy.err;
    EXPECT_THAT(buggy.out, HasSubstr("not ok 2 - screen equals ref.png within 5s\n"));
    EXPECT_THAT(buggy.out, HasSubstr("16384 of ")) << "the window, and nothing else";
    const auto fixed = play_fixed(steps, "rejected_plane", options);
    EXPECT_EQ(fixed.status, 0) << fixed.out << fixed.err;
}

TEST_F(PlantedTest, a_link_that_stays_bad_is_told) {
    const std::string steps =
        "[[step]]\nexpect = \"flips\"\ncount = 3\nwithin = \"30s\"\n"
        "[[step]]\nset = \"DP-1 link-status=bad\"\n"
        "[[step]]\nexpect = \"link-status\"\non = \"DP-1\"\nwithin = \"2s\"\n";
    const Words options = {"-s", "DP-1=640x480"};
    const auto buggy = play_buggy(steps, "bad_link", options);
    EXPECT_EQ(buggy.status, 1) << buggy.out << buggy.err;
    EXPECT_THAT(buggy.out, HasSubstr("not ok 3 - link-status=good on DP-1 within 2s\n"));
    EXPECT_THAT(buggy.out,
                HasSubstr("message: \"there is: gpu0/DP-1 640x480, its link-status bad\""));
    const auto fixed = play_fixed(steps, "bad_link", options);
    EXPECT_EQ(fixed.status, 0) << fixed.out << fixed.err;
}

TEST_F(PlantedTest, a_crtc_that_is_left_on_is_told) {
    const std::string steps =
        "[[step]]\nexpect = \"mode\"\non = \"DP-2\"\nwithin = \"30s\"\n"
        "[[step]]\nunplug = \"DP-2\"\n"
        "[[step]]\nexpect = \"off\"\non = \"DP-2\"\nwithin = \"2s\"\n"
        "[[step]]\nplug = \"DP-2\"\n"
        "[[step]]\nexpect = \"mode\"\non = \"DP-2\"\n";
    const Words options = {"-s", "DP-1=640x480", "-s", "DP-2=800x600"};
    const auto buggy = play_buggy(steps, "left_on", options);
    EXPECT_EQ(buggy.status, 1) << buggy.out << buggy.err;
    EXPECT_THAT(buggy.out, HasSubstr("not ok 3 - off on DP-2 within 2s\n"));
    EXPECT_THAT(buggy.out, HasSubstr("message: \"there is: gpu0/DP-2 800x600@60\""));
    const auto fixed = play_fixed(steps, "left_on", options);
    EXPECT_EQ(fixed.status, 0) << fixed.out << fixed.err;
}

TEST_F(PlantedTest, the_scenario_of_the_documentation_runs_on_its_board) {
    const std::string board = documented(0), steps = documented(1);
    ASSERT_THAT(board, HasSubstr("[[card.limit]]"));
    ASSERT_THAT(steps, HasSubstr("[[step]]"));
    const Words options = {"-c", file("board.toml", board)};
    const auto fixed = play_fixed(steps, "bad_link", options);
    EXPECT_EQ(fixed.status, 0) << fixed.out << fixed.err;
    const auto buggy = play_buggy(steps, "bad_link", options);
    EXPECT_EQ(buggy.status, 1) << buggy.out << buggy.err;
    EXPECT_THAT(buggy.out, HasSubstr("not ok 3 - link-status=good on DP-1 within 2s\n"));
}

TEST_F(PlantedTest, a_scenario_plants_a_fault_and_clears_it) {
    const std::string steps =
        "[[step]]\nexpect = \"flips\"\ncount = 3\nwithin = \"30s\"\n"
        "[[step]]\nfault = \"gpu0 add ioctl=MODE_PAGE_FLIP errno=ENOMEM\"\n"
        "[[step]]\nexpect = \"exit\"\nstatus = 1\nwithin = \"30s\"\n"
        "[[step]]\nfault = \"gpu0 clear\"\n";
    const auto result = play_fixed(steps, "bad_link", {"-s", "DP-1=640x480"});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.err, HasSubstr("client: PAGE_FLIP: Cannot allocate memory"));
    const auto refused = play_fixed("[[step]]\nfault = \"gpu0 add ioctl=TEA errno=EIO\"\n",
                                    "bad_link", {"-s", "DP-1=640x480"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.out, HasSubstr("message: \"ioctl: there is no ioctl \\\"TEA\\\"\""));
}

TEST_F(PlantedTest, the_command_plants_lists_and_clears) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    const auto fault = [&](Words words) {
        words.insert(words.begin(), "fault");
        words.insert(words.end(), {"-b", "ci"});
        return plugboard(words);
    };
    EXPECT_EQ(fault({"gpu0", "add", "ioctl=MODE_ATOMIC", "call=3", "errno=EBUSY"}).out, "1\n");
    EXPECT_EQ(fault({"gpu0", "add", "vblank=late", "by=5ms"}).out, "2\n");
    EXPECT_EQ(fault({"gpu0", "list"}).out,
              "1: ioctl=MODE_ATOMIC errno=EBUSY call=3 (0 of 0 hit)\n"
              "2: vblank=late by=5ms (0 of 0 hit)\n");
    EXPECT_EQ(fault({"gpu0", "clear", "1"}).status, 0);
    EXPECT_EQ(fault({"gpu0", "list"}).out, "2: vblank=late by=5ms (0 of 0 hit)\n");
    const auto refused = fault({"gpu0", "add", "vblank=early"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.err, HasSubstr("vblank: no vblank is \"early\""));
    EXPECT_EQ(fault({"gpu0"}).status, 1);
}

}  // namespace
}  // namespace plugboard::tests
