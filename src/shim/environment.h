// What a program that is started from here needs in its environment to find the board.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace plugboard::shim {

/// What the loader of a new program is to preload.
struct Preload {
    std::string_view sanitizer;  // before all others; empty: none
    bool library = true;         // the shim; false: another libc's loader would fail with it
};

/// The environment of a new program: the caller's, and the shim's two variables where they are
/// missing or not right for it. Lives on the stack of the call, since memory cannot be allocated
/// after vfork().
class Environment {
  public:
    /// Borrows both until it goes.
    Environment(char* const* entries, const Preload& wanted);

    /// Bytes that fill() needs, aligned for a pointer; 0: the caller's environment will do.
    size_t room() const { return room_; }
    /// The environment: the caller's, or made in `room`, which borrows from the caller's.
    char* const* fill(void* room) const;

  private:
    void find_words(std::string_view preload, const Preload& wanted, std::string_view library);

    char* const* const entries_;
    size_t room_ = 0;
    bool has_board_ = false;
    bool keeps_preload_ = false;               // as the caller has it
    std::array<std::string_view, 4> words_{};  // else LD_PRELOAD is these, but for empty ones
};

}  // namespace plugboard::shim
