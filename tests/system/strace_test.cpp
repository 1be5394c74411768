// The real system calls of real clients: none asks the host's kernel for what is the board's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"
#include "tests/system/native_calls.h"
#include "tests/system/stage.h"

namespace plugboard::tests {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string script = PLUGBOARD_SOURCE_DIR "/tests/system/strace.sh";

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The log of a client that strace has followed to its end.
testing::AssertionResult is_whole(const std::string& log) {
    if (log.find("+++ exited with ") != std::string::npos ||
        log.find("+++ killed by SIGTERM ") != std::string::npos)
        return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "strace has not followed the client. If it says \"Operation not permitted\" below, "
              "the sandbox forbids ptrace(2), without which nobody sees what clients really do: "
              "allow it (docker run --cap-add SYS_PTRACE, or no seccomp profile).\n";
}

/// It has looked for something, so that finding nothing else means something.
bool asks_the_board(const std::string& log) {
    return log.find("/root/dev/dri") != std::string::npos ||
           log.find("/root/sys/") != std::string::npos;
}

class SystemCalls : public testing::Test {
  protected:
    /// What strace logs of the client on a board.
    std::string log_of(std::vector<std::string> command) {
        const std::string file = folder_.path() + "/log";
        command.insert(command.begin(), {script, file});
        const auto client = run_on_fresh_board(command);
        std::string log = text_of(file);
        EXPECT_EQ(client.status, 0) << client.err;
        EXPECT_TRUE(is_whole(log)) << client.err;
        return log;
    }

  private:
    const TemporaryFolder folder_;
};

class SystemCallsOf : public SystemCalls,
                      public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(SystemCallsOf, stay_on_the_board) {
    const std::string log = log_of(GetParam());
    EXPECT_THAT(native_calls(log), IsEmpty());
    EXPECT_TRUE(asks_the_board(log));
}

INSTANTIATE_TEST_SUITE_P(Debian, SystemCallsOf,
                         testing::Values(std::vector<std::string>{"modetest", "-M", "vkms"},
                                         std::vector<std::string>{"drm_info"},
                                         std::vector<std::string>{"drmdevice"},
                                         std::vector<std::string>{"udevadm", "info", "--export-db"},
                                         std::vector<std::string>{"udevadm", "info", "-q", "all",
                                                                  "-n", "/dev/dri/card0"}),
                         [](const auto& of) {
                             std::string name = of.param.front() + std::to_string(of.index);
                             return name;
                         });

/// The client is ended once it has printed the words and flipped.
void expect_on_the_board(Compositor client, const std::string& words) {
    // "CONFIG" becomes a path of the stage's folder.
    client.command.insert(client.command.begin(), {script, "CONFIG.strace"});
    Stage stage(client, {.client = client_program("wayland_picture")});
    ASSERT_TRUE(stage.prints(words)) << stage.log() << is_whole("").message();
    stage.ask({"wait", "flips=10", "--timeout", "60s"});
    const auto status = nlohmann::json::parse(stage.ask({"status", "--json"}));
    ASSERT_FALSE(status.at("files").empty());
    ASSERT_EQ(kill(status["files"][0].at("pid"), SIGTERM), 0);
    (void)stage.finish();
    const std::string log = text_of(stage.file("config.strace"));
    EXPECT_TRUE(is_whole(log)) << stage.log();
    EXPECT_THAT(native_calls(log), IsEmpty());
    EXPECT_TRUE(asks_the_board(log));
}

class SystemCallsOfCompositors : public testing::TestWithParam<Compositor> {};

TEST_P(SystemCallsOfCompositors, stay_on_the_board) {
    expect_on_the_board(GetParam(), "drawn 1024x768");
}

INSTANTIATE_TEST_SUITE_P(Debian, SystemCallsOfCompositors, testing::ValuesIn(compositors()),
                         [](const auto& of) { return of.param.name; });

TEST(SystemCallsOfKmscube, stay_on_the_board) {
    expect_on_the_board({.name = "kmscube", .command = {"kmscube"}, .config = ""}, "llvmpipe");
}

TEST_F(SystemCalls, of_a_static_program_are_caught) {
    EXPECT_THAT(native_calls(log_of({client_program("opener_static")})),
                Contains(HasSubstr("\"/dev/dri/card0\"")));
}

TEST_F(SystemCalls, of_a_client_without_the_library_are_caught) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/log";
    const auto client =
        run({.command = {"strace", "-f", "-y", "-o", file, "-e", "trace=%file,%network,%desc", "--",
                         "udevadm", "info", "-q", "all", "-n", "/dev/dri/card0"},
             .environment = {{"LD_PRELOAD", ""}, {"PLUGBOARD_BOARD", ""}}});
    const std::string log = text_of(file);
    ASSERT_TRUE(is_whole(log)) << client.err;
    EXPECT_THAT(native_calls(log), Contains(HasSubstr("/dev/dri/card0")));
}

TEST(NativeCalls, are_found_however_the_path_is_given) {
    for (
        const char* line : {
            R"(7 openat(AT_FDCWD</>, "/dev/dri/card0", O_RDWR) = -1 ENOENT (No such file))",
            R"(7 openat(AT_FDCWD</dev>, "dri", O_RDONLY <unfinished ...>)",
            R"(7 newfstatat(5</sys/class>, "./drm", {st_mode=S_IFDIR|0755, ...}, 0) = 0)",
            R"(7 newfstatat(5</sys/class/net>, "../input/", 0x7ffe, 0) = -1 ENOENT)",
            R"(7 readlink("/sys/dev/char/226:0", 0x7ffe, 4096) = -1 ENOENT)",
            R"(7 access("/dev//./dri", F_OK) = 0)",
            R"(7 <... openat resumed>) = 5</run/udev/data>)",
            R"(7 getdents64(5</dev/input>, 0x55 /* 3 entries */, 32768) = 80)",
            R"(7 connect(5<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/udev/control"}, 19) = 0)",
            R"(7 inotify_add_watch(4<anon_inode:inotify>, "/dev/input", IN_CREATE) = 1)",
            R"(7 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT) = 3)",
        })
        EXPECT_EQ(native_calls(line), std::vector<std::string>{line});
}

TEST(NativeCalls, are_not_those_of_the_boards_own_files_nor_data) {
    for (
        const char* line : {
            R"(7 openat(AT_FDCWD</>, "/tmp/plugboard-0/ci/root/dev/dri/card0", O_RDWR) = 3</tmp/x>)",
            R"(7 execve("/usr/bin/udevadm", ["udevadm", "-n", "/dev/dri/card0"], 0x7f) = 0)",
            R"(7 read(3</etc/x>, "a \"/dev/dri/\" </dev/dri>", 4096) = 12)",
            R"(7 sendmsg(5<socket:[1]>, {msg_iov=[{iov_base="/dev/dri/card0", iov_len=14}]}, 0) = 14)",
            R"(7 openat(5</sys/class>, "drm_dp", O_RDONLY) = -1 ENOENT)",
            R"(7 openat(AT_FDCWD</>, "/dev/drivers", O_RDONLY) = -1 ENOENT)",
            R"(7 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3)",
        })
        EXPECT_THAT(native_calls(line), IsEmpty());
}

}  // namespace
}  // namespace plugboard::tests
