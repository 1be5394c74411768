// The devices that one client of the seat has opened: the seat gives and takes the rule over them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "daemon/session/file_table.h"
#include "daemon/session/open_node.h"
#include "daemon/session/world.h"

namespace plugboard::daemon {

/// Who is at the other end of a socket.
struct SeatPeer {
    int pid = 0;
    std::string command;
};

/// What the clients of a seat have in common; outlives them.
struct SeatContext {
    World& world;
    FileTable& files;
    std::string root;  // the board's tree on the disk
    Clock& clock;
};

/// Files are opened by the seat, as root: their client cannot make itself master. Used by the
/// seat's thread only.
class SeatDevices {
  public:
    SeatDevices(const SeatContext& context, SeatPeer peer)
        : context_(context), peer_(std::move(peer)) {}

    /// Close: the seat keeps a copy of the descriptor until close(). Nothing: the client's own
    /// close is the last.
    enum class Until { Close, LastCopy };
    struct Opened {
        int id = 0;
        UniqueFd fd;  // for the client
    };
    /// The node that `path` leads to; its client becomes master if it can. NoEnt: it is no node of
    /// the board (/dev/input never is); MFile: too many. Those of open_node().
    Result<Opened> open(const std::string& path, int flags, Until until);
    /// BadF: there is none of this number.
    Result<void> close(int id);
    void close_all();

    void set_master();
    void drop_master();
    /// "/dev/dri/card0"
    std::vector<std::string> paths() const;

  private:
    struct Device {
        int id = 0;
        NodeName node;
        std::string path;
        uint64_t number = 0;  // of the file
        UniqueFd copy;        // if the seat keeps one
        int users = 1;        // opens of it that are not closed
    };
    std::optional<std::string> find_path(const std::string& path) const;
    void forget_closed();
    int next_id() const;
    Result<void> change_master(const Device& device, uint32_t command) const;

    const SeatContext& context_;
    const SeatPeer peer_;
    std::vector<Device> devices_;
};

}  // namespace plugboard::daemon
