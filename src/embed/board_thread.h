// The thread that makes a board in this process, and ends it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/thread.h"
#include "daemon/config/problem.h"

namespace plugboard::embed {

/// It and all threads of the board have one table of descriptors, which the program's threads do
/// not see, nor its children: the program's numbers, its closing of all it does not know, and fork
/// are as without a board. They get no signals, and no wrapper of the shim's.
class BoardThread {
  public:
    /// Returns when the board serves. `toml`: none for the default one.
    static daemon::Outcome<std::unique_ptr<BoardThread>> start(std::optional<std::string> toml);
    /// Ends the board.
    ~BoardThread();
    BoardThread(const BoardThread&) = delete;
    BoardThread& operator=(const BoardThread&) = delete;

    const std::string& directory() const { return directory_; }

  private:
    enum class State { Starting, Serving, Failed };

    BoardThread() = default;
    void run(const std::string& path, const std::optional<std::string>& toml);
    daemon::Outcome<daemon::Done> serve(const std::string& path,
                                        const std::optional<std::string>& toml);
    void set_state(State state);
    void stop();

    std::string directory_;    // constant once serving
    daemon::Problem problem_;  // once failed
    Mutex<LockClass<BoardThread>> mutex_;
    CondVar changed_;
    State state_ GUARDED_BY(mutex_) = State::Starting;
    bool is_stopped_ GUARDED_BY(mutex_) = false;
    Thread thread_;
};

}  // namespace plugboard::embed
