// Scripts instead of sleeps: plugboard wait and screenshot --diff beside real clients.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <list>

#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using nlohmann::json;

/// modetest's picture on the screen until its input can be read.
std::string show(const std::string& mode, const std::string& pattern) {
    return "exec modetest -M vkms -F " + pattern +
           " -s $(modetest -M vkms -c | awk '$4 == \"Virtual-1\" { print $1 }'):" + mode;
}

class WaitTest : public OwnBoards {
  protected:
    void SetUp() override { ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0); }

    RunOptions client(const std::string& command) const {
        return line({"run", "-b", "ci", "--", "bash", "-c", command});
    }
};

TEST_F(WaitTest, for_flips_of_a_client_that_flips) {
    Running flips(client("exec " + client_program("flips") + " 100000"));
    const auto result =
        plugboard({"wait", "flips=10", "--on", "Virtual-1", "--timeout", "30s", "--json"});
    EXPECT_EQ(result.status, 0) << result.err;
    const json answer = json::parse(result.out);
    EXPECT_GE(answer.at("flips"), 10);
    EXPECT_GT(answer.at("ns"), 0);
    flips.send_signal(SIGINT);
    flips.finish();
}

TEST_F(WaitTest, follows_a_client_from_its_first_open_to_its_end) {
    std::list<Running> waits;
    for (const char* what : {"open", "mode=1024x768", "uevent=ACTION=remove"})
        waits.emplace_back(line({"wait", what, "--timeout", "50s"}));
    Running modetest(client(show("1024x768", "smpte")));
    EXPECT_EQ(waits.front().finish().status, 0);
    waits.pop_front();
    const auto mode = waits.front().finish();
    EXPECT_EQ(mode.status, 0) << mode.err;
    waits.pop_front();
    modetest.close_input();
    EXPECT_EQ(modetest.finish().status, 0);
    EXPECT_EQ(plugboard({"wait", "closed", "--timeout", "30s"}).status, 0);
    // Its screen stays on without it, as the kernel's does: a new card's is off.
    EXPECT_EQ(plugboard({"unplug", "gpu0"}).status, 0);
    const auto removed = waits.front().finish();
    EXPECT_EQ(removed.status, 0) << removed.err;
    EXPECT_EQ(plugboard({"plug", "gpu0"}).status, 0);
    EXPECT_EQ(plugboard({"wait", "off", "--timeout", "30s"}).status, 0);
}

TEST_F(WaitTest, that_is_in_vain_ends_with_124_and_what_was_seen) {
    const struct {
        const char *what, *seen;
    } rows[] = {{"flips=3", "0 of 3 flips"},
                {"mode", "gpu0/Virtual-1 off"},
                {"open", "no open file"},
                {"uevent", "no uevent"}};
    for (const auto& row : rows) {
        const auto result = plugboard({"wait", row.what, "--timeout", "20ms"});
        EXPECT_EQ(result.status, 124) << row.what;
        EXPECT_NE(result.err.find(row.seen), std::string::npos) << result.err;
    }
}

TEST_F(WaitTest, ends_with_the_board) {
    Running wait(line({"wait", "open"}));
    const std::string sockets = "ls -l /proc/" + std::to_string(wait.pid()) + "/fd | grep socket:";
    while (shell(sockets).status != 0) {  // not connected yet
    }
    EXPECT_EQ(plugboard({"down", "-b", "ci"}).status, 0);
    const auto result = wait.finish();
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("remedy: "), std::string::npos) << result.err;
}

TEST_F(WaitTest, that_was_given_up_leaves_nothing) {
    const auto result = shell(
        "timeout 0.2 plugboard wait open; plugboard run -b ci --strict -- bash -c 'exec "
        "3</dev/dri/card0'");
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(WaitTest, names_what_is_wrong_with_its_words) {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"wait", "bogus"},
                                               {"wait", "flips=ten"},
                                               {"wait", "mode", "--on", "DP-9"},
                                               {"wait", "mode", "--timeout", "soon"}}) {
        const auto result = plugboard(words);
        EXPECT_EQ(result.status, 1) << words[1];
        EXPECT_NE(result.err.find("remedy: "), std::string::npos) << result.err;
    }
}

class ScreenshotTest : public WaitTest {
  protected:
    /// Of a client that shows the pattern.
    RunResult screenshot(const std::string& mode, const std::string& pattern,
                         std::vector<std::string> options) const {
        Running modetest(client(show(mode, pattern)));
        EXPECT_EQ(plugboard({"wait", "mode=" + mode, "--timeout", "30s"}).status, 0);
        options.insert(options.begin(), "screenshot");
        auto result = plugboard(options);
        modetest.close_input();
        EXPECT_EQ(modetest.finish().status, 0);
        // The screen stays on without a client: the next one gets a new card.
        EXPECT_EQ(plugboard({"unplug", "gpu0"}).status, 0);
        EXPECT_EQ(plugboard({"plug", "gpu0"}).status, 0);
        return result;
    }
    std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
};

TEST_F(ScreenshotTest, is_compared_with_a_reference) {
    EXPECT_EQ(screenshot("1024x768", "smpte", {file("ref.png")}).status, 0);
    const std::vector<std::string> compare = {file("shot.png"), "--diff", file("ref.png"),
                                              "--diff-to", file("diff.png")};
    const auto same = screenshot("1024x768", "smpte", compare);
    EXPECT_EQ(same.status, 0) << same.err;
    EXPECT_NE(same.out.find("0 of 786432 pixels differ, by at most 0"), std::string::npos)
        << same.out;
    const auto other = screenshot("1024x768", "plain", compare);
    EXPECT_EQ(other.status, 1) << other.out;
    EXPECT_NE(other.out.find("the first at 0,0"), std::string::npos) << other.out;
    EXPECT_TRUE(std::filesystem::exists(file("diff.png")));
    const auto smaller = screenshot("800x600", "smpte", compare);
    EXPECT_EQ(smaller.status, 1);
    EXPECT_NE(smaller.err.find("ref.png is 1024x768, the screen 800x600"), std::string::npos)
        << smaller.err;
}

TEST_F(ScreenshotTest, without_a_reference_that_can_be_read_fails) {
    const auto result =
        screenshot("1024x768", "smpte", {file("shot.png"), "--diff", file("missing.png")});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("missing.png cannot be read"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace plugboard::tests
