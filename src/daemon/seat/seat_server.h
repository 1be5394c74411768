// Serves the seat of a board on its two sockets, with one thread that waits for nobody.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "daemon/config/problem.h"
#include "daemon/seat/seat.h"

namespace plugboard::daemon {

/// A client of the seat as `plugboard status` shows it.
struct SeatClientInfo {
    SeatPeer peer;
    std::string protocol;
    SeatClient::State state = SeatClient::State::Away;
    int session = 0;
    std::vector<std::string> devices;  // paths of nodes
};

struct SeatInfo {
    bool is_paused = false;
    std::vector<SeatClientInfo> clients;  // those that have opened it
};

/// Owned by the board. Any thread.
class SeatServer {
  public:
    /// Sockets `directory`/seat (seatd's protocol) and `directory`/weston. `files` and what
    /// is in `context` outlive it. MFile, NFile, NoMem, Again, NameTooLong, and what bind(2) says.
    static Result<std::unique_ptr<SeatServer>> create(const std::string& directory,
                                                      SeatContext context);
    /// Ends every connection.
    ~SeatServer();
    SeatServer(const SeatServer&) = delete;
    SeatServer& operator=(const SeatServer&) = delete;

    /// What pause() says when there are no clients.
    static constexpr const char* nobody = "nobody has the seat";

    /// Descriptors it has now by itself; copies of what clients have open are not counted.
    size_t descriptors() const;
    SeatInfo info();
    /// Asks all clients to let go and waits for them so long; then the rule over the cards is taken
    /// from those that have not answered. Tells of the clients as they are afterwards. A problem:
    /// paused already, or nobody is there.
    Outcome<SeatInfo> pause(std::chrono::nanoseconds limit);
    Outcome<SeatInfo> resume();
    /// Handles every hang-up that is visible now.
    void settle();

  private:
    struct Impl;
    explicit SeatServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace plugboard::daemon
