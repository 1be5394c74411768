// What `plugboard explain` says of a board's references: holders, since when and where, loops,
// drawings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/control_client.h"
#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* planted_loop =
    "planted leak -> planted leak [planted] -> planted leak [planted]: nothing will break this "
    "loop\n";

/// A board that stays.
class ExplainTest : public OwnBoards {
  protected:
    ExplainTest() { EXPECT_EQ(plugboard({"up", "-b", "own"}).status, 0); }

    RunResult explain(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "explain");
        arguments.insert(arguments.end(), {"-b", "own"});
        return plugboard(std::move(arguments));
    }
    json explain_json(std::vector<std::string> arguments) const {
        arguments.emplace_back("--json");
        return json::parse(explain(std::move(arguments)).out);
    }
    /// A client that has the card open until its input ends.
    RunOptions opener() const {
        return line(
            {"run", "-b", "own", "--", "sh", "-c", "exec 3</dev/dri/card0; echo ready; cat"});
    }
    void plant_loop() const {
        cli::ask_board(folder_.path() + "/plugboard/own", {{"op", "plant-leak"}, {"kind", "loop"}});
    }
    std::string path(const std::string& file) const { return folder_.path() + "/" + file; }
    std::string text_of(const std::string& file) const {
        std::ifstream in(path(file));
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

TEST_F(ExplainTest, card_is_held_by_its_device_and_by_each_open_file) {
    Running client(opener());
    ASSERT_TRUE(client.wait_for_output("ready"));
    const auto result = explain({"card0 ("});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("card0 \\(vkms\\): 2 references\n"
                                          "  device vkms \\[devm action \"drm_dev_put\"\\]\n"
                                          "  file [0-9]+ \\(.*\\) \\[drm_file.minor\\]\n"));
    const json body = explain_json({"card0 ("});
    ASSERT_EQ(body.at("objects").size(), 1u);
    EXPECT_EQ(body.at("objects").at(0).at("references"), 2);
    EXPECT_EQ(body.at("objects").at(0).at("holders").at(1).at("reason"), "drm_file.minor");
    EXPECT_EQ(body.at("tracking"), false);
    client.close_input();
    EXPECT_EQ(client.finish().status, 0);
}

TEST_F(ExplainTest, tracking_says_since_when_and_in_which_code_a_reference_was_taken) {
    EXPECT_EQ(explain({"--track", "on"}).status, 0);
    Running client(opener());
    ASSERT_TRUE(client.wait_for_output("ready"));
    const auto result = explain({"card0 ("});
    EXPECT_THAT(result.out, HasSubstr("[devm action \"drm_dev_put\"]\n"
                                      "      held since before tracking\n"));
    EXPECT_THAT(result.out,
                ContainsRegex("\\[drm_file.minor\\]\n"
                              "      held for [0-9.]+ m?s, taken in .*drm::File::open"));
    // Nobody names the file itself; the session's table has it.
    EXPECT_THAT(explain({"file "}).out,
                ContainsRegex("  unnamed\n"
                              "      held for [0-9.]+ m?s, taken in .*daemon::FileTable::open"));
    EXPECT_EQ(explain({"--track", "off"}).status, 0);
    EXPECT_THAT(explain({"card0 ("}).out, Not(HasSubstr("held")));
    client.close_input();
    EXPECT_EQ(client.finish().status, 0);
}

TEST_F(ExplainTest, card_that_is_plugged_while_tracked_is_known_whole) {
    EXPECT_EQ(explain({"--track", "on"}).status, 0);
    EXPECT_EQ(plugboard({"unplug", "gpu0", "-b", "own"}).status, 0);
    EXPECT_EQ(plugboard({"plug", "gpu0", "-b", "own"}).status, 0);
    const json card = explain_json({" (vkms)"}).at("objects").at(0);
    for (const json& holder : card.at("holders")) EXPECT_TRUE(holder.contains("held_s")) << holder;
    EXPECT_EQ(card.at("unnamed"), 0);
    // The drawing has it as well.
    EXPECT_EQ(explain({"--graph", path("refs.dot"), " (vkms)"}).status, 0);
    EXPECT_THAT(text_of("refs.dot"), HasSubstr("tooltip=\"held for "));
}

