// What a program that is started from here needs in its environment to find the board.
#pragma once

#include <cstddef>

#include "shim/text.h"

namespace plugboard::shim {

/// The environment of a new program: the caller's, and the shim's two variables where they are
/// missing. Lives on the stack of the call, since memory cannot be allocated after vfork().
class Environment {
  public:
    /// Entries that an array for this environment must have room for.
    static size_t room_for(char* const* entries);

    /// `room` has room_for(entries) entries; all is borrowed.
    Environment(char* const* entries, char** room);
    char* const* get() const { return result_; }

  private:
    char* const* result_;
    Text<4200> board_;
    Text<8400> preload_;
};

}  // namespace plugboard::shim
