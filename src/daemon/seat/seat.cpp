#include "daemon/seat/seat.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/passed_fd.h"

namespace plugboard::daemon {

void SeatClient::send(std::span<const std::byte> bytes, int fd) {
    const ssize_t sent = send_with_fd(socket_.borrow(), bytes, fd, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(bytes.size())) fail();
}

void Seat::enter(SeatClient& client) {
    client.session_ = ++last_session_;
    clients_.push_back(&client);
    if (client.takes_turns()) return let_next_in();
    let_in(client);
    if (is_paused_) ask_to_leave(client);
}

void Seat::leave(SeatClient& client) {
    client.devices_.close_all();
    client.state_ = SeatClient::State::Away;
    std::erase(clients_, &client);
    if (next_ == &client) next_ = nullptr;
    if (current_ != &client) return;
    current_ = nullptr;
    let_next_in();
}

void Seat::let_in(SeatClient& client) {
    client.devices_.set_master();
    client.state_ = SeatClient::State::Active;
    if (client.takes_turns()) current_ = &client;
    client.tell(SeatClient::State::Active);
}

void Seat::ask_to_leave(SeatClient& client) {
    if (client.state_ != SeatClient::State::Active) return;
    client.state_ = SeatClient::State::Leaving;
    if (!client.leaves_first()) client.devices_.drop_master();
    client.tell(SeatClient::State::Leaving);
}

void Seat::let_next_in() {
    if (is_paused_ || current_) return;
    SeatClient* next = std::exchange(next_, nullptr);
    if (!next) {
        const auto first = std::ranges::find_if(clients_, &SeatClient::takes_turns);
        if (first == clients_.end()) return;
        next = *first;
    }
    let_in(*next);
}

Result<void> Seat::note_gone(SeatClient& client) {
    if (client.state_ != SeatClient::State::Leaving) return Errno::Busy;
    client.devices_.drop_master();
    client.state_ = SeatClient::State::Away;
    if (current_ == &client) {
        current_ = nullptr;
        let_next_in();
    } else if (!is_paused_) {
        let_in(client);  // the pause is over already
    }
    return {};
}

Result<void> Seat::switch_to(SeatClient& client, int session) {
    if (client.state_ != SeatClient::State::Active) return Errno::Perm;
    if (session == client.session_ || next_) return {};
    const auto found = std::ranges::find_if(clients_, [&](const SeatClient* other) {
        return other->takes_turns() && other->session_ == session;
    });
    if (found == clients_.end()) return Errno::Inval;
    next_ = *found;
    ask_to_leave(client);
    return {};
}

void Seat::pause() {
    is_paused_ = true;
    if (!next_) next_ = current_;
    for (SeatClient* client : clients_) ask_to_leave(*client);
}

void Seat::resume() {
    is_paused_ = false;
    let_next_in();
    for (SeatClient* client : clients_) {
        if (!client->takes_turns() && client->state_ == SeatClient::State::Away) let_in(*client);
    }
}

void Seat::stop_waiting() {
    for (SeatClient* client : clients_) {
        if (client->state_ == SeatClient::State::Leaving) client->devices_.drop_master();
    }
}

}  // namespace plugboard::daemon
