#include "embed/board_thread.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/boards_root.h"
#include "base/labelled_pair.h"
#include "base/unique_fd.h"
#include "daemon/board_server.h"
#include "daemon/config/config.h"
#include "embed/outside.h"

namespace plugboard::embed {
namespace {

using daemon::BoardDirectory;
using daemon::BoardServer;
using daemon::Config;
using daemon::Done;
using daemon::Outcome;
using daemon::Problem;

/// For the scope of it this thread, and those that it starts for ever, get only the signals of
/// their own faults.
class NoSignals {
  public:
    NoSignals() {
        sigset_t most;
        sigfillset(&most);
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
            sigdelset(&most, own);
        pthread_sigmask(SIG_SETMASK, &most, &before_);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

  private:
    sigset_t before_{};
};

/// A table of this thread's own, and of those that it starts, with standard error for the log.
Result<void> leave_descriptors() {
    constexpr unsigned first = 3;
    // Not unshare(2), which containers forbid.
    if (close_range(first, ~0u, CLOSE_RANGE_UNSHARE) != 0) return last_error();
    const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null.is_open()) return last_error();
    for (const int held : {STDIN_FILENO, STDOUT_FILENO}) {
        if (dup2(null.borrow(), held) < 0) return last_error();
    }
    return {};
}

}  // namespace

Outcome<std::unique_ptr<BoardThread>> BoardThread::start(std::optional<std::string> toml) {
    std::unique_ptr<BoardThread> board(new BoardThread);
    {
        // The environment is the caller's to read.
        std::string path = boards_root() + "/embed-" + std::to_string(getpid());
        const NoSignals none;
        Thread::set_prologue(stay_outside);
        auto thread = Thread::start([&board = *board, path = std::move(path),
                                     toml = std::move(toml)] { board.run(path, toml); });
        if (!thread.ok())
            return Problem{.message = "the board gets no thread",
                           .remedy = "end some programs, or see ulimit -u"};
        board->thread_ = *std::move(thread);
    }
    MutexLock lock(board->mutex_);
    while (board->state_ == State::Starting) board->changed_.wait(lock);
    const bool failed = board->state_ == State::Failed;
    lock.unlock();
    if (failed) return board->problem_;
    return board;
}

BoardThread::~BoardThread() {
    stop();
    thread_.join();
}

void BoardThread::stop() {
    MutexLock lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
}

void BoardThread::set_state(State state) {
    MutexLock lock(mutex_);
    state_ = state;
    changed_.notify_all();
}

void BoardThread::run(const std::string& path, const std::optional<std::string>& toml) {
    try {
        const auto served = serve(path, toml);
        if (served.ok()) return;
        problem_ = served.problem();
    } catch (const std::exception& error) {
        problem_ = {.message = error.what()};
    }
    set_state(State::Failed);
}

Outcome<Done> BoardThread::serve(const std::string& path, const std::optional<std::string>& toml) {
    if (const auto left = leave_descriptors(); !left.ok()) {
        return Problem{
            .message = std::string("the board gets no descriptors of its own: ") +
                       errno_name(left.error()),
            .remedy = "it needs close_range(2) of Linux 5.9, and a sandbox that lets it through"};
    }
    Config config;
    if (toml) {
        auto parsed = daemon::parse_toml(*toml, "toml");
        if (!parsed.ok()) return parsed.problem();
        config = std::move(parsed.value());
    }
    renew_board_id();
    auto directory = BoardDirectory::create(path);
    if (!directory.ok()) return directory.problem();
    auto created = BoardServer::create(std::move(directory.value()), std::move(config),
                                       {.shut_down = [this] { stop(); }});
    if (!created.ok()) return created.problem();
    directory_ = created.value()->board().directory();
    set_state(State::Serving);
    MutexLock lock(mutex_);
    while (!is_stopped_) changed_.wait(lock);
    return Done{};
}

}  // namespace plugboard::embed
