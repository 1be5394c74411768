#include "cli/scenario_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "cli/failure.h"
#include "cli/picture_file.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

Step only_step(const std::string& lines) {
    const Scenario scenario = parse_scenario("[[step]]\n" + lines, "s.toml");
    EXPECT_EQ(scenario.steps.size(), 1u);
    return scenario.steps.front();
}

json action_of(const std::string& lines) {
    return std::get<BoardAction>(only_step(lines).what).request;
}

json expectation_of(const std::string& lines) {
    return std::get<BoardExpectation>(only_step(lines).what).request;
}

/// "what | remedy"
std::string failure_of(const std::string& text, const std::string& file = "s.toml") {
    try {
        parse_scenario(text, file);
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.exit(), Exit::Plugboard);
        EXPECT_FALSE(failure.remedy().empty()) << failure.what();
        return failure.what() + (" | " + failure.remedy());
    }
    return "none";
}

TEST(ScenarioFile, has_steps_with_names_and_lines) {
    const auto scenario = parse_scenario(
        "# comment\n[[step]]\nplug = \"DP-1\"\nspec = \"gaming\"\n\n[[step]]\nat = \"2s\"\n"
        "seat = \"pause\"\n",
        "s.toml");
    ASSERT_EQ(scenario.steps.size(), 2u);
    EXPECT_EQ(scenario.steps[0].name, "plug DP-1 gaming");
    EXPECT_EQ(scenario.steps[0].line, 2);
    EXPECT_EQ(scenario.steps[0].at, std::nullopt);
    EXPECT_EQ(scenario.steps[1].name, "seat pause");
    EXPECT_EQ(scenario.steps[1].line, 6);
    EXPECT_EQ(scenario.steps[1].at, milliseconds(2000));
}

TEST(ScenarioFile, actions_are_the_requests_of_the_commands) {
    EXPECT_EQ(action_of("plug = \"DP-1\""), json({{"op", "plug"}, {"target", "DP-1"}}));
    EXPECT_EQ(action_of("plug = \"DP-1\"\nspec = \"gaming\"").at("monitor"), "gaming");
    EXPECT_EQ(action_of("plug = \"DP-1\"\nspec = \"800x600@60\"").at("mode"), "800x600@60");
    EXPECT_EQ(action_of("unplug = \"gpu0\""), json({{"op", "unplug"}, {"target", "gpu0"}}));
    EXPECT_EQ(
        action_of("unplug = \"gpu0\"\ninside = \"MODE_ATOMIC:wait\""),
        json({{"op", "stop-at"}, {"target", "gpu0"}, {"ioctl", "MODE_ATOMIC"}, {"point", "wait"}}));
    EXPECT_EQ(action_of("set = \"DP-1  link-status=bad\""),
              json({{"op", "set"}, {"target", "DP-1"}, {"key", "link-status"}, {"value", "bad"}}));
    EXPECT_EQ(action_of("fault = \"gpu0 add  vblank=lost every=3\""),
              json({{"op", "fault"},
                    {"target", "gpu0"},
                    {"action", "add"},
                    {"fault", {{"vblank", "lost"}, {"every", "3"}}}}));
    EXPECT_EQ(action_of("fault = \"gpu0 add ioctl=MODE_CREATE_DUMB bytes=64 MB errno=ENOMEM\"")
                  .at("fault"),
              json({{"ioctl", "MODE_CREATE_DUMB"}, {"bytes", "64 MB"}, {"errno", "ENOMEM"}}));
    EXPECT_EQ(action_of("fault = \"gpu0 clear\"").at("action"), "clear");
    EXPECT_EQ(action_of("seat = \"resume\""), json({{"op", "seat"}, {"action", "resume"}}));
}

TEST(ScenarioFile, expectations_are_the_requests_of_wait) {
    EXPECT_EQ(expectation_of("expect = \"link-status\"\non = \"DP-1\"\nwithin = \"1s\""),
              json({{"op", "wait"},
                    {"for", "link-status"},
                    {"value", "good"},
                    {"on", "DP-1"},
                    {"timeout_ms", 1000}}));
    EXPECT_EQ(only_step("expect = \"link-status\"\nvalue = \"bad\"\n").name,
              "link-status=bad within 5s");
    EXPECT_EQ(expectation_of("expect = \"flips\""),
              json({{"op", "wait"}, {"for", "flips"}, {"count", 1}, {"timeout_ms", 5000}}));
    EXPECT_EQ(expectation_of("expect = \"flips\"\non = \"DP-1\"\ncount = 10\nwithin = \"500ms\""),
              json({{"op", "wait"},
                    {"for", "flips"},
                    {"count", 10},
                    {"on", "DP-1"},
                    {"timeout_ms", 500}}));
    EXPECT_EQ(expectation_of("expect = \"mode\"\nmode = \"800x600\"").at("mode"), "800x600");
    EXPECT_EQ(expectation_of("expect = \"uevent\"\nkey = \"HOTPLUG=1\"").at("key"), "HOTPLUG=1");
    for (const char* what : {"off", "open", "closed"})
        EXPECT_EQ(expectation_of(std::string("expect = \"") + what + "\"").at("for"), what);
    EXPECT_EQ(only_step("expect = \"flips\"\non = \"DP-1\"\nwithin = \"500ms\"").name,
              "flips=1 on DP-1 within 500ms");
}

TEST(ScenarioFile, exit_and_signal_are_of_the_command) {
    EXPECT_EQ(std::get<ExitExpectation>(only_step("expect = \"exit\"").what).status, 0);
    EXPECT_EQ(std::get<ExitExpectation>(only_step("expect = \"exit\"\nstatus = 143").what).status,
              143);
    EXPECT_EQ(std::get<CommandSignal>(only_step("signal = \"TERM\"").what).number, SIGTERM);
    EXPECT_EQ(std::get<CommandSignal>(only_step("signal = \"SIGKILL\"").what).number, SIGKILL);
}

