// The two ways in which clients speak with the seat.
#pragma once

#include <string>
#include <utility>

#include "daemon/seat/seat.h"
#include "daemon/seat/seat_messages.h"

namespace plugboard::daemon {

/// libseat's seatd backend. It opens the seat first.
class SeatdClient final : public SeatClient {
  public:
    SeatdClient(UniqueFd socket, const SeatContext& context, SeatPeer peer, Seat& seat)
        : SeatClient(std::move(socket), context, std::move(peer)), seat_(seat) {}

    void handle_input() override;
    const char* protocol() const override { return "seatd"; }
    bool takes_turns() const override { return true; }
    bool leaves_first() const override { return false; }
    void tell(State state) override;

  private:
    void handle(const seatd::Request& request);
    void open_seat();
    void close_seat();
    void open_device(const std::string& path);
    void answer(const Result<void>& done, seatd::ReplyType type);

    Seat& seat_;
    seatd::Input input_;
    enum class Stage { Before, Open, After } stage_ = Stage::Before;
};

/// weston 10's weston_launch launcher. It has the seat from the start.
class WestonClient final : public SeatClient {
  public:
    WestonClient(UniqueFd socket, const SeatContext& context, SeatPeer peer, Seat& seat)
        : SeatClient(std::move(socket), context, std::move(peer)), seat_(seat) {}

    void handle_input() override;
    const char* protocol() const override { return "weston_launch"; }
    bool takes_turns() const override { return false; }
    bool leaves_first() const override { return true; }
    void tell(State state) override;

  private:
    void open(const weston_launch::Open& request);

    Seat& seat_;
    bool was_told_ = false;  // to let go, at least once
};

}  // namespace plugboard::daemon
