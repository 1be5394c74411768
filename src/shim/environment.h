// What a program that is started from here needs in its environment to find the board.
#pragma once

#include <cstddef>
#include <string_view>

namespace plugboard::shim {

/// The environment of a new program: the caller's, and the shim's two variables where they are
/// missing. Lives on the stack of the call, since memory cannot be allocated after vfork().
class Environment {
  public:
    explicit Environment(char* const* entries);

    /// Bytes that fill() needs, aligned for a pointer; 0: the caller's environment will do.
    size_t room() const { return room_; }
    /// The environment: the caller's, or made in `room`, which borrows from the caller's.
    char* const* fill(void* room) const;

  private:
    char* const* const entries_;
    size_t room_ = 0;
    bool has_board_ = false;
    bool has_library_ = false;
    std::string_view other_preloads_;
};

}  // namespace plugboard::shim
