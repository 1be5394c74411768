#include "daemon/control.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>

#include "base/log.h"

namespace plugboard::daemon {
namespace {

constexpr size_t kMaxConnections = 64;

Reply refusal(const Problem& problem) {
    Reply reply;
    reply.body = {{"plugboard", kControlVersion}, {"ok", false}, {"error", problem.headline()}};
    if (!problem.remedy.empty()) reply.body["remedy"] = problem.remedy;
    return reply;
}

bool send_reply(int socket, const Reply& reply) {
    std::string line = reply.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    line += '\n';
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    int attachment = reply.attachment.borrow();
    bool attach = reply.attachment.is_open();
    std::string_view rest = line;
    while (!rest.empty()) {
        iovec part{.iov_base = const_cast<char*>(rest.data()), .iov_len = rest.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (attach) {  // travels with the first byte
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(head), &attachment, sizeof(attachment));
        }
        const ssize_t count = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        attach = false;
        rest.remove_prefix(static_cast<size_t>(count));
    }
    return true;
}

bool is_own_user(int socket) {
    ucred peer{};
    socklen_t length = sizeof(peer);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
    return peer.uid == 0 || peer.uid == geteuid();
}

/// Takes one waiting connection and drops it, when no descriptor is left but the spare one.
void refuse_one(int listener, UniqueFd& spare) {
    log::error("control: a connection was refused: no descriptors left");
    spare.reset();
    UniqueFd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)).reset();
    spare.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/// A peer that does not read cannot keep its thread for ever.
void limit_sending(int socket) {
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

Result<UniqueFd> listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return Errno::NameTooLong;
    memcpy(address.sun_path, path.c_str(), path.size());
    UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket_fd.is_open()) return last_error();
    if (bind(socket_fd.borrow(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
            0 ||
        listen(socket_fd.borrow(), SOMAXCONN) != 0)
        return last_error();
    return socket_fd;
}

}  // namespace

Reply Commands::answer(std::string_view line) const {
    try {
        const auto request = nlohmann::json::parse(line, nullptr, false);
        if (!request.is_object()) {
            return refusal({.message = "the line is no JSON object",
                            .remedy = "send one object a line, such as {\"op\": \"status\"}"});
        }
        const int version = request.value("plugboard", kControlVersion);
        if (version != kControlVersion) {
            return refusal({.message = fmt::format("protocol {} is not spoken here", version),
                            .remedy = fmt::format("send \"plugboard\": {}", kControlVersion)});
        }
        const std::string op = request.value("op", "");
        const auto command = commands_.find(op);
        if (command == commands_.end()) {
            std::string known;
            for (const auto& [name, run] : commands_) known += (known.empty() ? "" : ", ") + name;
            return refusal({.message = fmt::format("there is no op \"{}\"", op),
                            .remedy = "use one of: " + known});
        }
        Outcome<Reply> outcome = command->second(request);
        if (!outcome.ok()) return refusal(outcome.problem());
        Reply reply = std::move(outcome.value());
        reply.body["plugboard"] = kControlVersion;
        reply.body["ok"] = true;
        return reply;
    } catch (const nlohmann::json::exception& error) {
        return refusal({.message = fmt::format("a member has the wrong type: {}", error.what()),
                        .remedy = "docs/control.md has the members of each op"});
    } catch (const std::exception& error) {
        return refusal({.message = fmt::format("the command failed: {}", error.what())});
    }
}

void serve_control_lines(int socket, const Commands& commands) {
    std::string pending;
    std::array<char, 4096> bytes{};
    for (;;) {
        const ssize_t count = recv(socket, bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        pending.append(bytes.data(), static_cast<size_t>(count));
        for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
            const Reply reply = commands.answer(std::string_view(pending).substr(0, end));
            pending.erase(0, end + 1);
            if (!send_reply(socket, reply)) return;
        }
        if (pending.size() > kLongestControlLine) {
            send_reply(
                socket,
                refusal({.message = fmt::format("a line has over {} bytes", kLongestControlLine),
                         .remedy = "end each request with a newline"}));
            return;
        }
    }
}

Result<std::unique_ptr<ControlServer>> ControlServer::create(const std::string& path,
                                                             const Commands& commands) {
    auto listener = TRY(listen_at(path));
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(listener), commands));
}

ControlServer::ControlServer(UniqueFd listener, const Commands& commands)
    : listener_(std::move(listener)), commands_(commands) {}

void ControlServer::start() {
    acceptor_ = std::thread([this] { accept_connections(); });
}

ControlServer::~ControlServer() {
    shutdown(listener_.borrow(), SHUT_RDWR);  // wakes accept()
    if (acceptor_.joinable()) acceptor_.join();
    std::list<Connection> rest;
    {
        MutexLock lock(mutex_);
        // An answer under way is still sent.
        for (Connection& connection : connections_) shutdown(connection.socket.borrow(), SHUT_RD);
        rest.splice(rest.end(), connections_);
    }
    for (Connection& connection : rest) connection.thread.join();
}

size_t ControlServer::descriptors() const {
    MutexLock lock(mutex_);
    return 2 + connections_.size();  // the listener and the spare one
}

void ControlServer::join_finished_locked() {
    for (auto it = connections_.begin(); it != connections_.end();) {
        if (!it->done) {
            ++it;
            continue;
        }
        it->thread.join();  // has left its last lock: ends by itself
        it = connections_.erase(it);
    }
}

void ControlServer::accept_connections() {
    UniqueFd spare(open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (;;) {
        UniqueFd socket(accept4(listener_.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket.is_open()) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno != EMFILE && errno != ENFILE) return;
            refuse_one(listener_.borrow(), spare);
            continue;
        }
        if (!is_own_user(socket.borrow())) continue;
        MutexLock lock(mutex_);
        join_finished_locked();
        if (connections_.size() >= kMaxConnections) continue;
        limit_sending(socket.borrow());
        Connection& connection = connections_.emplace_back();
        connection.socket = std::move(socket);
        connection.thread = std::thread([this, &connection] { serve(connection); });
    }
}

void ControlServer::serve(Connection& connection) {
    serve_control_lines(connection.socket.borrow(), commands_);
    shutdown(connection.socket.borrow(), SHUT_RDWR);
    MutexLock lock(mutex_);
    connection.done = true;
}

}  // namespace plugboard::daemon
