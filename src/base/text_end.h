// Our end of a text file that a client has open for writing.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"

namespace plugboard {

/// The shim brings each write(2) to the daemon. What libc writes inside itself (stdio: a shell's
/// echo) it does not see: that goes into the socket, which make_labelled_pair() has filled. Kept
/// by the file; any thread.
class TextEnd {
  public:
    explicit TextEnd(UniqueFd ours) : ours_(std::move(ours)) {}

    /// Makes room for what is written past the shim, and offers what a reader gets, then the end.
    /// Before the client has its end.
    void prepare(std::string_view content);
    /// What was written past the shim since prepare(). Only the last close makes it whole.
    std::string take_bytes();
    /// Readers get what is there, then the end; writers fail.
    void hang_up();

  private:
    UniqueFd ours_;
};

}  // namespace plugboard
