// Scenarios on real clients: what they do to a board, what they expect, and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/support/comes_true.h"
#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

constexpr const char* drawing = "[[step]]\nexpect = \"flips\"\ncount = 3\nwithin = \"30s\"\n";

class ScenarioTest : public OwnBoards {
  protected:
    std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
    RunOptions scenario(const std::string& text, const Words& command,
                        const Words& options = {}) const {
        std::ofstream(file("s.toml")) << text;
        Words words = {"scenario", file("s.toml")};
        words.insert(words.end(), options.begin(), options.end());
        words.push_back("--");
        words.insert(words.end(), command.begin(), command.end());
        return line(words);
    }
    RunResult play(const std::string& text, const Words& command, const Words& options = {}) const {
        auto result = run(scenario(text, command, options));
        EXPECT_EQ(boards().size(), 0u) << "a board was left behind";
        return result;
    }
    static Words flips() { return {client_program("flips"), "100000"}; }
    /// modetest's picture until it is told to end.
    static Words picture(const std::string& pattern) {
        return {"bash", "-c",
                "exec modetest -M vkms -F " + pattern +
                    " -s $(modetest -M vkms -c | awk '$4 == \"Virtual-1\" { print $1 }'):1024x768"};
    }
};

TEST_F(ScenarioTest, of_good_steps_is_ok) {
    const auto result =
        play(std::string(drawing) +
                 "[[step]]\nexpect = \"mode\"\non = \"DP-1\"\nmode = \"2560x1440\"\n"
                 "[[step]]\nunplug = \"DP-1\"\n"
                 "[[step]]\nat = \"300ms\"\nplug = \"DP-1\"\nspec = \"uhd\"\n"
                 "[[step]]\nset = \"DP-1 link-status=bad\"\n"
                 "[[step]]\nsignal = \"INT\"\n"
                 "[[step]]\nexpect = \"exit\"\nwithin = \"30s\"\n"
                 "[[step]]\nexpect = \"closed\"\n",
             flips(), {"-s", "DP-1=gaming", "--strict", "--junit", file("report.xml")});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out,
                testing::StartsWith("TAP version 13\n1..8\nok 1 - flips=3 within 30s "));
    EXPECT_THAT(result.out, HasSubstr("\nok 4 - plug DP-1 uhd ("));
    EXPECT_THAT(result.out, HasSubstr("\nok 8 - closed within 5s ("));
    EXPECT_THAT(result.err, HasSubstr("left behind: 0 objects, 0 fds, 0 processes"));
    EXPECT_THAT(result.err, HasSubstr("flips ")) << "what the command prints is there";
    EXPECT_THAT(result.out, Not(HasSubstr("\nflips ")));
    const auto parsed = run({.command = {"python3", "-c",
                                         "import sys, xml.etree.ElementTree as E; r = "
                                         "E.parse(sys.argv[1]).getroot(); print(r.tag, "
                                         "r.get('tests'), r.get('failures'), len(r))",
                                         file("report.xml")}});
    EXPECT_EQ(parsed.out, "testsuite 8 0 8\n") << parsed.err;
}

TEST_F(ScenarioTest, ends_at_the_first_step_that_fails) {
    const auto result = play(
        "[[step]]\nexpect = \"open\"\nwithin = \"30s\"\n"
        "[[step]]\nexpect = \"mode\"\nmode = \"12x34\"\nwithin = \"50ms\"\n"
        "[[step]]\nunplug = \"gpu0\"\n",
        flips(), {"--junit", file("report.xml")});
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.out, HasSubstr("\nnot ok 2 - mode=12x34 within 50ms\n  ---\n"));
    EXPECT_THAT(result.out, HasSubstr("  message: \"there is: gpu0/Virtual-1 "));
    EXPECT_THAT(result.out, HasSubstr("  remedy: \""));
    EXPECT_THAT(result.out, HasSubstr("s.toml:4\"\n"));
    EXPECT_THAT(result.out, HasSubstr("\nok 3 - unplug gpu0 # SKIP step 2 has failed\n"));
    const auto parsed = run({.command = {"python3", "-c",
                                         "import sys, xml.etree.ElementTree as E; "
                                         "print([c.tag for t in E.parse(sys.argv[1]).getroot() "
                                         "for c in t])",
                                         file("report.xml")}});
    EXPECT_EQ(parsed.out, "['failure', 'skipped']\n") << parsed.err;
}

