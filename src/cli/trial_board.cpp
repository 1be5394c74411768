#include "cli/trial_board.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/unique_fd.h"
#include "cli/board_directory.h"
#include "cli/control_client.h"
#include "cli/daemon_process.h"
#include "cli/failure.h"
#include "cli/run_environment.h"

namespace plugboard::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Verdict = Check::Verdict;

constexpr const char* first_card = "/dev/dri/card0";
constexpr unsigned drm_major = 226;
constexpr int other_trouble = 121;  // below run's own statuses
constexpr std::chrono::milliseconds program_time{10000};
constexpr const char* bug = "please report it, with what plugboard doctor --json says";

std::string milliseconds_since(Clock::time_point begin) {
    return fmt::format("{:.1f} ms",
                       std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
}

Installation check_installation() {
    Installation installation = find_installation();
    if (access(installation.daemon.c_str(), X_OK) != 0)
        throw Failure(installation.daemon + " cannot be run", "install plugboard again");
    for (const std::string& file : {installation.daemon, installation.shim}) {
        struct statvfs system {};
        if (statvfs(file.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0)
            throw Failure(file + " is on a file system that is mounted noexec",
                          "install plugboard on another one");
    }
    return installation;
}

/// Its wait status. Throws Failure: it cannot be started, or does not end.
int run_program(const Installation& installation, const std::string& board) {
    SpawnOptions options;
    options.command = {installation.command, trial_command, trial_option};
    options.environment =
        run_environment(installation, board, find_reach(options.command, installation.shim));
    const SpawnResult spawned = spawn(options);
    if (spawned.failure)
        throw Failure(
            fmt::format("no program can be started: {}", strerror(spawned.failure->error)), bug);
    pollfd end{.fd = spawned.child.pid_fd.borrow(), .events = POLLIN, .revents = 0};
    const bool has_ended = poll(&end, 1, static_cast<int>(program_time.count())) > 0;
    if (!has_ended) kill(spawned.child.pid, SIGKILL);
    int raw = 0;
    while (waitpid(spawned.child.pid, &raw, 0) < 0 && errno == EINTR) {
    }
    if (!has_ended) throw Failure("a program that opens a card hangs", bug);
    return raw;
}

std::string open_card(const Installation& installation, const std::string& board) {
    const auto begin = Clock::now();
    const int raw = run_program(installation, board);
    if (WIFSIGNALED(raw))
        throw Failure("a program with the shim crashes: " + describe_end(raw),
                      "try without other preloads; else please report it");
    const auto opens = ask_board(board, {{"op", "status"}}).body.value("opens", size_t{0});
    if (const int status = WEXITSTATUS(raw); status != 0)
        throw Failure(fmt::format("{} does not open through the shim: {}", first_card,
                                  status == other_trouble ? "it is no DRM node" : strerror(status)),
                      "see the other lines, and docs/limits.md");
    if (opens == 0)
        throw Failure("the shim was not loaded into a program: the board saw no open",
                      "see whether a sandbox or wrapper drops LD_PRELOAD");
    return fmt::format("{} opens through the shim, in a program that took {}", first_card,
                       milliseconds_since(begin));
}

}  // namespace

std::vector<Check> try_board() {
    std::vector<Check> checks;
    const char* name = "installation";
    try {
        signal(SIGCHLD, SIG_DFL);  // ignored, there would be nobody to wait for
        const Installation installation = check_installation();
        checks.push_back(
            {name, Verdict::Ok, fmt::format("{}, {}", installation.daemon, installation.shim)});
        name = "board";
        const std::string directory = board_directory(fmt::format("doctor-{}", getpid()));
        auto begin = Clock::now();
        DaemonProcess daemon(installation, {.directory = directory});
        daemon.wait_until_ready();
        const std::string start = milliseconds_since(begin);
        begin = Clock::now();
        ask_board(directory, {{"op", "status"}});
        checks.push_back(
            {name, Verdict::Ok,
             fmt::format("starts in {}, answers in {}", start, milliseconds_since(begin))});
        name = "program";
        checks.push_back({name, Verdict::Ok, open_card(installation, directory)});
        name = "end";
        const FinalReport report = daemon.finish();
        const size_t left = report.objects + report.descriptors;
        if (left > 0) throw Failure(fmt::format("the board had {} things left", left), bug);
        checks.push_back({name, Verdict::Ok, "of the board: nothing is left behind"});
    } catch (const Failure& failure) {
        checks.push_back({name, Verdict::Failure, failure.what(), failure.remedy()});
    }
    return checks;
}

int open_first_card() {
    const UniqueFd card(open(first_card, O_RDWR | O_CLOEXEC));
    if (!card.is_open()) return std::min(errno, other_trouble);
    struct stat info {};
    const bool is_node = fstat(card.borrow(), &info) == 0 && S_ISCHR(info.st_mode) &&
                         major(info.st_rdev) == drm_major;
    return is_node ? 0 : other_trouble;
}

}  // namespace plugboard::cli
