// A run's end of the socket to the process that follows it: followed_run.h has the other one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/unique_fd.h"

namespace plugboard::cli {

/// It is told {"started": PID, "board": DIRECTORY} and {"ended": WAIT STATUS}, asks for {"signal":
/// NUMBER} to the command, and ends the command by hanging up. The board stays until then.
class RunFollower {
  public:
    RunFollower() = default;  // nobody
    /// A SOCK_SEQPACKET: each message is one object.
    explicit RunFollower(UniqueFd socket) : socket_(std::move(socket)) {}

    bool is_there() const { return socket_.is_open(); }
    int socket() const { return socket_.borrow(); }
    void tell(const nlohmann::json& news) const;
    /// What it has asked for; it may have hung up afterwards.
    std::vector<int> take_signals();

  private:
    UniqueFd socket_;
};

}  // namespace plugboard::cli
