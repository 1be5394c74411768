// The directory of a board: made, locked while the daemon lives, removed at its end.
#pragma once

#include <string>

#include "base/unique_fd.h"
#include "daemon/config/problem.h"

namespace plugboard::daemon {

/// Directories of boards whose daemon died are swept when a new one is made beside them; known for
/// such by what their lock file says. Nothing else beside a board is touched.
class BoardDirectory {
  public:
    /// Refuses a parent that others could change, and a name that a living board has.
    static Outcome<BoardDirectory> create(const std::string& path);

    BoardDirectory(BoardDirectory&& other) noexcept = default;
    BoardDirectory(const BoardDirectory&) = delete;
    BoardDirectory& operator=(const BoardDirectory&) = delete;
    BoardDirectory& operator=(BoardDirectory&&) = delete;
    /// Removes it with all in it.
    ~BoardDirectory();

    const std::string& path() const { return path_; }

  private:
    BoardDirectory(std::string path, UniqueFd lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    UniqueFd lock_;  // not open once moved from
};

}  // namespace plugboard::daemon
