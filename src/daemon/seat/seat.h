// The seat of a board: whose turn it is to have the cards, and how they are asked to let go.
// Linux has no such thing; its user space does: seatd, logind, weston-launch, with VTs beneath.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/seat/seat_devices.h"

namespace plugboard::daemon {

class Seat;

/// One connection. Its protocol is what it derives. Used by the seat's thread only.
class SeatClient {
  public:
    enum class State {
        Away,     // has no card to rule: not its turn, paused, or no seat opened
        Active,   // has the cards
        Leaving,  // has been told to let go, and has not said that it did
    };

    SeatClient(UniqueFd socket, const SeatContext& context, SeatPeer peer)
        : socket_(std::move(socket)), peer_(peer), devices_(context, std::move(peer)) {}
    virtual ~SeatClient() = default;
    SeatClient(const SeatClient&) = delete;
    SeatClient& operator=(const SeatClient&) = delete;

    /// What can be read now, without waiting.
    virtual void handle_input() = 0;
    virtual const char* protocol() const = 0;
    /// Such clients have the seat one after the other; the others, each for itself.
    virtual bool takes_turns() const = 0;
    /// It keeps the rule until it says that it has let go.
    virtual bool leaves_first() const = 0;
    /// It has come back, or shall let go. Calls fail() when it cannot be told.
    virtual void tell(State state) = 0;

    int socket() const { return socket_.borrow(); }
    const SeatPeer& peer() const { return peer_; }
    SeatDevices& devices() { return devices_; }
    const SeatDevices& devices() const { return devices_; }
    State state() const { return state_; }
    int session() const { return session_; }
    bool is_over() const { return is_over_; }
    /// Its connection is to be ended.
    void fail() { is_over_ = true; }

  protected:
    /// All of it, at once: a client that does not read is over. `fd` goes along.
    void send(std::span<const std::byte> bytes, int fd = -1);

  private:
    friend class Seat;
    UniqueFd socket_;
    const SeatPeer peer_;
    SeatDevices devices_;
    State state_ = State::Away;
    int session_ = 0;
    bool is_over_ = false;
};

/// The rules of seatd's seats without VTs; pausing is what another VT would be. Used by the seat's
/// thread only. Clients that have entered leave before they are destroyed.
class Seat {
  public:
    /// Gives it a session number; its turn may come at once.
    void enter(SeatClient& client);
    void leave(SeatClient& client);
    /// It has let go. Busy: it had not been asked to.
    Result<void> note_gone(SeatClient& client);
    /// The active client makes way for the one with this number. Perm: it is not active; Inval.
    Result<void> switch_to(SeatClient& client, int session);

    bool is_paused() const { return is_paused_; }
    /// Asks everybody to let go; nobody's turn comes until resume().
    void pause();
    void resume();
    /// Takes the rule from those who have been asked to let go and have not.
    void stop_waiting();
    const std::vector<SeatClient*>& clients() const { return clients_; }

  private:
    void let_in(SeatClient& client);
    void ask_to_leave(SeatClient& client);
    void let_next_in();

    std::vector<SeatClient*> clients_;  // in the order in which they entered
    SeatClient* current_ = nullptr;     // whose turn it is, also while it leaves
    SeatClient* next_ = nullptr;
    bool is_paused_ = false;
    int last_session_ = 0;
};

}  // namespace plugboard::daemon