TEST(ScenarioFile, pictures_and_EDIDs_are_in_its_folder) {
    const tests::TemporaryFolder folder;
    const std::vector<uint8_t> pixel = {1, 2, 3};
    write_png(folder.path() + "/ref.png", 1, 1, pixel);
    std::ofstream(folder.path() + "/edid.bin") << "EDID";
    const auto scenario = parse_scenario(
        "[[step]]\nexpect = \"screen\"\nequals = \"ref.png\"\ntolerance = 2\n"
        "[[step]]\nplug = \"DP-1\"\nspec = \"edid.bin\"\n",
        folder.path() + "/s.toml");
    const auto& picture = std::get<PictureExpectation>(scenario.steps[0].what);
    EXPECT_EQ(picture.reference.rgb, pixel);
    EXPECT_EQ(picture.tolerance, 2u);
    EXPECT_EQ(scenario.steps[0].name, "screen equals ref.png within 5s");
    EXPECT_EQ(std::get<BoardAction>(scenario.steps[1].what).request.at("edid"), "45444944");
}

TEST(ScenarioFile, names_the_place_of_what_is_wrong) {
    const struct {
        const char *text, *failure;
    } rows[] = {
        {"", "s.toml:1: has no step | "},
        {"[[step]]\nunplug = \"DP-1\"\n[[step]]\nexpect = \"flips\"\ncounts = 1\n",
         "s.toml:5: step 2: unknown key \"counts\" | known here: at, expect, within, on, count"},
        {"[[step]]\nunplug = \"DP-1\"\nplug = \"DP-1\"\n",
         "s.toml:3: step 1: does several things: plug, unplug | write a [[step]] for each"},
        {"[[step]]\nat = \"1s\"\n", "s.toml:1: step 1: does nothing | add one of: plug"},
        {"[[step]]\npulg = \"DP-1\"\n",
         "s.toml:2: step 1: unknown key \"pulg\" | what a step does"},
        {"[[step]]\nunplug = \"DP-1\"\nwithin = \"1s\"\n", "s.toml:3: step 1: unknown key"},
        {"[[step]]\nat = \"soon\"\nunplug = \"DP-1\"\n",
         "s.toml:2: step 1: \"soon\" is no duration"},
        {"[[step]]\nexpect = \"off\"\nwithin = 5\n", "s.toml:3: step 1: must be a text"},
        {"[[step]]\nexpect = \"rain\"\n", "s.toml:2: step 1: nobody can expect \"rain\""},
        {"[[step]]\nfault = \"gpu0 add ioctl\"\n", "s.toml:2: step 1: \"ioctl\" has no value"},
        {"[[step]]\nfault = \"gpu0\"\n", "s.toml:2: step 1: names no card, or does nothing"},
        {"[[step]]\nexpect = \"flips\"\ncount = 0\n", "s.toml:3: step 1: count must be a number"},
        {"[[step]]\nexpect = \"exit\"\nstatus = 256\n", "s.toml:3: step 1: status must be"},
        {"[[step]]\nexpect = \"screen\"\n", "s.toml:1: step 1: has no picture"},
        {"[[step]]\nexpect = \"screen\"\nequals = \"/nonexistent.png\"\n",
         "s.toml:3: step 1: /nonexistent.png cannot be read"},
        {"[[step]]\nplug = \"DP-1\"\nspec = \"gamming\"\n",
         "s.toml:3: step 1: \"gamming\" is no screen"},
        {"[[step]]\nset = \"DP-1\"\n", "s.toml:2: step 1: \"DP-1\" has no screen"},
        {"[[step]]\nset = \"DP-1 link-status\"\n",
         "s.toml:2: step 1: \"link-status\" has no value"},
        {"[[step]]\nseat = \"stop\"\n", "s.toml:2: step 1: the seat has no \"stop\""},
        {"[[step]]\nsignal = \"NONE\"\n", "s.toml:2: step 1: there is no signal \"NONE\""},
        {"[[step]]\nunplug = \"gpu0\"\ninside = \"atomic\"\n",
         "s.toml:3: step 1: \"atomic\" has no colon"},
        {"[[step]]\nat = \"2s\"\nunplug = \"DP-1\"\n[[step]]\nat = \"1s\"\nplug = \"DP-1\"\n",
         "s.toml:4: step 2: is to be done before the step above"},
        {"[step]\nunplug = \"DP-1\"\n", "s.toml:1: step is no list of tables"},
        {"step = []\n", "s.toml:1: step is no list of tables"},
        {"[[steps]]\n", "s.toml:1: unknown key \"steps\""},
        {"[[step]\n", "s.toml:1: "},
    };
    for (const auto& row : rows)
        EXPECT_THAT(failure_of(row.text), testing::StartsWith(row.failure)) << row.text;
}

TEST(ScenarioFile, that_is_not_there_is_named) {
    try {
        read_scenario("/nonexistent.toml");
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_STREQ(failure.what(), "/nonexistent.toml: cannot be read");
    }
}

TEST(ScenarioFile, that_is_too_large_is_told_what_one_is) {
    const tests::TemporaryFolder folder;
    const std::string file = folder.path() + "/large.toml";
    std::ofstream(file).close();
    std::filesystem::resize_file(file, (16 << 20) + 1);
    try {
        read_scenario(file);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(), file + ": has over 16777216 bytes");
        EXPECT_EQ(failure.remedy(), "name a scenario's TOML");
    }
}

}  // namespace
}  // namespace plugboard::cli
