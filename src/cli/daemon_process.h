// The daemon of a board that this process started, and ends.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/unique_fd.h"
#include "cli/board_options.h"
#include "cli/installation.h"
#include "cli/process.h"

namespace plugboard::cli {

struct DaemonOptions {
    std::string directory;
    BoardOptions board{};  // but for its name
    bool keep = false;
    bool check = false;  // no board: it says what it would be, and ends
};

/// What the daemon says at its end. docs/control.md, "finish".
struct FinalReport {
    size_t opens = 0, objects = 0, descriptors = 0;
    std::vector<std::string> labels;  // of objects
    std::vector<std::string> loops;   // of references, that nobody will break
};

/// Ends when the socket closes, whatever becomes of us.
class DaemonProcess {
  public:
    /// Throws Failure (125): it cannot be started.
    DaemonProcess(const Installation& installation, const DaemonOptions& options);

    /// Waits until it serves; what it says then. Throws Failure (125) with the daemon's own words.
    nlohmann::json wait_until_ready();
    int pid() const { return pid_; }
    /// Unplugs all cards, ends all sessions, and waits for the daemon's end. Throws Failure (125).
    FinalReport finish();
    /// Lets go of a daemon that stays.
    void detach() { socket_.reset(); }

  private:
    bool ends_within(std::chrono::milliseconds time) const;
    /// Its wait status; killed when it does not end by itself.
    int wait_for_end();
    int pid_ = -1;
    UniqueFd socket_;
    UniqueFd pid_fd_;
};

}  // namespace plugboard::cli
