// A board that is served: its directory, its devices and the sockets of its clients and of the
// control.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/board.h"
#include "daemon/board_directory.h"
#include "daemon/config/config.h"
#include "daemon/config/problem.h"
#include "daemon/control/commands.h"
#include "daemon/control/control.h"
#include "daemon/control/stop_points.h"

namespace plugboard::daemon {

struct BoardServerOptions {
    std::function<void()> shut_down;  // as CommandContext's
    bool stays = false;               // without a runner
};

/// One a process. Made and ended by one thread.
class BoardServer {
  public:
    /// Serves when it returns.
    static Outcome<std::unique_ptr<BoardServer>> create(BoardDirectory directory, Config config,
                                                        BoardServerOptions options);
    ~BoardServer();  // end()
    BoardServer(const BoardServer&) = delete;
    BoardServer& operator=(const BoardServer&) = delete;

    Board& board() { return *board_; }
    /// Ends the control connections, then the board. Once; its directory stays until the last.
    void end();

  private:
    BoardServer(BoardDirectory directory, std::unique_ptr<Board> board);

    const BoardDirectory directory_;
    const std::unique_ptr<Board> board_;
    StopPoints stop_points_;
    Commands commands_;
    std::unique_ptr<ControlServer> control_;
};

}  // namespace plugboard::daemon
