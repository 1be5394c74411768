#include "daemon/control/seat_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "daemon/config/json_place.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;
using State = SeatClient::State;

/// How long clients may take to let go, and the longest that may be asked for.
constexpr uint64_t usual_limit_ms = 5000, longest_limit_ms = 60000;

const char* state_name(State state) {
    switch (state) {
        case State::Away: return "away";
        case State::Active: return "active";
        case State::Leaving: return "leaving";
    }
    return "";
}

/// Who has a card's node open, but not through the seat.
json users_without_seat(Board& board, const SeatInfo& seat) {
    json users = json::array();
    for (const OpenFileInfo& file : board.open_files()) {
        if (!file.node.starts_with("card")) continue;
        const bool has_seat = std::ranges::any_of(
            seat.clients, [&](const SeatClientInfo& one) { return one.peer.pid == file.pid; });
        if (has_seat) continue;
        users.push_back({{"pid", file.pid}, {"command", file.command}, {"node", file.node}});
    }
    return users;
}

/// A pause that reaches nobody names those whom it would have been for.
Problem with_users(Board& board, Problem problem) {
    if (problem.message != SeatServer::nobody) return problem;
    std::string names;
    for (const json& user : users_without_seat(board, {})) {
        names += fmt::format("{}{} ({}) has {}", names.empty() ? "" : ", ",
                             user["command"].get<std::string>(), user["pid"].get<int>(),
                             user["node"].get<std::string>());
    }
    if (!names.empty()) problem.message += fmt::format("; {} without it", names);
    return problem;
}

Outcome<Reply> change_seat(Board& board, const JsonPlace& request) {
    const std::string action = request.at("action").text(longest_control_name);
    Outcome<SeatInfo> done = Problem{.message = fmt::format("the seat knows no \"{}\"", action),
                                     .remedy = "use pause or resume"};
    if (action == "pause") {
        done = board.seat().pause(std::chrono::milliseconds(
            request.number_or("timeout_ms", longest_limit_ms, usual_limit_ms)));
    } else if (action == "resume") {
        done = board.seat().resume();
    }
    if (!done.ok()) return with_users(board, done.problem());
    Reply reply;
    reply.body["seat"] = seat_status(done.value());
    reply.body["without_seat"] = users_without_seat(board, done.value());
    return reply;
}

}  // namespace

json seat_status(const SeatInfo& seat) {
    json clients = json::array();
    for (const SeatClientInfo& client : seat.clients) {
        clients.push_back({{"pid", client.peer.pid},
                           {"command", client.peer.command},
                           {"protocol", client.protocol},
                           {"state", state_name(client.state)},
                           {"session", client.session},
                           {"devices", client.devices}});
    }
    return {{"paused", seat.is_paused}, {"clients", std::move(clients)}};
}

void add_seat_commands(Commands& commands, Board& board) {
    commands.add("seat",
                 [&board](const JsonPlace& request) { return change_seat(board, request); });
}

}  // namespace plugboard::daemon