TEST_F(ScenarioTest, fails_with_what_the_board_refuses) {
    const auto result = play("[[step]]\nplug = \"DP-9\"\n", {"sleep", "60"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("not ok 1 - plug DP-9\n"));
    EXPECT_THAT(result.out, HasSubstr("DP-9\\\""));
}

TEST_F(ScenarioTest, ends_at_once_when_the_command_dies) {
    const auto result =
        play("[[step]]\nexpect = \"flips\"\nwithin = \"1h\"\n", {"sh", "-c", "kill -SEGV $$"});
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.out,
                HasSubstr("message: \"sh is gone too early: it died of signal 11 (Segmentation"));
}

TEST_F(ScenarioTest, does_not_wait_for_the_time_of_a_step_when_the_command_has_died) {
    const auto result = play("[[step]]\nat = \"1h\"\nunplug = \"gpu0\"\n", {"sh", "-c", "exit 3"});
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.out, HasSubstr("sh is gone too early: it ended with status 3"));
}

TEST_F(ScenarioTest, goes_on_where_the_end_is_expected) {
    const auto result = play(std::string(drawing) +
                                 "[[step]]\nunplug = \"gpu0\"\n"
                                 "[[step]]\nexpect = \"closed\"\nwithin = \"30s\"\n"
                                 "[[step]]\nexpect = \"exit\"\nstatus = 1\nwithin = \"30s\"\n"
                                 "[[step]]\nplug = \"gpu0\"\n"
                                 "[[step]]\nexpect = \"off\"\n",
                             flips());
    EXPECT_EQ(result.status, 0) << result.out << result.err;
}

TEST_F(ScenarioTest, names_a_status_that_was_not_expected) {
    const auto result = play("[[step]]\nexpect = \"exit\"\n", {"sh", "-c", "exit 3"});
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.out, HasSubstr("message: \"it ended with status 3\"\n"));
    EXPECT_THAT(result.out, HasSubstr("status = 3"));
}

TEST_F(ScenarioTest, compares_what_a_screen_shows) {
    environment_.emplace_back("REFERENCE", file("ref.png"));
    const auto shot = run(line({"run", "--", "bash", "-c",
                                "exec 3<&0; (" + picture("smpte")[2] +
                                    " <&3) & plugboard wait mode --timeout 30s && plugboard "
                                    "screenshot $REFERENCE; kill $!"}));
    ASSERT_EQ(shot.status, 0) << shot.err;
    const std::string step =
        "[[step]]\nexpect = \"screen\"\non = \"Virtual-1\"\nequals = \"ref.png\"\n";
    const auto same = play(step + "within = \"30s\"\n", picture("smpte"));
    EXPECT_EQ(same.status, 0) << same.out << same.err;
    const auto other = play("[[step]]\nexpect = \"mode\"\nwithin = \"30s\"\n" + step +
                                "tolerance = 2\nwithin = \"100ms\"\n",
                            picture("plain"));
    EXPECT_EQ(other.status, 1) << other.out << other.err;
    EXPECT_THAT(other.out, HasSubstr(" of 786432 pixels differ by more than 2, by at most "));
}

TEST_F(ScenarioTest, with_a_bad_file_starts_nothing) {
    const auto result =
        play("[[step]]\nunplug = \"DP-1\"\nwhen = \"now\"\n", {"touch", file("started")});
    EXPECT_EQ(result.status, 125);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(file("s.toml") + ":3: step 1: unknown key \"when\""));
    EXPECT_THAT(result.err, HasSubstr("remedy: known here: at, unplug, inside"));
    EXPECT_FALSE(std::filesystem::exists(file("started")));
    EXPECT_EQ(plugboard({"scenario", file("none.toml"), "--", "true"}).status, 125);
    EXPECT_EQ(plugboard({"scenario", file("s.toml")}).status, 125);
    EXPECT_EQ(plugboard({"scenario"}).status, 125);
}

