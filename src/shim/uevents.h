// Makes the stand-in for a netlink socket of uevents look like one. Each call is about a socket
// that may as well be another: nothing, or false, says so, and costs the caller little.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <optional>

namespace plugboard::shim {

/// socket(2), where it asks for one.
std::optional<long> open_uevents_here(int domain, int type, int protocol);
std::optional<long> bind_here(int fd, const sockaddr* address, socklen_t size);
/// Also of sockets with a path in the tree.
std::optional<long> connect_here(int fd, const sockaddr* address, socklen_t size);
/// `size` as in getsockname(2).
std::optional<long> getsockname_here(int fd, sockaddr* address, socklen_t* size);
std::optional<long> getsockopt_here(int fd, int level, int option, void* value, socklen_t* size);
std::optional<long> setsockopt_here(int fd, int level, int option, const void* value,
                                    socklen_t size);

/// After a receive that gave `count`: a message that tells of lost ones is taken off, and the
/// result is that of netlink, ENOBUFS.
ssize_t check_lost(int fd, ssize_t count);
/// After a send: only the kernel and udev speak there.
ssize_t check_sent(int fd, ssize_t result);
std::optional<int> recvmmsg_here(int fd, mmsghdr* messages, unsigned count, int flags,
                                 timespec* timeout);
/// After recvmsg(2), whose `name_room` was msg_namelen before: sender and credentials.
void show_sender(int fd, msghdr& message, socklen_t name_room);
/// The same for a name alone. `start` is the message's, of which `count` bytes can be read.
void show_sender(int fd, sockaddr* address, socklen_t* size, socklen_t room, const void* start,
                 size_t count);

}  // namespace plugboard::shim
