// A descriptor that travels beside the bytes of a message.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

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

}  // namespace plugboard
