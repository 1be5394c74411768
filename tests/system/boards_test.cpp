// Boards that stay, shells that are put on them, and many boards side by side.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <list>
#include <memory>

#include "tests/support/run.h"
#include "tests/system/board.h"
#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// Waits for a word that never comes.
const std::string wait_for_input = "exec cat";

class BoardsTest : public OwnBoards {};

TEST_F(BoardsTest, up_starts_one_that_stays_and_says_its_name) {
    const auto up = plugboard({"up"});
    EXPECT_EQ(up.status, 0) << up.err;
    EXPECT_EQ(up.out, "default\n");
    EXPECT_NE(up.err.find("plugboard run -b default -- CMD"), std::string::npos) << up.err;
    EXPECT_NE(up.err.find("eval \"$(plugboard env -b default)\""), std::string::npos) << up.err;
    EXPECT_EQ(plugboard({"status"}).status, 0);
    EXPECT_EQ(plugboard({"down"}).status, 0);
    EXPECT_EQ(boards(), json::array());
}

TEST_F(BoardsTest, up_lets_go_of_the_callers_pipes) {
    const auto result = shell("plugboard up -b ci 2>&1 | cat");  // ends when nobody writes any more
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(boards().size(), 1u);
}

TEST_F(BoardsTest, up_of_one_that_is_there_is_an_error_with_a_remedy) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    const auto again = plugboard({"up", "-b", "ci"});
    EXPECT_EQ(again.status, 125);
    EXPECT_EQ(again.out, "");
    EXPECT_NE(again.err.find("there is a board \"ci\" already"), std::string::npos) << again.err;
    EXPECT_NE(again.err.find("plugboard down -b ci"), std::string::npos) << again.err;
}

TEST_F(BoardsTest, up_with_wrong_cards_leaves_no_board) {
    const auto up = plugboard({"up", "-b", "ci", "-s", "huge"});
    EXPECT_EQ(up.status, 125);
    EXPECT_NE(up.err.find("remedy: "), std::string::npos) << up.err;
    EXPECT_EQ(boards(), json::array());
}

