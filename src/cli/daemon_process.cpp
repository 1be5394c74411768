#include "cli/daemon_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "cli/board_options.h"
#include "cli/control_client.h"

namespace plugboard::cli {
namespace {

constexpr std::chrono::seconds start_time{10};
constexpr std::chrono::seconds finish_time{10};
constexpr std::chrono::seconds dying_time{1};  // from the end of its sockets to its own

}  // namespace

DaemonProcess::DaemonProcess(const Installation& installation, const DaemonOptions& options) {
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Failure(fmt::format("no socket: {}", strerror(errno)), "close descriptors",
                      Exit::Plugboard);
    socket_.reset(ends[0]);
    const UniqueFd theirs(ends[1]);

    SpawnOptions spawn_options;
    spawn_options.command = {installation.daemon, "--board", options.directory, "--runner-fd",
                             std::to_string(theirs.borrow())};
    auto& command = spawn_options.command;
    const BoardOptions& board = options.board;
    if (!board.config.empty()) command.insert(command.end(), {"--toml", board.config});
    if (!board.preset.empty()) command.insert(command.end(), {"--preset", board.preset});
    if (!board.like.empty()) command.insert(command.end(), {"--like", board.like});
    for (const std::string& screen : board.screens)
        command.insert(command.end(), {"--screen", screen});
    if (board.step) command.emplace_back("--step");
    if (!board.debug.empty()) command.insert(command.end(), {"--debug", board.debug});
    if (!board.trace.empty()) command.push_back("--trace=" + trace_file(board.trace));
    if (options.check) command.emplace_back("--check");
    if (options.keep) command.emplace_back("--keep");
    // The daemon is no client: neither of a board around this run, nor of anybody's preloads.
    spawn_options.environment = {{"LD_PRELOAD", ""}, {"PLUGBOARD_BOARD", ""}};
    spawn_options.kept_fd = theirs.borrow();
    spawn_options.new_session = true;
    auto spawned = spawn(spawn_options);
    if (spawned.failure) {
        throw Failure(
            fmt::format("{} cannot run: {}", installation.daemon, strerror(spawned.failure->error)),
            "install plugboard again", Exit::Plugboard);
    }
    pid_ = spawned.child.pid;
    pid_fd_ = std::move(spawned.child.pid_fd);
}

nlohmann::json DaemonProcess::wait_until_ready() {
    Answer answer;
    try {
        answer = receive_line(socket_.borrow(), start_time);
    } catch (const Failure&) {
        throw Failure(fmt::format("the daemon did not start: {}", describe_end(wait_for_end())),
                      "this is a bug of plugboard's: please report it", Exit::Plugboard);
    }
    if (answer.body.value("ok", false)) return answer.body;
    wait_for_end();
    throw Failure(answer.body.value("error", "the daemon did not start"),
                  answer.body.value("remedy", ""), Exit::Plugboard);
}

bool DaemonProcess::ends_within(std::chrono::milliseconds time) const {
    pollfd end{.fd = pid_fd_.borrow(), .events = POLLIN, .revents = 0};
    return poll(&end, 1, static_cast<int>(time.count())) > 0;
}

int DaemonProcess::wait_for_end() {
    if (!ends_within(finish_time)) kill(pid_, SIGKILL);
    int raw = 0;
    while (waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
    }
    return raw;
}

FinalReport DaemonProcess::finish() {
    FinalReport report;
    try {
        const auto answer = exchange(socket_.borrow(), {{"op", "finish"}}, finish_time);
        if (!answer.body.value("ok", false)) throw Failure(answer.body.value("error", "it failed"));
        report.opens = answer.body.value("opens", size_t{0});
        report.objects = answer.body.value("objects", size_t{0});
        report.descriptors = answer.body.value("fds", size_t{0});
        report.labels = answer.body.value("labels", std::vector<std::string>());
        report.loops = answer.body.value("loops", std::vector<std::string>());
    } catch (const Failure& failure) {
        // Its clients may have seen its death, and ended, before its parent can.
        if (ends_within(dying_time))
            throw Failure(fmt::format("the daemon is gone: {}", describe_end(wait_for_end())),
                          "please report what it said above", Exit::Plugboard);
        kill(pid_, SIGKILL);
        wait_for_end();
        throw Failure(fmt::format("the daemon did not end its board: {}", failure.what()),
                      "this is a bug of plugboard's: please report it", Exit::Plugboard);
    }
    const int end = wait_for_end();
    if (end != 0)
        throw Failure(fmt::format("the daemon ended its board, but {}", describe_end(end)),
                      "please report what it said above", Exit::Plugboard);
    return report;
}

}  // namespace plugboard::cli
