#include "embed/control_request.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/passed_fd.h"
#include "daemon/control/control.h"

namespace plugboard::embed {
namespace {

UniqueFd connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return {};
    path.copy(address.sun_path, path.size());
    UniqueFd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!connection.is_open()) return {};
    while (connect(connection.borrow(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address)) != 0) {
        if (errno != EINTR) return {};
    }
    return connection;
}

bool send_all(int socket, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<size_t>(count));
    }
    return true;
}

/// False: the connection ended before.
bool receive_line(int socket, ControlAnswer& answer) {
    while (answer.line.find('\n') == std::string::npos) {
        std::array<char, 4096> bytes{};
        const ssize_t count = receive_with_fd(socket, bytes, answer.attachment);
        if (count <= 0) return false;
        answer.line.append(bytes.data(), static_cast<size_t>(count));
    }
    answer.line.resize(answer.line.find('\n'));
    return true;
}

}  // namespace

ControlAnswer refusal(const std::string& error, const std::string& remedy) {
    const nlohmann::json body = {{"plugboard", daemon::control_version},
                                 {"ok", false},
                                 {"error", error},
                                 {"remedy", remedy}};
    return {.line = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

ControlAnswer ask_board(const std::string& directory, std::string request) {
    const UniqueFd connection = connect_to(directory + "/control");
    std::ranges::replace(request, '\n', ' ');  // a line to the board, blank to JSON
    request += '\n';
    ControlAnswer answer;
    if (!connection.is_open() || !send_all(connection.borrow(), request) ||
        !receive_line(connection.borrow(), answer))
        return refusal("the board cannot be reached",
                       "it has ended: by plugboard_embed_stop(), `plugboard down`, or with the "
                       "process that had started it");
    const auto body = nlohmann::json::parse(answer.line, nullptr, false);
    answer.ok = body.is_object() && body.value("ok", false);
    return answer;
}

}  // namespace plugboard::embed