TEST_F(BoardsTest, with_a_vgem_show_it_in_status_ls_and_explain) {
    ASSERT_EQ(plugboard({"up", "-b", "ci", "-c", board_file("vgem-vkms")}).status, 0);
    const auto status = plugboard({"status", "-b", "ci"});
    EXPECT_NE(status.out.find("gpu0  vgem    vgem    /dev/dri/card0, /dev/dri/renderD128"),
              std::string::npos)
        << status.out;
    const json cards = json::parse(plugboard({"status", "-b", "ci", "--json"}).out).at("cards");
    EXPECT_EQ(cards[0].at("render_node"), "renderD128");
    EXPECT_EQ(cards[0].at("screens"), json::array());
    EXPECT_FALSE(cards[0].contains("profile"));
    EXPECT_FALSE(cards[0].contains("flip_count"));
    EXPECT_FALSE(cards[1].contains("render_node"));
    const auto holders = plugboard({"explain", "-b", "ci", "renderD128"});
    EXPECT_NE(holders.out.find("card0 (vgem)"), std::string::npos) << holders.out;

    EXPECT_EQ(plugboard({"unplug", "-b", "ci", "vgem"}).status, 0);
    EXPECT_EQ(boards().at(0).at("cards").at(0).at("plugged"), false);
    EXPECT_EQ(plugboard({"plug", "-b", "ci", "gpu0"}).status, 0);
    EXPECT_EQ(plugboard({"unbind", "-b", "ci", "renderD129"}).status, 0);
    EXPECT_EQ(plugboard({"bind", "-b", "ci", "gpu0"}).status, 0);
    const auto run = plugboard({"run", "-b", "ci", "--check-leaks", "--", "ls", "/dev/dri"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.out, "by-path\ncard1\ncard3\nrenderD130\n");
}

TEST_F(BoardsTest, of_one_name_that_race_have_one_winner) {
    std::list<Running> racers;
    for (int i = 0; i < 4; i++) racers.emplace_back(line({"up", "-b", "ci"}));
    int winners = 0;
    for (Running& racer : racers) {
        const auto result = racer.finish();
        if (result.status == 0) {
            winners++;
        } else {
            EXPECT_EQ(result.status, 125);
            EXPECT_NE(result.err.find("there is a board \"ci\" already"), std::string::npos)
                << result.err;
        }
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(plugboard({"status", "-b", "ci"}).status, 0) << "and the winner's is good";
}

TEST_F(BoardsTest, of_a_dead_daemon_are_swept_by_the_next) {
    ASSERT_EQ(plugboard({"up", "-b", "dead"}).status, 0);
    const auto dead = boards().at(0);
    ASSERT_EQ(kill(dead.at("pid").get<int>(), SIGKILL), 0);
    while (!boards().empty()) {
    }
    EXPECT_TRUE(std::filesystem::exists(dead.at("directory").get<std::string>()));
    ASSERT_EQ(plugboard({"up", "-b", "other"}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(dead.at("directory").get<std::string>()));
    EXPECT_EQ(plugboard({"up", "-b", "dead"}).status, 0) << "its name is free";
}

TEST_F(BoardsTest, are_listed_with_cards_screens_and_open_files) {
    ASSERT_EQ(plugboard({"up", "-b", "ci", "-c", board_file("two-cards")}).status, 0);
    Running client(line({"run", "-b", "ci", "--", "bash", "-c",
                         "exec 3</dev/dri/card0; echo ready; " + wait_for_input}));
    ASSERT_TRUE(client.wait_for_output("ready"));
    const auto board = boards().at(0);
    EXPECT_EQ(board.at("name"), "ci");
    EXPECT_EQ(board.at("stays"), true);
    EXPECT_EQ(board.at("files"), 1);
    EXPECT_EQ(board.at("cards").size(), 2u);
    EXPECT_EQ(board.at("cards").at(0).at("screens").at(0).at("name"), "Virtual-1");
    const auto table = plugboard({"ls"}).out;
    EXPECT_NE(table.find("ci     " + std::to_string(board.at("pid").get<int>())), std::string::npos)
        << table;
    EXPECT_NE(table.find("gpu0, gpu1"), std::string::npos) << table;
    client.close_input();
    EXPECT_EQ(client.finish().status, 0);
}

TEST_F(BoardsTest, that_do_not_answer_are_listed_as_such) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    const int pid = boards().at(0).at("pid").get<int>();
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    EXPECT_EQ(boards().at(0).at("answers"), false);
    ASSERT_EQ(kill(pid, SIGCONT), 0);
}

TEST_F(BoardsTest, that_stay_are_all_taken_down_and_runs_go_on) {
    ASSERT_EQ(plugboard({"up", "-b", "a"}).status, 0);
    ASSERT_EQ(plugboard({"up", "-b", "b"}).status, 0);
    Running private_run(line({"run", "--", "sh", "-c", "echo ready; " + wait_for_input}));
    ASSERT_TRUE(private_run.wait_for_output("ready"));
    EXPECT_EQ(plugboard({"down", "--all"}).status, 0);
    EXPECT_EQ(boards().size(), 1u);
    EXPECT_EQ(plugboard({"down", "--all"}).status, 0) << "none is no error";
    private_run.close_input();
    EXPECT_EQ(private_run.finish().status, 0);
}

TEST_F(BoardsTest, are_where_a_shell_is_put_by_env) {
    ASSERT_EQ(plugboard({"up", "-b", "ci", "-s", "1280x720@60"}).status, 0);
    const auto result = shell(
        "eval \"$(plugboard env -b ci)\"; eval \"$(plugboard env)\"; modeprint vkms >/dev/null; "
        "cat /sys/class/drm/card0-Virtual-1/modes; plugboard status >/dev/null && echo found; "
        "echo $PATH; tr : '\\n' <<<$LD_PRELOAD | grep -c preload");
    EXPECT_EQ(result.out, "1280x720\nfound\n" + folder_.path() +
                              "/plugboard/ci/bin:" + PLUGBOARD_BINARY_DIR "/bin:/usr/bin:/bin\n1\n")
        << result.err;
}

TEST_F(BoardsTest, are_joined_by_name_by_path_and_by_the_variable) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    const std::string path = boards().at(0).at("directory");
    for (const std::string& run : {std::string("run -b ci"), "run -b " + path}) {
        const auto result = shell("plugboard " + run + " -- sh -c 'echo $PLUGBOARD_BOARD'");
        EXPECT_EQ(result.out, path + "\n") << run << result.err;
    }
    // PLUGBOARD_CONFIG is for the boards that are started.
    environment_.insert(environment_.end(),
                        {{"PLUGBOARD_BOARD", "ci"}, {"PLUGBOARD_CONFIG", board_file("two-cards")}});
    EXPECT_EQ(shell("plugboard run -- sh -c 'echo $PLUGBOARD_BOARD'").out, path + "\n");
    EXPECT_EQ(shell("plugboard run -c other.toml -- true").status, 125);
    EXPECT_EQ(shell("plugboard down && plugboard up").out, "ci\n");
    EXPECT_EQ(boards().at(0).at("cards").size(), 2u);
}

TEST_F(BoardsTest, by_a_path_where_none_lives_are_not_started) {
    const auto result = plugboard({"run", "-b", folder_.path() + "/none", "--", "true"});
    EXPECT_EQ(result.status, 125);
    EXPECT_NE(result.err.find("there is no board"), std::string::npos) << result.err;
}

class Recipe : public BoardsTest, public testing::WithParamInterface<const char*> {};

TEST_P(Recipe, of_the_readme_works) {
    const auto result = run({.command = {"python3", PLUGBOARD_SOURCE_DIR "/tests/system/recipes.py",
                                         PLUGBOARD_SOURCE_DIR "/README.md", GetParam()},
                             .environment = environment_,
                             .limit = limit});
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_NE(result.out.find("1920x1080"), std::string::npos) << result.out;
    EXPECT_NE(result.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << result.err;
    EXPECT_EQ(boards(), json::array()) << "it takes its board down";
}

INSTANTIATE_TEST_SUITE_P(Services, Recipe, testing::Values("github", "gitlab"),
                         [](const auto& test) { return std::string(test.param); });

TEST_F(BoardsTest, sixteen_side_by_side_never_meet) {
    constexpr int count = 16;
    const auto mode_of = [](int i) { return std::to_string(640 + 16 * i) + "x480"; };
    std::list<Running> runs;
    for (int i = 0; i < count; i++) {
        runs.emplace_back(
            line({"run", "--strict", "-s", mode_of(i) + "@60", "--", "bash", "-c",
                  "modeprint vkms >/dev/null; cat /sys/class/drm/card0-Virtual-1/modes; ls "
                  "/dev/dri | grep card; "
                  "plugboard status --json | sed -n 's/^  \"pid\": \\([0-9]*\\).*/\\1/p'; "
                  "echo ready; read -r; cat /sys/class/drm/card0-Virtual-1/modes"}));
    }
    for (Running& one : runs) EXPECT_TRUE(one.wait_for_output("ready"));
    const auto listed = boards();
    EXPECT_EQ(listed.size(), size_t{count}) << "all of them live at once";
    int i = 0;
    for (Running& one : runs) {
        one.close_input();
        const auto result = one.finish();
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_NE(result.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
            << result.err;
        const std::string mode = mode_of(i++);
        const bool has_own = std::any_of(listed.begin(), listed.end(), [&](const json& board) {
            const std::string pid = std::to_string(board.at("pid").get<int>());
            return result.out == mode + "\ncard0\n" + pid + "\nready\n" + mode + "\n";
        });
        EXPECT_TRUE(has_own) << result.out;
    }
    EXPECT_EQ(boards(), json::array());
}

}  // namespace
}  // namespace plugboard::tests
