#include "shim/uevents.h"

#include <linux/netlink.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "shim/descriptors.h"
#include "shim/forward.h"
#include "shim/paths.h"
#include "shim/real.h"
#include "shim/result.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr uint32_t kernel_group = 1, udev_group = 2;
constexpr std::string_view udev_start("libudev\0", 8);

std::optional<FdLabel> find_uevents(int fd) {
    const auto label = find_label(fd);
    if (!label || label->kind != FdKind::Uevents) return std::nullopt;
    return label;
}

/// A local address whose name starts so, as far as there is room for it.
bool has_name(const void* address, size_t room, std::string_view start) {
    sa_family_t family = 0;
    if (!address || room <= sizeof family) return false;
    std::memcpy(&family, address, sizeof family);
    if (family != AF_UNIX) return false;
    const std::string_view name(static_cast<const char*>(address) + sizeof family,
                                room - sizeof family);
    return name[0] == '\0' && name.substr(1, start.size()) == start.substr(0, name.size() - 1);
}

void put_address(void* address, socklen_t* size, socklen_t room, uint32_t port, uint32_t groups) {
    sockaddr_nl shown{};
    shown.nl_family = AF_NETLINK;
    shown.nl_pid = port;
    shown.nl_groups = groups;
    std::memcpy(address, &shown, std::min<size_t>(room, sizeof shown));
    *size = sizeof shown;
}

/// Whose message it is, by how it starts.
uint32_t group_of(const void* start, size_t count) {
    const bool is_udevs =
        count >= udev_start.size() &&
        std::string_view(static_cast<const char*>(start), udev_start.size()) == udev_start;
    return is_udevs ? udev_group : kernel_group;
}

/// Who sends them natively is the daemon.
void show_credentials(cmsghdr& part, uint32_t group) {
    ucred sender;
    std::memcpy(&sender, CMSG_DATA(&part), sizeof sender);
    if (group == kernel_group) sender.pid = 0;
    sender.uid = 0;
    sender.gid = 0;
    std::memcpy(CMSG_DATA(&part), &sender, sizeof sender);
}

cmsghdr* find_credentials(msghdr& message) {
    if (!message.msg_control || message.msg_controllen < sizeof(cmsghdr)) return nullptr;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS &&
            part->cmsg_len >= CMSG_LEN(sizeof(ucred)))
            return part;
    }
    return nullptr;
}

/// The next message is the one in place of lost ones.
bool is_lost_next(int fd) {
    std::byte first;
    return raw_syscall(SYS_recvfrom, fd, &first, sizeof first, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT,
                       nullptr, nullptr) == static_cast<long>(transport::uevents_lost_size);
}

/// connect(2) by a path of the tree, where nobody listens.
std::optional<long> connect_to_tree(const sockaddr* address, socklen_t size) {
    sockaddr_un wanted{};
    if (!address || size <= sizeof wanted.sun_family || size > sizeof wanted ||
        !copy_from(address, &wanted, size) || wanted.sun_family != AF_UNIX ||
        wanted.sun_path[0] != '/')
        return std::nullopt;
    Text<sizeof wanted.sun_path + 1> path;
    path.append({wanted.sun_path, strnlen(wanted.sun_path, sizeof wanted.sun_path)});
    const Target target(AT_FDCWD, path.c_str());
    if (!target.is_ours()) return std::nullopt;
    return target.place() == Place::Tree ? -ECONNREFUSED : -ENOENT;
}

/// Puts a number where getsockopt() is asked for one.
long put_option(int number, void* value, socklen_t* size) {
    std::memcpy(value, &number, std::min<size_t>(*size, sizeof number));
    return 0;
}

}  // namespace

std::optional<long> open_uevents_here(int domain, int type, int protocol) {
    if (domain != AF_NETLINK || protocol != NETLINK_KOBJECT_UEVENT || !board()) return std::nullopt;
    const int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
    if ((type & ~flags) != SOCK_RAW && (type & ~flags) != SOCK_DGRAM) return std::nullopt;
    return open_uevents(type & ~flags, flags);
}

std::optional<long> bind_here(int fd, const sockaddr* address, socklen_t size) {
    const auto label = find_uevents(fd);
    if (!label) return std::nullopt;
    sockaddr_nl wanted;
    if (size < sizeof wanted) return -EINVAL;
    if (!copy_from(address, &wanted, sizeof wanted)) return -EFAULT;
    if (wanted.nl_family != AF_NETLINK) return -EINVAL;
    return change_uevents(fd, *label, transport::UeventsChange::Bind, wanted.nl_pid,
                          wanted.nl_groups);
}

