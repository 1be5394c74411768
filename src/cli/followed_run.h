// A run in a child process, which this one follows: it makes things happen on the board meanwhile.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "cli/runner.h"

namespace plugboard::cli {

/// One a process, whose signals and children are its. The command, the board and their processes
/// end when this goes, and when this process dies.
class FollowedRun {
  public:
    using Time = std::chrono::steady_clock::time_point;

    enum class News {
        Answer,        // the socket can be read
        Deadline,      // nothing else has come
        CommandEnded,  // told once
        Interrupted,   // this process is to end
        Lost,          // the run has died; the board with it
    };

    /// Starts it. What the command prints goes to standard error: our output is our own. Throws
    /// Failure (125).
    explicit FollowedRun(const RunOptions& options);
    ~FollowedRun() { finish(); }
    FollowedRun(const FollowedRun&) = delete;
    FollowedRun& operator=(const FollowedRun&) = delete;

    /// Waits until the command runs. False: it does not, and the run has said why.
    bool wait_for_start();

    // After the start.
    const std::string& board() const { return board_; }
    Time start() const { return start_; }
    /// Sleeps until there is news. No socket: -1; no deadline: for ever.
    News wait(int socket, std::optional<Time> deadline);
    /// Its wait status, if it has ended.
    std::optional<int> command_end() const { return command_end_; }
    /// The signal that interrupted us.
    std::optional<int> interruption() const { return interruption_; }
    void send_signal(int number) const;

    /// Ends the command if it still runs, and the board. The run's exit status.
    int finish();

  private:
    /// What the run has said, if it has said something.
    News read_news();

    int child_ = -1;
    UniqueFd run_, signals_;
    std::string board_;
    Time start_{};
    std::optional<int> command_end_, interruption_, status_;
};

}  // namespace plugboard::cli