TEST_F(ExplainTest, loop_is_found_told_drawn_and_left_behind) {
    EXPECT_EQ(explain({"--loops"}).status, 0);
    plant_loop();
    const auto loops = explain({"--loops"});
    EXPECT_EQ(loops.status, 1);
    EXPECT_EQ(loops.out, planted_loop);
    EXPECT_THAT(loops.err, HasSubstr("plugboard explain --track on"));
    const json body = explain_json({"--loops"});
    ASSERT_EQ(body.at("paths").size(), 1u);
    EXPECT_EQ(body.at("paths").at(0).at("edges").size(), 2u);

    const auto drawn = explain({"--graph", path("refs.dot")});
    EXPECT_THAT(drawn.out,
                ContainsRegex("refs.dot: [0-9]+ objects, 1 loop that nobody will break"));
    EXPECT_THAT(text_of("refs.dot"), HasSubstr("[label=\"planted\", color=red"));

    const auto ended = plugboard({"run", "-b", "own", "--check-leaks", "--", "true"});
    EXPECT_EQ(ended.status, 123);
    EXPECT_THAT(ended.err, HasSubstr("left behind: 2 objects, 0 fds, 0 processes"));
    EXPECT_THAT(ended.err, HasSubstr(std::string("  loop: ") + planted_loop));
}

TEST_F(ExplainTest, loop_is_named_at_the_end_of_a_run_of_its_own) {
    Running own(
        line({"run", "-b", "second", "--check-leaks", "--", "sh", "-c", "echo ready; cat"}));
    ASSERT_TRUE(own.wait_for_output("ready"));
    cli::ask_board(folder_.path() + "/plugboard/second", {{"op", "plant-leak"}, {"kind", "loop"}});
    own.close_input();
    const auto ended = own.finish();
    EXPECT_EQ(ended.status, 123);
    EXPECT_THAT(ended.err, HasSubstr(std::string("  loop: ") + planted_loop));
}

TEST_F(ExplainTest, graph_is_written_in_the_format_of_the_files_name) {
    EXPECT_EQ(explain({"--graph", path("refs.json")}).status, 0);
    const json whole = json::parse(text_of("refs.json"));
    EXPECT_EQ(explain({"--graph", path("part.json"), "connector Virtual-1"}).status, 0);
    const json part = json::parse(text_of("part.json"));
    EXPECT_GT(part.at("nodes").size(), 1u) << "the card reaches it";
    EXPECT_LT(part.at("nodes").size(), whole.at("nodes").size());

    EXPECT_EQ(explain({"--graph", path("refs.dot")}).status, 0);
    EXPECT_THAT(text_of("refs.dot"), HasSubstr("[label=\"drm_device.dev\"]"));

    const auto other = explain({"--graph", path("refs.png")});
    EXPECT_EQ(other.status, 1);
    EXPECT_THAT(other.err, HasSubstr(".svg"));
    EXPECT_FALSE(std::filesystem::exists(path("refs.png")));
}

TEST_F(ExplainTest, drawing_is_an_svg) {
    ASSERT_EQ(run({.command = {"dot", "-V"}}).status, 0) << "scripts/test installs graphviz";
    const auto drawn = explain({"--graph", path("refs.svg")});
    EXPECT_EQ(drawn.status, 0) << drawn.err;
    EXPECT_THAT(text_of("refs.svg"), HasSubstr("<svg"));
    EXPECT_THAT(text_of("refs.svg"), HasSubstr("card0 (vkms)"));
}

TEST_F(ExplainTest, board_has_no_loop_by_itself_and_no_object_of_any_name) {
    EXPECT_EQ(explain({"--loops"}).status, 0);
    EXPECT_NE(explain({"no such thing"}).status, 0);
}

TEST_F(ExplainTest, options_that_contradict_each_other_are_usage_errors) {
    const std::vector<std::vector<std::string>> lines = {{"--loops", "--graph", "a.dot"},
                                                         {"--loops", "--track", "on"},
                                                         {"--track", "maybe"},
                                                         {"--graph", "a.dot", "--json"},
                                                         {"--track", "on", "--json"}};
    for (const auto& arguments : lines) EXPECT_EQ(explain(arguments).status, 2) << arguments.back();
}

}  // namespace
}  // namespace plugboard::tests
