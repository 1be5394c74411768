// A descriptor that goes from one process to another beside a byte.
#pragma once

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static inline void send_fd(int socket, int fd) {
    char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    struct cmsghdr* message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = SOL_SOCKET;
    message->cmsg_type = SCM_RIGHTS;
    message->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(message), &fd, sizeof fd);
    if (sendmsg(socket, &header, 0) != 1) exit(3);
}

static inline int receive_fd(int socket) {
    int fd = -1;
    char byte, control[CMSG_SPACE(sizeof fd)];
    struct iovec part = {&byte, 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    if (recvmsg(socket, &header, MSG_CMSG_CLOEXEC) != 1) return -1;
    struct cmsghdr* message = CMSG_FIRSTHDR(&header);
    if (message) memcpy(&fd, CMSG_DATA(message), sizeof fd);
    return fd;
}
