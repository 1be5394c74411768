// What plugboard config takes and refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "cli/subcommands.h"

namespace plugboard::cli {
namespace {

/// What CLI11 says of the words: the error's name, or "action".
std::string parse(std::vector<std::string> words) {
    CLI::App app;
    Action action;
    add_config(app, action);
    std::ranges::reverse(words);
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        return error.get_name();
    }
    return action ? "action" : "nothing";
}

std::string help_of(const std::string& subcommand) {
    CLI::App app;
    Action action;
    add_config(app, action);
    return app.get_subcommand("config")->get_subcommand(subcommand)->help();
}

TEST(ConfigCommand, check_takes_one_source_of_cards) {
    EXPECT_EQ(parse({"config", "check"}), "action");
    EXPECT_EQ(parse({"config", "check", "board.toml"}), "action");
    EXPECT_EQ(parse({"config", "check", "--like", "real.json"}), "action");
    EXPECT_EQ(parse({"config", "check", "--like", "real.json", "-s", "eDP-1=none"}), "action");
    EXPECT_EQ(parse({"config", "check", "board.toml", "--like", "real.json"}), "ExcludesError");
    EXPECT_EQ(parse({"config", "check", "-p", "vkms", "--like", "real.json"}), "ExcludesError");
}

TEST(ConfigCommand, show_takes_a_preset_as_a_word_or_an_option) {
    EXPECT_EQ(parse({"config", "show", "laptop"}), "action");
    EXPECT_EQ(parse({"config", "show", "-p", "laptop"}), "action");
    EXPECT_EQ(parse({"config", "show", "laptop", "-p", "laptop"}), "ExcludesError");
    EXPECT_EQ(parse({"config", "show"}), "RequiredError");
}

TEST(ConfigCommand, show_needs_no_option) {
    EXPECT_THAT(help_of("show"), testing::Not(testing::HasSubstr("REQUIRED")));
}

}  // namespace
}  // namespace plugboard::cli
