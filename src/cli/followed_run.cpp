#include "cli/followed_run.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "cli/control_client.h"
#include "cli/failure.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

constexpr std::array interrupting = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

[[noreturn]] void be_the_run(const RunOptions& options, UniqueFd socket) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    int status = static_cast<int>(Exit::Plugboard);
    try {
        status = run_on_board(options, RunFollower(std::move(socket)));
    } catch (const Failure& failure) {
        print_error(failure.what(), failure.remedy());
    }
    fflush(nullptr);
    _exit(status);
}

int milliseconds_until(const std::optional<FollowedRun::Time>& deadline) {
    if (!deadline) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT32_MAX));
}

}  // namespace

FollowedRun::FollowedRun(const RunOptions& options) {
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Failure(fmt::format("no socket: {}", strerror(errno)), "close descriptors",
                      Exit::Plugboard);
    run_.reset(ends[0]);
    UniqueFd theirs(ends[1]);
    fflush(nullptr);
    const auto callers_child_action =
        signal(SIGCHLD, SIG_DFL);  // ignored, it could not be waited for
    child_ = fork();
    if (child_ < 0)
        throw Failure(fmt::format("no process: {}", strerror(errno)), "see ulimit -u",
                      Exit::Plugboard);
    if (child_ == 0) {
        signal(SIGCHLD, callers_child_action);
        run_.reset();
        be_the_run(options, std::move(theirs));
    }
    sigset_t set;
    sigemptyset(&set);
    for (const int one : interrupting) sigaddset(&set, one);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool FollowedRun::wait_for_start() {
    while (board_.empty()) {
        const News news = wait(-1, std::nullopt);
        if (news == News::Lost || news == News::Interrupted) return false;
    }
    return true;
}

FollowedRun::News FollowedRun::wait(int socket, std::optional<Time> deadline) {
    for (;;) {
        std::array<pollfd, 3> sources = {pollfd{signals_.borrow(), POLLIN, 0},
                                         pollfd{socket, POLLIN, 0},
                                         pollfd{run_.borrow(), POLLIN, 0}};
        const int count = poll(sources.data(), sources.size(), milliseconds_until(deadline));
        if (count < 0) continue;  // a signal that is none of ours: stopped and continued
        signalfd_siginfo info{};
        if (read(signals_.borrow(), &info, sizeof(info)) == sizeof(info)) {
            interruption_ = static_cast<int>(info.ssi_signo);
            return News::Interrupted;
        }
        if (sources[1].revents != 0) return News::Answer;
        if (sources[2].revents != 0) return read_news();
        if (deadline && std::chrono::steady_clock::now() >= *deadline) return News::Deadline;
    }
}

FollowedRun::News FollowedRun::read_news() {
    try {
        const auto news = receive_line(run_.borrow(), answer_time).body;
        if (news.contains("ended")) {
            command_end_ = news["ended"].get<int>();
            return News::CommandEnded;
        }
        board_ = news.value("board", "");
        start_ = std::chrono::steady_clock::now();
        return News::Answer;
    } catch (const Failure&) {
        return News::Lost;  // it has closed its end
    }
}

void FollowedRun::send_signal(int number) const {
    const std::string wish = nlohmann::json({{"signal", number}}).dump();
    send(run_.borrow(), wish.data(), wish.size(), MSG_NOSIGNAL);
}

int FollowedRun::finish() {
    if (status_) return *status_;
    run_.reset();
    int raw = 0;
    while (waitpid(child_, &raw, 0) < 0 && errno == EINTR) {
    }
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : static_cast<int>(Exit::Plugboard);
    return *status_;
}

}  // namespace plugboard::cli
