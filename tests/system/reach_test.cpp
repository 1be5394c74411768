// Which programs the preload library reaches, and what is said of those that it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

std::string opener(const std::string& name) {
    return client_program("opener_" + name);
}

/// `plugboard run OPTIONS -- COMMAND` by a user who is not root.
RunResult run_as_user(const Words& command, const Words& options = {}) {
    Words line = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    if (geteuid() != 0) {
        // A user's own namespace, in which files may have capabilities; and one in it, without
        // root.
        line = {"unshare", "--map-root-user", "unshare", "--user", "--map-user=1000"};
    }
    line.insert(line.end(), {plugboard_command(), "run"});
    line.insert(line.end(), options.begin(), options.end());
    line.push_back("--");
    line.insert(line.end(), command.begin(), command.end());
    return run({.command = line, .environment = {{"XDG_RUNTIME_DIR", ""}}});
}

/// A copy of a program, with capabilities that a user's loader ignores LD_PRELOAD for.
std::string make_capable(const TemporaryFolder& folder, const std::string& program) {
    std::string copy = folder.path() + "/capable";
    std::filesystem::copy_file(program, copy);
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    Words line = {"setcap", "cap_sys_nice+ep", copy};
    if (geteuid() != 0) line.insert(line.begin(), {"unshare", "--map-root-user"});
    const auto result = run({.command = line, .environment = {{"PATH", "/usr/sbin:/usr/bin"}}});
    EXPECT_EQ(result.status, 0) << result.err;
    return copy;
}

TEST(Reach, is_by_preload_whatever_the_sanitizer) {
    for (const char* name :
         {"plain", "asan", "asan_inside", "tsan", "clang_asan", "clang_asan_shared"}) {
        const auto run = run_on_fresh_board({opener(name)}, {"--require-open"});
        EXPECT_EQ(run.status, 0) << name << run.err;
        EXPECT_EQ(run.out, opener(name) + ": reached\n") << run.err;
        EXPECT_EQ(run.err, "") << name;
    }
}

TEST(Reach, of_a_program_without_libc_is_none_and_said_before_it_starts) {
    const struct {
        const char *name, *obstacle, *remedy;
    } rows[] = {
        {"static", " is statically linked", "link it dynamically"},
        {"static_pie", " is statically linked", "link it dynamically"},
        {"musl", " runs on musl", "a build of it for glibc"},
    };
    for (const auto& row : rows) {
        const std::string program = opener(row.name);
        const auto run = run_on_fresh_board({program});
        EXPECT_EQ(run.status, 0) << run.err;
        EXPECT_THAT(run.out, Not(HasSubstr("reached"))) << "but it runs";
        EXPECT_THAT(run.err, HasSubstr("warning: " + program + row.obstacle));
        EXPECT_THAT(run.err, HasSubstr(row.remedy));
        EXPECT_THAT(run.err, HasSubstr("no process of " + program + " ever opened a device"));
        EXPECT_EQ(run_on_fresh_board({program}, {"--require-open"}).status, 122);
    }
}

TEST(Reach, of_another_processors_program_is_said_before_it_starts) {
    const TemporaryFolder folder;
    const std::string program = folder.path() + "/foreign";
    std::string bytes(
        "\x7f"
        "ELF\1\1\1",
        7);
    bytes.resize(52, '\0');
    bytes[16] = 2;  // ET_EXEC
    bytes[18] = 8;  // EM_MIPS
    std::ofstream(program, std::ios::binary) << bytes;
    chmod(program.c_str(), 0755);
    const auto run = run_on_fresh_board({program});
    EXPECT_NE(run.status, 0) << "here it cannot: " << run.err;
    EXPECT_THAT(run.err, HasSubstr("warning: " + program + " is no x86-64 program"));
}