TEST_F(ScenarioTest, whose_report_cannot_be_written_starts_nothing) {
    const auto result = play("[[step]]\nunplug = \"gpu0\"\n", {"touch", file("started")},
                             {"--junit", "/nonexistent/report.xml"});
    EXPECT_EQ(result.status, 125);
    EXPECT_FALSE(std::filesystem::exists(file("started")));
}

TEST_F(ScenarioTest, of_a_command_that_cannot_be_run_ends_as_run_does) {
    const std::string text = "[[step]]\nunplug = \"gpu0\"\n";
    EXPECT_EQ(play(text, {"/nonexistent"}).status, 127);
    EXPECT_EQ(play(text, {"/etc/passwd"}).status, 126);
    EXPECT_EQ(play(text, {"true"}, {"-s", "nonsense"}).status, 125);
}

TEST_F(ScenarioTest, has_the_checks_of_run) {
    const std::string text = "[[step]]\nexpect = \"exit\"\nwithin = \"30s\"\n";
    EXPECT_EQ(play(text, {"true"}, {"--require-open"}).status, 122);
    EXPECT_EQ(play(text, {"sleep", "60"}, {"--timeout", "100ms"}).status, 124);
}

TEST_F(ScenarioTest, plays_on_a_board_that_is_there) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    const auto result =
        run(scenario("[[step]]\nunplug = \"gpu0\"\n", {"sleep", "60"}, {"-b", "ci"}));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_EQ(plugboard({"plug", "gpu0", "-b", "ci"}).status, 0) << "it goes on, without its card";
}

TEST_F(ScenarioTest, fails_when_its_board_is_taken_down) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    Running running(scenario(
        "[[step]]\nexpect = \"open\"\nwithin = \"30s\"\n[[step]]\nat = \"1h\"\nunplug = \"gpu0\"\n",
        flips(), {"-b", "ci"}));
    ASSERT_TRUE(running.wait_for_output("ok 1 "));
    EXPECT_EQ(plugboard({"down", "-b", "ci"}).status, 0);
    const auto result = running.finish();
    EXPECT_EQ(result.status, 125) << result.err;
    EXPECT_THAT(result.out, HasSubstr("not ok 2"));
}

/// What is alive of a command that wrote its pid to a file.
bool is_gone(const std::string& pid_file) {
    int pid = 0;
    std::ifstream(pid_file) >> pid;
    return pid > 0 && kill(pid, 0) != 0;
}

TEST_F(ScenarioTest, that_is_interrupted_or_killed_leaves_nothing) {
    const std::string text =
        "[[step]]\nexpect = \"open\"\nwithin = \"30s\"\n[[step]]\nexpect = \"flips\"\ncount = "
        "1000000\nwithin = \"1h\"\n[[step]]\nunplug = \"gpu0\"\n";
    for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
        Running running(scenario(
            text, {"sh", "-c", "echo $$ >" + file("pid") + "; exec " + flips()[0] + " 100000"}));
        ASSERT_TRUE(running.wait_for_output("ok 1 "));
        running.send_signal(signal);
        // Killed, it cannot wait for the others' end.
        EXPECT_TRUE(comes_true([&] { return is_gone(file("pid")); }));
        EXPECT_TRUE(comes_true([&] { return boards().empty(); }));
        const auto result = running.finish();
        EXPECT_EQ(result.status, 128 + signal);
        if (signal == SIGKILL) continue;
        EXPECT_THAT(result.out, HasSubstr("message: \"interrupted: "));
        EXPECT_THAT(result.out, HasSubstr("ok 3 - unplug gpu0 # SKIP"));
    }
}

}  // namespace
}  // namespace plugboard::tests
