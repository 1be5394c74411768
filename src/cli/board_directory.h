// Where boards live on the disk, and which of them a command means.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace plugboard::cli {

/// The directory of the board with that name. Throws Failure: the name has other
/// letters than file names of boards may have, or is too long.
std::string board_directory(const std::string& name);

/// Whether a daemon has the board's lock.
bool is_alive(const std::string& directory);
/// The end of a board that is alive when this is made.
class BoardEnd {
  public:
    explicit BoardEnd(const std::string& directory);
    /// Waits until the daemon has gone, with all it had. False: it has not in time. Only in a
    /// process that uses SIGALRM for nothing else.
    bool wait(std::chrono::seconds limit) const;

  private:
    UniqueFd lock_;  // the board's; not open: it has gone already
};
/// When the board was started; nothing when there is none.
std::optional<std::time_t> board_start(const std::string& directory);
/// The names of the boards that live.
std::vector<std::string> living_boards();

/// The directory of the board that is meant: by name (or path), by $PLUGBOARD_BOARD, or the only
/// one there is. Throws Failure with the choice.
std::string find_board(const std::string& name);

}  // namespace plugboard::cli
