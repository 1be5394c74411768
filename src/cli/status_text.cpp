#include "cli/status_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "cli/output.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;

/// "/dev/dri/card0, /dev/dri/renderD128"
std::string nodes_of(const json& card) {
    std::vector<std::string> nodes;
    for (const char* key : {"node", "render_node"})
        if (card.contains(key)) nodes.push_back("/dev/dri/" + card[key].get<std::string>());
    return fmt::format("{}", fmt::join(nodes, ", "));
}

std::string table_of_cards(const json& status, int fd) {
    Table table({"CARD", "DEVICE", "DRIVER", "NODE", "SCREENS", "FLIPS"});
    for (const json& card : status.value("cards", json::array())) {
        const bool bound = card.value("bound", false);
        table.add({card.value("name", "?"), card.value("device", "(unplugged)"),
                   bound                          ? card.value("driver", "?")
                   : card.value("plugged", false) ? "(none)"
                                                  : "",
                   nodes_of(card), screens_text(card),
                   card.contains("flip_count") ? std::to_string(card["flip_count"].get<uint64_t>())
                                               : ""});
    }
    return table.text(fd);
}

std::string table_of_files(const json& status, int fd) {
    Table table({"NODE", "PID", "COMMAND"});
    const json files = status.value("files", json::array());
    for (const json& file : files) {
        table.add({file.value("node", "?"), std::to_string(file.value("pid", 0)),
                   file.value("command", "?")});
    }
    if (files.empty()) return "no open files\n";
    return table.text(fd);
}

std::string table_of_seat(const json& status, int fd) {
    const json seat = status.value("seat", json::object());
    const json clients = seat.value("clients", json::array());
    if (clients.empty()) return seat.value("paused", false) ? "the seat is paused\n\n" : "";
    Table table({"SEAT", "PID", "COMMAND", "BY", "DEVICES"});
    for (const json& client : clients) {
        table.add({client.value("state", "?"), std::to_string(client.value("pid", 0)),
                   client.value("command", "?"), client.value("protocol", "?"),
                   fmt::format("{}", fmt::join(client.value("devices", std::vector<std::string>()),
                                               ", "))});
    }
    return (seat.value("paused", false) ? "the seat is paused\n" : "") + table.text(fd) + "\n";
}

/// What each user has, beside what it may have. Empty: nobody has anything.
std::string table_of_users(const json& status, int fd) {
    const json users = status.value("users", json::array());
    if (users.empty()) return "";
    const json limits = status.value("limits", json::object());
    Table table({"USER", "HAS", "OF AT MOST"});
    for (const json& user : users) {
        std::string name = std::to_string(user.value("uid", 0U));
        const json has = user.value("has", json::object());
        for (const auto& [resource, amount] : has.items()) {
            const uint64_t limit = limits.value(resource, uint64_t{0});
            table.add({name, fmt::format("{} {}", amount.get<uint64_t>(), resource),
                       limit == 0 ? "(no limit)" : std::to_string(limit)});
            name.clear();
        }
    }
    return "\n" + table.text(fd);
}

std::string holders_of(const json& status, int fd) {
    std::string text;
    for (const json& card : status.value("cards", json::array())) {
        const auto holders = card.value("holders", std::vector<std::string>());
        if (holders.empty()) continue;
        text += coloured("REFERENCES OF " + card.value("name", "?"), Colour::Bold, fd) + "\n";
        for (const std::string& holder : holders) text += holder + "\n";
    }
    return text;
}

}  // namespace

std::string screens_text(const json& card) {
    std::vector<std::string> screens;
    for (const json& screen : card.value("screens", json::array())) {
        std::string text = screen.value("name", "?");
        if (screen.contains("monitor"))
            text += fmt::format(" ({})", screen["monitor"].get<std::string>());
        if (screen.contains("mode")) {
            text += fmt::format(" {}@{}", screen["mode"].get<std::string>(),
                                screen.value("refresh_hz", 0));
        } else {
            text += screen.value("plugged", true) ? " off" : " unplugged";
        }
        if (screen.contains("link_status")) text += " link bad";
        screens.push_back(text);
    }
    return fmt::format("{}", fmt::join(screens, ", "));
}

std::string status_text(const json& status, int fd) {
    std::string text = fmt::format("board {} ({}), daemon {}, {} opens so far\n\n{}\n{}{}{}",
                                   status.value("board", "?"), status.value("directory", "?"),
                                   status.value("pid", 0), status.value("opens", uint64_t{0}),
                                   table_of_cards(status, fd), table_of_seat(status, fd),
                                   table_of_files(status, fd), table_of_users(status, fd));
    if (const std::string holders = holders_of(status, fd); !holders.empty())
        text += "\n" + holders;
    return text;
}

}  // namespace plugboard::cli
