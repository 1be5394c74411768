#include "daemon/control/control.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>

#include "base/log.h"
#include "base/passed_fd.h"
#include "daemon/control/connection_sleeper.h"
#include "daemon/descriptor_count.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_connections = 64;

Reply refusal(const Problem& problem) {
    Reply reply;
    reply.body = {{"plugboard", control_version}, {"ok", false}, {"error", problem.headline()}};
    if (!problem.remedy.empty()) reply.body["remedy"] = problem.remedy;
    return reply;
}

bool send_reply(int socket, const Reply& reply) {
    std::string line = reply.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    line += '\n';
    int attachment = reply.attachment.borrow();  // goes with the first byte
    for (auto rest = std::as_bytes(std::span(line)); !rest.empty(); attachment = -1) {
        const ssize_t count = send_with_fd(socket, rest, attachment, MSG_NOSIGNAL);
        if (count < 0) return false;
        rest = rest.subspan(static_cast<size_t>(count));
    }
    return true;
}

/// A peer that does not read cannot keep its thread for ever.
void limit_sending(int socket) {
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/// Says so without waiting; a client that has asked already finds it where its answer would be.
void refuse_connection(int socket, const std::string& why) {
    const Reply reply = refusal({.message = fmt::format("the board cannot serve you: {}", why),
                                 .remedy = "end some of its clients, then try again"});
    const std::string line = reply.body.dump() + "\n";
    send(socket, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

Outcome<Reply> reply_of(const Outcome<Done>& done) {
    if (!done.ok()) return done.problem();
    return Reply{};
}

Reply Commands::answer(std::string_view line, Sleeper& caller) const {
    try {
        const auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (!parsed.is_object()) {
            return refusal({.message = "the line is no JSON object",
                            .remedy = "send one object a line, such as {\"op\": \"status\"}"});
        }
        const JsonPlace request(parsed, "");
        const uint64_t version = request.number_or("plugboard", UINT64_MAX, control_version);
        if (version != control_version) {
            return refusal({.message = fmt::format("protocol {} is not spoken here", version),
                            .remedy = fmt::format("send \"plugboard\": {}", control_version)});
        }
        const std::string op = request.text_or("op", longest_control_name, "");
        const auto command = commands_.find(op);
        if (command == commands_.end()) {
            std::string known;
            for (const auto& [name, run] : commands_) known += (known.empty() ? "" : ", ") + name;
            return refusal({.message = fmt::format("there is no op \"{}\"", op),
                            .remedy = "use one of: " + known});
        }
        Outcome<Reply> outcome = command->second(request, caller);
        if (!outcome.ok()) return refusal(outcome.problem());
        Reply reply = std::move(outcome.value());
        reply.body["plugboard"] = control_version;
        reply.body["ok"] = true;
        return reply;
    } catch (const Problem& problem) {
        return refusal(problem);
    } catch (const std::exception& error) {
        return refusal({.message = fmt::format("the command failed: {}", error.what())});
    }
}

void serve_control_lines(int socket, int event, const Commands& commands) {
    ConnectionSleeper caller(socket, event, Clock::real());
    std::string pending;
    std::array<char, 4096> bytes{};
    for (;;) {
        const ssize_t count = recv(socket, bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        pending.append(bytes.data(), static_cast<size_t>(count));
        for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
            const Reply reply = commands.answer(std::string_view(pending).substr(0, end), caller);
            pending.erase(0, end + 1);
            if (!send_reply(socket, reply)) return;
        }
        if (pending.size() > longest_control_line) {
            send_reply(
                socket,
                refusal({.message = fmt::format("a line has over {} bytes", longest_control_line),
                         .remedy = "end each request with a newline"}));
            return;
        }
    }
}

Result<std::unique_ptr<ControlServer>> ControlServer::create(const std::string& path,
                                                             const Commands& commands) {
    auto listener = TRY(Listener::create(path, Listener::Type::Stream));
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(listener), commands));
}

ControlServer::ControlServer(Listener listener, const Commands& commands)
    : listener_(std::move(listener)), commands_(commands) {}

Result<void> ControlServer::start() {
    acceptor_ = TRY(Thread::start([this] { accept_connections(); }));
    return {};
}

ControlServer::~ControlServer() {
    end();
}

void ControlServer::end() {
    listener_.shut_down();
    acceptor_.join();
    std::list<Connection> rest;
    {
        MutexLock lock(mutex_);
        // An answer under way is still sent.
        for (Connection& connection : connections_) {
            if (!connection.done) shutdown(connection.socket.borrow(), SHUT_RD);
        }
        rest.splice(rest.end(), connections_);
    }
    for (Connection& connection : rest) connection.thread.join();
}

size_t ControlServer::count_others() const {
    MutexLock lock(mutex_);
    size_t own = Listener::descriptors();
    for (const Connection& connection : connections_) own += connection.done ? 0 : 2;
    return count_descriptors() - own;
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
    const auto refuse = [](int socket, Errno error) {
        refuse_connection(socket, errno_name(error));
    };
    bool is_refusing = false;  // is said once
    for (;;) {
        pollfd waiting{.fd = listener_.poll_fd(), .events = POLLIN, .revents = 0};
        if (poll(&waiting, 1, -1) < 0) continue;
        MutexLock lock(mutex_);  // the leak check sees no connection that is not counted
        auto accepted = listener_.accept(refuse);
        std::string refused;
        if (accepted.ok()) {
            refused = start_connection_locked(std::move(*accepted));
        } else if (accepted.error() == Errno::MFile || accepted.error() == Errno::NFile) {
            refused = errno_name(accepted.error());
        } else {
            return;
        }
        lock.unlock();
        if (!refused.empty() && !is_refusing)
            log::error("control: a connection was refused: {}", refused);
        is_refusing = !refused.empty();
    }
}

std::string ControlServer::start_connection_locked(UniqueFd socket) {
    const auto peer = peer_of(socket.borrow());
    if (!peer || !is_own_user(*peer)) return {};
    join_finished_locked();
    if (connections_.size() >= max_connections) {
        std::string why = fmt::format("it has {} connections", max_connections);
        refuse_connection(socket.borrow(), why);
        return why;
    }
    auto event = ConnectionSleeper::make_event();
    if (!event.ok()) {
        std::string why = errno_name(event.error());
        refuse_connection(socket.borrow(), why);
        return why;
    }
    limit_sending(socket.borrow());
    Connection& connection = connections_.emplace_back();
    connection.socket = std::move(socket);
    connection.event = *std::move(event);
    auto thread = Thread::start([this, &connection] { serve(connection); });
    if (!thread.ok()) {
        std::string why = "it gets no thread";
        refuse_connection(connection.socket.borrow(), why);
        connections_.pop_back();
        return why;
    }
    connection.thread = *std::move(thread);
    return {};
}

void ControlServer::serve(Connection& connection) {
    serve_control_lines(connection.socket.borrow(), connection.event.borrow(), commands_);
    MutexLock lock(mutex_);
    connection.done = true;
    connection.socket.reset();
    connection.event.reset();
}

}  // namespace plugboard::daemon
