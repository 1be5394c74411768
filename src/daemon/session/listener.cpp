#include "daemon/session/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace plugboard::daemon {
namespace {

UniqueFd open_spare() {
    return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Result<Listener> Listener::create(const std::string& path, Type type) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return Errno::NameTooLong;
    memcpy(address.sun_path, path.c_str(), path.size());
    const int kind = type == Type::Stream ? SOCK_STREAM : SOCK_SEQPACKET;
    UniqueFd listening(socket(AF_UNIX, kind | SOCK_CLOEXEC, 0));
    if (!listening.is_open()) return last_error();
    if (bind(listening.borrow(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
            0 ||
        listen(listening.borrow(), SOMAXCONN) != 0)
        return last_error();
    UniqueFd spare = open_spare();
    if (!spare.is_open()) return last_error();
    return Listener(std::move(listening), std::move(spare));
}

Result<UniqueFd> Listener::accept(const Refuse& refuse) {
    for (;;) {
        UniqueFd connection(accept4(socket_.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
        if (connection.is_open()) return connection;
        const Errno error = last_error();
        if (error == Errno::Intr || errno == ECONNABORTED) continue;
        if (error == Errno::MFile || error == Errno::NFile) refuse_one(refuse, error);
        return error;
    }
}

void Listener::refuse_one(const Refuse& refuse, Errno error) {
    constexpr int milliseconds = 20;
    spare_.reset();
    UniqueFd connection(accept4(socket_.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.is_open()) {
        refuse(connection.borrow(), error);
    } else {
        poll(nullptr, 0, milliseconds);  // another thread took the spare one's place: no spinning
    }
    connection.reset();
    spare_ = open_spare();
}

void Listener::shut_down() {
    shutdown(socket_.borrow(), SHUT_RDWR);
}

std::optional<ucred> peer_of(int socket) {
    ucred peer{};
    socklen_t length = sizeof(peer);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return std::nullopt;
    return peer;
}

bool is_own_user(const ucred& peer) {
    return peer.uid == 0 || peer.uid == geteuid();
}

}  // namespace plugboard::daemon
