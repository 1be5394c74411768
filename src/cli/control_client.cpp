#include "cli/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>

#include "base/passed_fd.h"
#include "cli/failure.h"

namespace plugboard::cli {
namespace {

constexpr int protocol = 1;

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

Failure no_answer() {
    return Failure("the board does not answer", "see its log; end it with SIGTERM");
}

void wait_readable(int socket, const Deadline& deadline) {
    for (;;) {
        int left = -1;
        if (deadline) {
            const auto time = *deadline - std::chrono::steady_clock::now();
            left = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count());
            if (left <= 0) throw no_answer();
        }
        pollfd poll_fd{.fd = socket, .events = POLLIN, .revents = 0};
        if (poll(&poll_fd, 1, left) > 0) return;
    }
}

/// Adds what has arrived to `line`; throws at the end of the stream.
void receive_some(int socket, std::string& line, UniqueFd& attachment) {
    std::array<char, 4096> bytes{};
    const ssize_t count = receive_with_fd(socket, bytes, attachment);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) throw Failure("the board closed the connection", "see whether its daemon died");
    line.append(bytes.data(), static_cast<size_t>(count));
}

void send_line(int socket, const nlohmann::json& request) {
    std::string line = request.dump() + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t count = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) throw no_answer();
        if (count < 0) return;  // it may have said why before it closed
        rest.remove_prefix(static_cast<size_t>(count));
    }
}

}  // namespace

Answer receive_line(int socket, Timeout timeout) {
    Deadline deadline;
    if (timeout) deadline = std::chrono::steady_clock::now() + *timeout;
    std::string line;
    Answer answer;
    while (line.find('\n') == std::string::npos) {
        wait_readable(socket, deadline);
        receive_some(socket, line, answer.attachment);
    }
    answer.body = nlohmann::json::parse(line.substr(0, line.find('\n')), nullptr, false);
    if (!answer.body.is_object())
        throw Failure("the board's answer is no JSON object",
                      "use the plugboard of the board's own version");
    return answer;
}

Answer exchange(int socket, const nlohmann::json& request, Timeout timeout) {
    send_line(socket, request);
    return receive_line(socket, timeout);
}

UniqueFd connect_to_board(const std::string& directory) {
    const std::string path = directory + "/control";
    UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // A daemon that does nothing at all does not take connections either.
    const timeval limit{.tv_sec = answer_time.count(), .tv_usec = 0};
    setsockopt(socket_fd.borrow(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw Failure(fmt::format("the path {} is too long for a socket", path));
    memcpy(address.sun_path, path.c_str(), path.size());
    if (connect(socket_fd.borrow(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
        0) {
        if (errno == EAGAIN) throw no_answer();
        throw Failure(fmt::format("{} cannot be reached: {}", path, strerror(errno)),
                      "the board may have ended, or belong to another user");
    }
    return socket_fd;
}

UniqueFd send_request(const std::string& directory, nlohmann::json request) {
    request["plugboard"] = protocol;
    UniqueFd connection = connect_to_board(directory);
    send_line(connection.borrow(), request);
    return connection;
}

Answer receive_answer(int socket, Timeout timeout) {
    Answer answer = receive_line(socket, timeout);
    if (!answer.body.value("ok", false))
        throw Failure(answer.body.value("error", "the board refused"),
                      answer.body.value("remedy", ""));
    return answer;
}

Answer ask_board(const std::string& directory, nlohmann::json request, Timeout timeout) {
    const UniqueFd connection = send_request(directory, std::move(request));
    return receive_answer(connection.borrow(), timeout);
}

}  // namespace plugboard::cli
