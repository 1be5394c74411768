#include "cli/board_options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>

#include "cli/failure.h"

namespace plugboard::cli {
namespace {

class BoardOptionsTest : public testing::Test {
  protected:
    void TearDown() override {
        unsetenv("PLUGBOARD_CONFIG");
        unsetenv("PLUGBOARD_PRESET");
    }
    static BoardOptions usual(std::vector<std::string> words) {
        CLI::App command;
        BoardOptions options;
        add_board_options(command, options);
        std::ranges::reverse(words);
        command.parse(words);
        return options.with_usual_cards();
    }
};

TEST_F(BoardOptionsTest, take_the_cards_of_a_variable) {
    setenv("PLUGBOARD_PRESET", "laptop", 1);
    EXPECT_EQ(usual({}).preset, "laptop");
    EXPECT_EQ(usual({"--step"}).preset, "laptop");
}

TEST_F(BoardOptionsTest, that_are_given_win_over_the_variables) {
    setenv("PLUGBOARD_CONFIG", "usual.toml", 1);
    EXPECT_EQ(usual({"-p", "laptop"}).config, "");
    EXPECT_EQ(usual({"--like", "real.json"}).config, "");
    EXPECT_EQ(usual({"-c", "other.toml"}).config, "other.toml");
    setenv("PLUGBOARD_PRESET", "laptop", 1);
    EXPECT_EQ(usual({"-c", "other.toml"}).preset, "");
}

TEST_F(BoardOptionsTest, of_both_variables_name_them) {
    setenv("PLUGBOARD_CONFIG", "usual.toml", 1);
    setenv("PLUGBOARD_PRESET", "laptop", 1);
    try {
        (void)usual({});
        FAIL() << "no failure";
    } catch (const Failure& failure) {
        EXPECT_STREQ(failure.what(), "both PLUGBOARD_CONFIG and PLUGBOARD_PRESET are set");
    }
}

TEST_F(BoardOptionsTest, of_a_variable_are_not_asked_for_here) {
    setenv("PLUGBOARD_CONFIG", "usual.toml", 1);
    CLI::App command;
    BoardOptions options;
    add_board_options(command, options);
    command.parse(std::vector<std::string>());
    EXPECT_FALSE(options.has_cards());
}

}  // namespace
}  // namespace plugboard::cli
