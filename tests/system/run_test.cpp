// The command: exit statuses, what a run leaves behind, boards from another shell, the control
// socket.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/control_client.h"
#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RunResult plugboard(std::vector<std::string> arguments, milliseconds limit = seconds(60)) {
    arguments.insert(arguments.begin(), plugboard_command());
    return run({.command = std::move(arguments), .limit = limit});
}

RunOptions run_command(std::vector<std::string> arguments, milliseconds limit = seconds(60)) {
    arguments.insert(arguments.begin(), {plugboard_command(), "run"});
    return {.command = std::move(arguments), .limit = limit};
}

/// A client that opens a card and closes it again.
const std::string opener = "exec 3</dev/dri/card0; exec 3<&-";

/// A board that lives until the test is over: `cat` waits for its input.
class LivingBoard {
  public:
    explicit LivingBoard(std::vector<std::string> options = {}, std::string command = "exec cat")
        : name_(unique_name()), running_(make_options(std::move(options), command)) {
        EXPECT_TRUE(running_.wait_for_output("ready"));
    }
    const std::string& name() const { return name_; }
    RunResult command(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"-b", name_});
        return plugboard(std::move(arguments));
    }
    nlohmann::json status() const {
        return nlohmann::json::parse(command({"status", "--json"}).out);
    }
    Running& running() { return running_; }

  private:
    static std::string unique_name() {
        static int number = 0;
        return "test-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    }
    RunOptions make_options(std::vector<std::string> options, const std::string& command) const {
        std::vector<std::string> line = {plugboard_command(), "run", "-b", name_};
        line.insert(line.end(), options.begin(), options.end());
        line.insert(line.end(), {"--", "sh", "-c", "echo ready; " + command});
        return {.command = line, .input = Input::Silent, .limit = seconds(60)};
    }
    std::string name_;
    Running running_;
};

TEST(ExitStatus, is_the_commands_own) {
    EXPECT_EQ(run(run_command({"--", "true"})).status, 0);
    EXPECT_EQ(run(run_command({"--", "sh", "-c", "exit 3"})).status, 3);
}

TEST(ExitStatus, of_a_signal_is_128_and_its_number) {
    EXPECT_EQ(run(run_command({"--", "sh", "-c", "kill -9 $$"})).status, 128 + SIGKILL);
}

TEST(ExitStatus, of_a_command_that_is_not_there_is_127) {
    const auto result = run(run_command({"--", "/nonexistent/command"}));
    EXPECT_EQ(result.status, 127);
    EXPECT_NE(result.err.find("remedy: "), std::string::npos) << result.err;
}

TEST(ExitStatus, of_a_command_that_cannot_run_is_126) {
    EXPECT_EQ(run(run_command({"--", "/etc/passwd"})).status, 126);
}

TEST(ExitStatus, of_a_wrong_option_or_configuration_is_125) {
    for (const auto& options : std::vector<std::vector<std::string>>{{"--nonsense"},
                                                                     {"-c", "/nonexistent.toml"},
                                                                     {"-s", "huge"},
                                                                     {"-s", "nocard=none"},
                                                                     {"--debug", "nonsense"},
                                                                     {"--timeout", "soon"},
                                                                     {"-b", "a/b"}}) {
        auto line = options;
        line.insert(line.end(), {"--", "true"});
        const auto result = run(run_command(line));
        EXPECT_EQ(result.status, 125) << options.front() << result.err;
        EXPECT_NE(result.err.find("remedy: "), std::string::npos) << result.err;
    }
}

TEST(ExitStatus, of_a_time_out_is_124_and_says_what_hangs) {
    const auto result = run(run_command({"--timeout", "300ms", "--", "sleep", "60"}));
    EXPECT_EQ(result.status, 124);
    EXPECT_LT(result.took, seconds(20));
    EXPECT_NE(result.err.find(" sleep (state S)"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("CARD  DEVICE"), std::string::npos) << "with the board's status";
}

TEST(ExitStatus, of_a_command_that_ignores_the_time_out_is_124_too) {
    const auto result = run(run_command(
        {"--timeout", "300ms", "--", "sh", "-c", "trap '' TERM; while :; do sleep 1; done"}));
    EXPECT_EQ(result.status, 124);
}

TEST(ExitStatus, without_an_open_is_122_where_one_is_required) {
    EXPECT_EQ(run(run_command({"--require-open", "--", "true"})).status, 122);
    EXPECT_EQ(run(run_command({"--require-open", "--", "bash", "-c", opener})).status, 0);
    EXPECT_EQ(run(run_command({"--strict", "--", "bash", "-c", opener})).status, 0);
}

TEST(ExitStatus, without_an_open_is_a_warning_by_itself) {
    const auto result = run(run_command({"--", "true"}));
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.err.find("no process of true ever opened a device"), std::string::npos)
        << result.err;
}