TEST(Reach, of_a_program_with_capabilities_is_by_its_own_loader) {
    const TemporaryFolder folder;
    const std::string program = make_capable(folder, opener("plain"));
    const auto result = run_as_user({program}, {"--require-open"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, program + ": reached\n") << "by its own name: " << result.err;
    EXPECT_THAT(result.err, HasSubstr("plugboard: " + program + " has file capabilities"));
    EXPECT_THAT(result.err, HasSubstr("started through that loader"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST(Reach, of_a_program_with_capabilities_that_cannot_be_read_is_refused) {
    const TemporaryFolder folder;
    const std::string program = make_capable(folder, opener("plain"));
    chmod(program.c_str(), 0111);
    const auto result = run_as_user({program});
    EXPECT_EQ(result.status, 125);
    EXPECT_THAT(result.err, HasSubstr("chmod a+r " + program));
}

TEST(Reach, of_a_setuid_program_is_refused) {
    const auto result = run_as_user({"/bin/su", "--help"});
    EXPECT_EQ(result.status, 125);
    EXPECT_THAT(result.err, HasSubstr("/bin/su is setuid or setgid"));
    EXPECT_THAT(result.err, HasSubstr("remedy: "));
}

TEST(Reach, of_what_a_static_program_starts_is_by_preload) {
    const auto run =
        run_on_fresh_board({opener("static"), "exec", opener("plain")}, {"--require-open"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr(opener("plain") + ": reached"));
}

TEST(Reach, of_a_capable_program_that_a_shell_starts_is_by_its_own_loader) {
    const TemporaryFolder folder;
    const std::string program = make_capable(folder, opener("plain"));
    for (const std::string& line : {"exec " + program, program + "; true", "env -i " + program,
                                    "cd " + folder.path() + "; PATH=. capable"}) {
        const auto result = run_as_user({"sh", "-c", line}, {"--require-open"});
        EXPECT_EQ(result.status, 0) << line << result.err;
        EXPECT_THAT(result.out, HasSubstr(": reached\n")) << line;
        EXPECT_THAT(result.err, HasSubstr("capable has file capabilities")) << line;
        EXPECT_THAT(result.err, HasSubstr("started through that loader")) << line;
    }
}

TEST(Reach, of_what_a_sanitized_or_a_cleared_program_starts_is_by_preload) {
    for (const std::string way : {"bare-exec", "bare-spawn", "bare-system", "bare-popen"}) {
        for (const char* name : {"plain", "asan", "clang_asan_shared"}) {
            const auto run = run_on_fresh_board({opener("plain"), way, opener(name)});
            EXPECT_EQ(run.status, 0) << way << name << run.err;
            EXPECT_EQ(run.out, opener("plain") + ": reached\n" + opener(name) + ": reached\n")
                << way << run.err;
        }
    }
}

TEST(Reach, of_a_sanitized_program_that_a_shell_starts_is_by_preload) {
    for (const char* name : {"asan", "asan_inside", "tsan", "clang_asan", "clang_asan_shared"}) {
        const auto run = run_on_fresh_board({"sh", "-c", opener(name) + "; true"});
        EXPECT_EQ(run.out, opener(name) + ": reached\n") << run.err;
        EXPECT_EQ(run.err, "") << name;
    }
}

TEST(Reach, of_what_a_shell_starts_is_named_when_nothing_was_opened) {
    const auto run = run_on_fresh_board(
        {"sh", "-c", opener("musl") + "; " + opener("static") + "; " + opener("static")},
        {"--require-open"});
    EXPECT_EQ(run.status, 122);
    EXPECT_THAT(run.err, HasSubstr("warning: " + opener("static") + " is statically linked"));
    EXPECT_THAT(run.err, HasSubstr("warning: " + opener("musl") + " runs on musl"));
    const std::string words = opener("static") + " is statically linked";
    EXPECT_EQ(run.err.find(words), run.err.rfind(words)) << "once each: " << run.err;
    EXPECT_EQ(run.out.find("reached"), std::string::npos) << "but they run: " << run.out;
}

}  // namespace
}  // namespace plugboard::tests