/// Where it would send to, which nobody may. Linux: netlink_connect
std::optional<long> connect_here(int fd, const sockaddr* address, socklen_t size) {
    if (!board()) return std::nullopt;
    if (!find_uevents(fd)) return connect_to_tree(address, size);
    sockaddr_nl wanted;
    if (size < sizeof wanted.nl_family) return -EINVAL;
    if (!copy_from(address, &wanted, std::min<size_t>(size, sizeof wanted))) return -EFAULT;
    if (wanted.nl_family == AF_UNSPEC) return 0;
    if (wanted.nl_family != AF_NETLINK || size < sizeof wanted) return -EINVAL;
    return wanted.nl_groups != 0 || wanted.nl_pid != 0 ? -EPERM : 0;
}

std::optional<long> getsockname_here(int fd, sockaddr* address, socklen_t* size) {
    const auto label = find_uevents(fd);
    if (!label) return std::nullopt;
    socklen_t room = 0;
    if (!copy_from(size, &room, sizeof room)) return -EFAULT;
    UeventsName name;
    if (const long error = name_uevents(fd, *label, name); error < 0) return error;
    put_address(address, size, room, name.port, name.groups);
    return 0;
}

std::optional<long> getsockopt_here(int fd, int level, int option, void* value, socklen_t* size) {
    if (level != SOL_SOCKET || (option != SO_TYPE && option != SO_DOMAIN && option != SO_PROTOCOL))
        return std::nullopt;
    const auto label = find_uevents(fd);
    if (!label) return std::nullopt;
    if (option == SO_DOMAIN) return put_option(AF_NETLINK, value, size);
    if (option == SO_PROTOCOL) return put_option(NETLINK_KOBJECT_UEVENT, value, size);
    UeventsName name;
    if (const long error = name_uevents(fd, *label, name); error < 0) return error;
    return put_option(name.type, value, size);
}

std::optional<long> setsockopt_here(int fd, int level, int option, const void* value,
                                    socklen_t size) {
    if (level != SOL_NETLINK) return std::nullopt;
    const auto label = find_uevents(fd);
    if (!label) return std::nullopt;
    uint32_t group = 0;
    if (size < sizeof group) return -EINVAL;
    if (!copy_from(value, &group, sizeof group)) return -EFAULT;
    const bool joins = option == NETLINK_ADD_MEMBERSHIP;
    if (!joins && option != NETLINK_DROP_MEMBERSHIP) return -ENOPROTOOPT;
    if (group == 0 || group > 32) return -EINVAL;
    return change_uevents(fd, *label,
                          joins ? transport::UeventsChange::Join : transport::UeventsChange::Leave,
                          0, 1u << (group - 1));
}

ssize_t check_lost(int fd, ssize_t count) {
    if (count != static_cast<ssize_t>(transport::uevents_lost_size)) return count;
    if (!find_uevents(fd)) return count;
    // It may have been looked at only.
    if (is_lost_next(fd)) {
        std::byte first;
        raw_syscall(SYS_recvfrom, fd, &first, sizeof first, MSG_DONTWAIT, nullptr, nullptr);
    }
    return finish<ssize_t>(-ENOBUFS);
}

ssize_t check_sent(int fd, ssize_t result) {
    if (result >= 0 || (errno != EAGAIN && errno != EINVAL) || !find_uevents(fd)) return result;
    return finish<ssize_t>(-EPERM);
}

std::optional<int> recvmmsg_here(int fd, mmsghdr* messages, unsigned count, int flags,
                                 timespec* timeout) {
    if (count == 0 || !find_uevents(fd)) return std::nullopt;
    unsigned done = 0;
    while (done < count && !(done > 0 && is_lost_next(fd))) {
        mmsghdr& next = messages[done];
        const socklen_t room = next.msg_hdr.msg_namelen;
        const int got = real<"recvmmsg", decltype(::recvmmsg)>()(fd, &next, 1, flags, timeout);
        if (got <= 0) return done > 0 ? static_cast<int>(done) : got;
        if (check_lost(fd, next.msg_len) < 0) return -1;
        show_sender(fd, next.msg_hdr, room);
        done++;
        if (flags & MSG_WAITFORONE) flags |= MSG_DONTWAIT;
        if (timeout && timeout->tv_sec == 0 && timeout->tv_nsec == 0) break;
    }
    return static_cast<int>(done);
}

void show_sender(int fd, msghdr& message, socklen_t name_room) {
    const bool is_named = has_name(message.msg_name, name_room, fd_label_prefix);
    cmsghdr* credentials = find_credentials(message);
    if (!is_named && !credentials) return;
    if (!find_uevents(fd)) return;
    const iovec* first = message.msg_iovlen > 0 ? message.msg_iov : nullptr;
    const uint32_t group = first ? group_of(first->iov_base, first->iov_len) : kernel_group;
    if (is_named) put_address(message.msg_name, &message.msg_namelen, name_room, 0, group);
    if (credentials) show_credentials(*credentials, group);
}

void show_sender(int fd, sockaddr* address, socklen_t* size, socklen_t room, const void* start,
                 size_t count) {
    if (has_name(address, room, fd_label_prefix) && find_uevents(fd))
        put_address(address, size, room, 0, group_of(start, count));
}

}  // namespace plugboard::shim
