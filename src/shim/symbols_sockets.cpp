// Sockets: those that stand for netlink's, on which uevents come. Others pay a glance.
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>

#include "shim/symbols.h"
#include "shim/uevents.h"

namespace shim = plugboard::shim;
using shim::finish;
using shim::real;

namespace {

size_t readable(ssize_t count, size_t room) {
    return count > 0 ? std::min(static_cast<size_t>(count), room) : 0;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int socket(int domain, int type, int protocol) noexcept {
    if (const auto fd = shim::open_uevents_here(domain, type, protocol)) return finish(*fd);
    return real<"socket", decltype(::socket)>()(domain, type, protocol);
}

int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
    if (const auto result = shim::bind_here(fd, address, size)) return finish(*result);
    return real<"bind", decltype(::bind)>()(fd, address, size);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    if (const auto result = shim::connect_here(fd, address, size)) return finish(*result);
    return real<"connect", decltype(::connect)>()(fd, address, size);
}

int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
    if (const auto result = shim::getsockname_here(fd, address, size)) return finish(*result);
    return real<"getsockname", decltype(::getsockname)>()(fd, address, size);
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* size) noexcept {
    if (const auto result = shim::getsockopt_here(fd, level, option, value, size))
        return finish(*result);
    return real<"getsockopt", decltype(::getsockopt)>()(fd, level, option, value, size);
}

int setsockopt(int fd, int level, int option, const void* value, socklen_t size) noexcept {
    if (const auto result = shim::setsockopt_here(fd, level, option, value, size))
        return finish(*result);
    return real<"setsockopt", decltype(::setsockopt)>()(fd, level, option, value, size);
}

ssize_t recv(int fd, void* to, size_t size, int flags) {
    return shim::check_lost(fd, real<"recv", decltype(::recv)>()(fd, to, size, flags));
}

ssize_t __recv_chk(int fd, void* to, size_t size, size_t room, int flags) {
    if (size > room) abort();
    return recv(fd, to, size, flags);
}

ssize_t recvfrom(int fd, void* to, size_t size, int flags, sockaddr* address,
                 socklen_t* address_size) {
    const socklen_t room = address && address_size ? *address_size : 0;
    const ssize_t count = shim::check_lost(
        fd, real<"recvfrom", decltype(::recvfrom)>()(fd, to, size, flags, address, address_size));
    if (count >= 0 && address)
        shim::show_sender(fd, address, address_size, room, to, readable(count, size));
    return count;
}

ssize_t __recvfrom_chk(int fd, void* to, size_t size, size_t room, int flags, sockaddr* address,
                       socklen_t* address_size) {
    if (size > room) abort();
    return recvfrom(fd, to, size, flags, address, address_size);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    const socklen_t room = message ? message->msg_namelen : 0;
    const ssize_t count =
        shim::check_lost(fd, real<"recvmsg", decltype(::recvmsg)>()(fd, message, flags));
    if (count >= 0 && message) shim::show_sender(fd, *message, room);
    return count;
}

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
    if (const auto result = shim::recvmmsg_here(fd, messages, count, flags, timeout))
        return *result;
    return real<"recvmmsg", decltype(::recvmmsg)>()(fd, messages, count, flags, timeout);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
    return shim::check_sent(fd, real<"send", decltype(::send)>()(fd, bytes, size, flags));
}

ssize_t sendto(int fd, const void* bytes, size_t size, int flags, const sockaddr* address,
               socklen_t address_size) {
    return shim::check_sent(
        fd, real<"sendto", decltype(::sendto)>()(fd, bytes, size, flags, address, address_size));
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    return shim::check_sent(fd, real<"sendmsg", decltype(::sendmsg)>()(fd, message, flags));
}

}  // extern "C"
#pragma GCC visibility pop
