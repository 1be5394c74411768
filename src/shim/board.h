// The board that this process belongs to: from PLUGBOARD_BOARD, or one of its own.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "shim/text.h"

namespace plugboard::shim {

inline constexpr std::string_view board_variable = "PLUGBOARD_BOARD";
inline constexpr std::string_view preload_variable = "LD_PRELOAD";

/// Longest name of the tree's root; a board below a longer one is none.
inline constexpr size_t max_root = 255;

/// Kept for ever; survives fork.
struct Board {
    Text<4096> directory;     // as in the variable
    Text<max_root + 1> root;  // of the file tree, without symbolic links on the way
    Text<108> socket;         // where channels connect
    Text<4096> library;  // the shim itself, as the loader was told; empty if it was not LD_PRELOAD
    dev_t root_device = 0;
    /// In the labels of this board's descriptors; 0 until a channel has told.
    std::atomic<uint64_t> id = 0;
    /// Whether the calling thread is not on it, as those that serve it are not. Null: all are.
    bool (*is_outside)() = nullptr;
};

/// From the environment. Once, at load.
void find_board();
/// From now on this process is on the board in `directory`, which it serves itself. False: there is
/// none there.
bool enter_board(std::string_view directory, bool (*is_outside)());
/// Null when this process, or the calling thread, belongs to none: every wrapper passes through
/// then. So it does before this library is loaded: a sanitizer of the program's calls wrappers
/// while it cannot yet be called.
Board* board();

}  // namespace plugboard::shim
