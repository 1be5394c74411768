// A descriptor that travels beside the bytes of a message.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/unique_fd.h"

namespace plugboard {

/// Room for one descriptor in a message, SCM_RIGHTS. Outlives the message. Allocates nothing.
class PassedFd {
  public:
    /// `fd` goes along with the message's first byte.
    void put(msghdr& message, int fd) {
        expect(message);
        cmsghdr* part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
    }
    /// One may come with the message; the kernel closes others.
    void expect(msghdr& message) {
        message.msg_control = bytes_.data();
        message.msg_controllen = bytes_.size();
    }
    /// What has come, for the caller to close; -1: none.
    static int found(msghdr& message) {
        cmsghdr* part = CMSG_FIRSTHDR(&message);
        if (!part || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) return -1;
        if (part->cmsg_len < CMSG_LEN(sizeof(int))) return -1;
        int fd;
        std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
        return fd;
    }

  private:
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes_{};
};

/// send(2), again if it is interrupted; `fd` goes along unless it is -1.
inline ssize_t send_with_fd(int socket, std::span<const std::byte> bytes, int fd, int flags) {
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    PassedFd passed;
    if (fd >= 0) passed.put(message, fd);
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, flags);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

/// recv(2), again if it is interrupted; `fd` becomes what has come along, if anything has.
inline ssize_t receive_with_fd(int socket, std::span<char> bytes, UniqueFd& fd, int flags = 0) {
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    PassedFd passed;
    passed.expect(message);
    ssize_t count;
    do {
        count = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (const int found = count < 0 ? -1 : PassedFd::found(message); found >= 0) fd.reset(found);
    return count;
}

}  // namespace plugboard