TEST(ExitStatus, with_something_left_behind_is_123) {
    const auto result =
        run(run_command({"--check-leaks", "--", "sh", "-c", "sleep 5 >/dev/null 2>&1 &"}));
    EXPECT_EQ(result.status, 123);
    EXPECT_NE(result.err.find("left behind: 0 objects, 0 fds, 1 processes"), std::string::npos)
        << result.err;
}

TEST(ExitStatus, with_nothing_left_behind_is_0) {
    const auto result = run(run_command({"--check-leaks", "--", "bash", "-c", opener}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << result.err;
}

/// How `plugboard run --check-leaks` ends on a board on which those were planted.
RunResult run_with_leaks(const std::vector<const char*>& kinds, const std::string& command) {
    LivingBoard board({"--check-leaks"}, command);
    const auto directory = board.status().at("directory").get<std::string>();
    for (const char* kind : kinds)
        cli::ask_board(directory, {{"op", "plant-leak"}, {"kind", kind}});
    board.running().close_input();
    return board.running().finish();
}

TEST(LeftBehind, each_number_counts_its_own_kind) {
    const std::string end = "head -c 1 >/dev/null";
    const struct {
        std::vector<const char*> kinds;
        std::string command, line;
    } rows[] = {
        {{}, end, "left behind: 0 objects, 0 fds, 0 processes"},
        {{"object"}, end, "left behind: 1 objects, 0 fds, 0 processes"},
        {{"fd"}, end, "left behind: 0 objects, 1 fds, 0 processes"},
        {{}, "sleep 30 >/dev/null 2>&1 & " + end, "left behind: 0 objects, 0 fds, 1 processes"},
        {{"object", "fd", "fd"},
         "sleep 30 >/dev/null 2>&1 & " + end,
         "left behind: 1 objects, 2 fds, 1 processes"},
    };
    for (const auto& row : rows) {
        const auto result = run_with_leaks(row.kinds, row.command);
        EXPECT_NE(result.err.find(row.line), std::string::npos) << row.line << "\n" << result.err;
        EXPECT_EQ(result.status, row.line == rows[0].line ? 0 : 123) << row.line;
    }
}

TEST(ExitStatus, of_a_run_whose_daemon_died_is_125) {
    LivingBoard board;
    ASSERT_EQ(kill(board.status().at("pid").get<int>(), SIGKILL), 0);
    const auto result = board.running().finish();
    EXPECT_EQ(result.status, 125);
    EXPECT_NE(result.err.find("the daemon is gone: it died of signal 9"), std::string::npos)
        << result.err;
}

TEST(Run, passes_signals_on) {
    Running running(run_command(
        {"--", "bash", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done"}));
    ASSERT_TRUE(running.wait_for_output("ready"));
    running.send_signal(SIGTERM);
    EXPECT_EQ(running.finish().status, 7);
}

TEST(Run, leaves_the_commands_signals_as_they_were) {
    const std::string show = "grep '^Sig[BI]' /proc/self/status";
    const auto ignoring = [](const std::string& then) {
        return RunOptions{.command = {"bash", "-c", "trap '' CHLD PIPE HUP; " + then}};
    };
    const auto inside = run(ignoring(plugboard_command() + " run -- " + show));
    EXPECT_EQ(inside.status, 0) << inside.err;
    EXPECT_EQ(inside.out, run(ignoring(show)).out);
}

TEST(Run, without_a_command_is_a_shell) {
    auto options = run_command({});
    options.environment = {{"SHELL", "/bin/true"}};
    EXPECT_EQ(run(options).status, 0);
}

TEST(Run, leaves_no_directory_behind) {
    const auto result = run(run_command({"--", "sh", "-c", "echo $PLUGBOARD_BOARD"}));
    const std::string directory = result.out.substr(0, result.out.find('\n'));
    ASSERT_FALSE(directory.empty());
    EXPECT_FALSE(std::filesystem::exists(directory)) << directory;
}

TEST(Run, gives_the_command_the_callers_preloads_too) {
    auto options = run_command({"--", "sh", "-c", "echo $LD_PRELOAD"});
    options.environment = {{"LD_PRELOAD", "libm.so.6"}};
    EXPECT_NE(run(options).out.find("libplugboard-preload.so:libm.so.6"), std::string::npos);
}

TEST(Run, finds_the_command_inside_by_its_name) {
    auto options = run_command({"--", "sh", "-c", opener + "; plugboard status"});
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    const auto result = run(options);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.out.find("gpu0"), std::string::npos) << result.out;
}

TEST(Run, adds_nothing_to_path_but_its_own_name) {
    auto options = run_command({"--", "sh", "-c", "echo $PATH; ls ${PATH%%:*}"});
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    const auto result = run(options);
    EXPECT_NE(result.out.find("/bin:/usr/bin:/bin\nplugboard\n"), std::string::npos) << result.out;
}

TEST(Run, inside_a_run_has_a_board_of_its_own) {
    const auto result = run(run_command({"--", plugboard_command(), "run", "--", "bash", "-c",
                                         "echo $PLUGBOARD_BOARD; " + opener}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 2)
        << "the outer run warns that nobody opened its device: " << result.err;
}

TEST(Run, joins_a_board_that_is_there) {
    LivingBoard board;
    const auto joined =
        run(run_command({"-b", board.name(), "--require-open", "--", "bash", "-c", opener}));
    EXPECT_EQ(joined.status, 0) << joined.err;
    EXPECT_EQ(board.status().at("opens"), 1);
    EXPECT_EQ(run(run_command({"-b", board.name(), "-s", "none", "--", "true"})).status, 125);
}

TEST(Run, on_a_joined_board_finds_no_leak_where_there_is_none) {
    LivingBoard board;
    const auto joined =
        run(run_command({"-b", board.name(), "--strict", "--", "bash", "-c", opener}));
    EXPECT_EQ(joined.status, 0) << joined.err;
    EXPECT_NE(joined.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << joined.err;
}

TEST(Run, whose_joined_board_dies_ends_with_125) {
    LivingBoard board;
    Running joined(
        run_command({"-b", board.name(), "--", "sh", "-c", "echo ready; exec sleep 60"}));
    ASSERT_TRUE(joined.wait_for_output("ready"));
    ASSERT_EQ(kill(board.status().at("pid").get<int>(), SIGKILL), 0);
    const auto result = joined.finish();
    EXPECT_EQ(result.status, 125);
    EXPECT_NE(result.err.find("the daemon is gone"), std::string::npos) << result.err;
}

TEST(Run, that_joins_sets_the_boards_log_categories) {
    LivingBoard board;
    const auto joined =
        run(run_command({"-b", board.name(), "--debug", "ioctl", "--", "modeprint", "vkms"}));
    EXPECT_EQ(joined.status, 0) << joined.err;
    const auto wrong = run(run_command({"-b", board.name(), "--debug", "nonsense", "--", "true"}));
    EXPECT_EQ(wrong.status, 125) << wrong.err;
    board.running().close_input();
    EXPECT_NE(board.running().finish().err.find("[plugboard:ioctl]"), std::string::npos);
}

/// A board that stays, taken down at the end of the test.
class KeptBoard {
  public:
    KeptBoard() : name_("kept-" + std::to_string(getpid())) {
        EXPECT_EQ(run(run_command({"--keep", "-b", name_, "--", "true"})).status, 0);
    }
    ~KeptBoard() { plugboard({"down", "-b", name_}); }
    KeptBoard(const KeptBoard&) = delete;
    KeptBoard& operator=(const KeptBoard&) = delete;
    const std::string& name() const { return name_; }

  private:
    std::string name_;
};

TEST(KeptBoard, stays_until_it_is_taken_down) {
    const KeptBoard board;
    EXPECT_EQ(plugboard({"status", "-b", board.name()}).status, 0);
    EXPECT_EQ(plugboard({"down", "-b", board.name()}).status, 0);
    EXPECT_NE(plugboard({"status", "-b", board.name()}).status, 0) << "down waits for its end";
    const auto again = plugboard({"down", "-b", board.name()});
    EXPECT_NE(again.status, 0);
    EXPECT_NE(again.err.find("there is no board \"" + board.name() + "\""), std::string::npos)
        << again.err;
}

TEST(KeptBoard, has_no_leak_by_itself_and_shows_each_one) {
    const KeptBoard board;
    const auto check = [&] {
        return run(run_command({"-b", board.name(), "--strict", "--", "bash", "-c", opener}));
    };
    const auto clean = check();
    EXPECT_EQ(clean.status, 0) << clean.err;
    const auto status =
        nlohmann::json::parse(plugboard({"status", "--json", "-b", board.name()}).out);
    cli::ask_board(status.at("directory").get<std::string>(),
                   {{"op", "plant-leak"}, {"kind", "fd"}});
    const auto leaky = check();
    EXPECT_EQ(leaky.status, 123);
    EXPECT_NE(leaky.err.find("left behind: 0 objects, 1 fds, 0 processes"), std::string::npos)
        << leaky.err;
}

TEST(Configuration, errors_name_file_line_key_and_remedy) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/wrong.toml";
    std::ofstream(file) << "[[card]]\nname = \"gpu0\"\nprofile = \"linux-9\"\n";
    const auto result = run(run_command({"-c", file, "--", "true"}));
    EXPECT_EQ(result.status, 125);
    EXPECT_NE(result.err.find(file + ":3: card[0].profile: there is no profile \"linux-9\""),
              std::string::npos)
        << result.err;
    EXPECT_NE(result.err.find("remedy: use one of \"linux-6.1\", \"linux-latest\""),
              std::string::npos)
        << result.err;
    EXPECT_EQ(result.err.find("linux-9"), result.err.rfind("linux-9"))
        << "said once: " << result.err;
}

TEST(Configuration, a_screen_by_cvt_is_the_only_mode) {
    // A connector is unknown until somebody probes it, as on a kernel without fbdev emulation.
    const auto probe_and_cat = [](const std::string& file) {
        return "modeprint vkms >/dev/null; cat /sys/class/drm/card0-Virtual-1/" + file;
    };
    const auto result =
        run(run_command({"-s", "1920x1080@60", "--", "sh", "-c", probe_and_cat("modes")}));
    EXPECT_EQ(result.out, "1920x1080\n") << result.err;
    EXPECT_EQ(run(run_command({"-s", "none", "--", "sh", "-c", probe_and_cat("status")})).out,
              "disconnected\n");
}

TEST(Sysfs, says_whether_a_screen_is_lit) {
    LivingBoard board(
        {},
        "exec 3<&0; D=/sys/class/drm/card0-Virtual-1; cat $D/enabled $D/dpms; "
        "modetest -M vkms -s $(modetest -M vkms -c | awk "
        "'$4 == \"Virtual-1\" { print $1 }'):1024x768 <&3 >/dev/null & echo lighting; "
        "until grep -q ^enabled $D/enabled; do sleep 0.02; done; cat $D/enabled $D/dpms; "
        "echo over; exec cat");
    EXPECT_TRUE(board.running().wait_for_output("over"));
    board.running().close_input();
    const auto result = board.running().finish();
    EXPECT_EQ(result.out, "ready\ndisabled\nOn\nlighting\nenabled\nOn\nover\n") << result.err;
}

TEST(Card, is_unplugged_and_plugged_again) {
    LivingBoard board;
    EXPECT_EQ(board.command({"unplug", "card0"}).status, 0);
    EXPECT_FALSE(board.status().at("cards").at(0).at("plugged"));
    const auto again = board.command({"unplug", "gpu0"});
    EXPECT_NE(again.status, 0);
    EXPECT_NE(again.err.find("gpu0 is not plugged"), std::string::npos) << again.err;
    EXPECT_EQ(board.command({"plug", "gpu0"}).status, 0);
    EXPECT_TRUE(board.status().at("cards").at(0).at("bound"));
    EXPECT_NE(board.command({"plug", "gpu0"}).status, 0);
    EXPECT_NE(board.command({"plug", "nothing"}).status, 0);
}

TEST(Card, is_unbound_and_bound_again) {
    LivingBoard board;
    EXPECT_EQ(board.command({"unbind", "vkms"}).status, 0);
    EXPECT_TRUE(board.status().at("cards").at(0).at("plugged"));
    EXPECT_FALSE(board.status().at("cards").at(0).at("bound"));
    EXPECT_NE(board.command({"unbind", "gpu0"}).status, 0);
    EXPECT_EQ(board.command({"bind", "gpu0"}).status, 0);
    EXPECT_TRUE(board.status().at("cards").at(0).at("bound"));
}

TEST(Card, can_be_unbound_by_writing_to_sysfs) {
    const auto result = run(run_command(
        {"--", "bash", "-c",
         // What a shell writes reaches the daemon when it closes the file.
         "wait_for() { for i in {1..200}; do eval \"$1\" && return; sleep 0.05; done; exit 1; }; "
         "echo vkms > /sys/bus/platform/drivers/vkms/unbind; wait_for '! [ -e /dev/dri/card0 ]'; "
         "echo vkms > /sys/bus/platform/drivers/vkms/bind; wait_for 'ls /dev/dri | grep -q "
         "card'"}));
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST(Card, is_probed_by_writing_to_its_bus) {
    const auto result = run(run_command(
        {"--", "bash", "-c",
         "wait_for() { for i in {1..200}; do eval \"$1\" && return; sleep 0.05; done; exit 1; }; "
         "cd /sys/bus/platform; "
         "echo 0 > drivers_autoprobe; wait_for '[ $(cat drivers_autoprobe) = 0 ]'; "
         "echo vkms > drivers/vkms/unbind; wait_for '! [ -e /dev/dri/card0 ]'; "
         "cat /sys/kernel/debug/devices_deferred; "
         "echo vkms > drivers_probe; wait_for 'ls /dev/dri | grep -q card'"}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "") << "nothing is deferred";
}

TEST(Status, is_a_table_for_people) {
    LivingBoard board({}, "exec 3</dev/dri/card0; exec cat");
    const auto result = board.command({"status"});
    EXPECT_EQ(result.status, 0);
    for (const char* word : {"gpu0", "vkms", "/dev/dri/card0", "Virtual-1", "REFERENCES OF gpu0"})
        EXPECT_NE(result.out.find(word), std::string::npos) << word << "\n" << result.out;
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos) << "colour on a pipe";
}

TEST(Screenshot, of_a_screen_that_is_off_is_refused) {
    LivingBoard board;
    const auto result = board.command({"screenshot", testing::TempDir() + "off.png"});
    EXPECT_NE(result.status, 0);
    EXPECT_NE(result.err.find("must be on"), std::string::npos) << result.err;
}

TEST(Help, teaches_each_command_with_an_example) {
    for (const char* command :
         {"run", "up", "down", "ls", "env", "status", "plug", "unplug", "bind", "unbind",
          "screenshot", "wait", "explain", "scenario", "doctor"}) {
        const auto result = plugboard({command, "--help"});
        EXPECT_EQ(result.status, 0) << command;
        EXPECT_NE(result.out.find("Example"), std::string::npos) << command;
    }
}

TEST(Usage, names_the_word_that_is_wrong_and_the_help_of_its_command) {
    const struct {
        std::vector<std::string> line;
        const char *message, *remedy;
    } rows[] = {
        {{"bogus"}, "there is no command \"bogus\"", "plugboard --help"},
        {{"help"}, "there is no command \"help\"", "plugboard --help"},
        {{"/nonexist"}, "there is no command \"/nonexist\"", "plugboard run -- /nonexist"},
        {{"plug"}, "TARGET is required", "plugboard plug --help"},
        {{"unplug"}, "TARGET is required", "plugboard unplug --help"},
        {{"screenshot"}, "FILE is required", "plugboard screenshot --help"},
        {{"explain"},
         "an object, --loops, --graph or --track, is required",
         "plugboard explain --help"},
        {{"status", "--bogus"}, "--bogus", "plugboard status --help"},
        {{"status", "extra"}, "extra", "plugboard status --help"},
    };
    for (const auto& row : rows) {
        const auto result = plugboard(row.line);
        EXPECT_EQ(result.status, 2) << row.message;
        EXPECT_NE(result.err.find(row.message), std::string::npos) << result.err;
        EXPECT_NE(result.err.find(row.remedy), std::string::npos) << result.err;
    }
}

TEST(Output, that_cannot_be_written_is_an_error) {
    LivingBoard board;
    for (const std::string& command :
         {"status -b " + board.name(), "status --json -b " + board.name(), std::string("--help")}) {
        const auto result =
            run({.command = {"sh", "-c", plugboard_command() + " " + command + " >/dev/full"}});
        EXPECT_EQ(result.status, 1) << command;
        EXPECT_NE(result.err.find("standard output cannot be written"), std::string::npos)
            << command << ": " << result.err;
    }
}

TEST(Prefix, of_an_installation_can_be_moved) {
    const TemporaryFolder folder;
    const std::string installed = folder.path() + "/installed";
    const std::string moved = folder.path() + "/moved";
    const auto install =
        run({.command = {"cmake", "--install", PLUGBOARD_BINARY_DIR, "--prefix", installed}});
    ASSERT_EQ(install.status, 0) << install.err;
    std::filesystem::rename(installed, moved);
    const auto result = run({.command = {moved + "/bin/plugboard", "run", "--require-open", "--",
                                         "bash", "-c", opener + "; echo $LD_PRELOAD"}});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.find(moved), 0u) << "its own shim: " << result.out;
    std::filesystem::remove(moved + "/libexec/plugboard-daemon");
    EXPECT_EQ(run({.command = {moved + "/bin/plugboard", "run", "--", "true"}}).status, 125);
}

}  // namespace
}  // namespace plugboard::tests
