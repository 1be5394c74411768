// A serial cable in this process: a pseudo-terminal whose master is the far end.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::serial {

/// One thread.
class Cable {
  public:
    /// What posix_openpt() fails with: where there is no devpts, NoEnt.
    static Result<Cable> create();

    /// The tty at the near end.
    const std::string& near_path() const { return near_path_; }
    /// From the far end; a few bytes always fit.
    Result<void> send(std::string_view text) const;
    void cut() { far_.reset(); }

  private:
    Cable(UniqueFd far, std::string near_path)
        : far_(std::move(far)), near_path_(std::move(near_path)) {}
    UniqueFd far_;
    std::string near_path_;
};

}  // namespace plugboard::serial
