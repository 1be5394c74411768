// Bytes that no shim would send: they end their own channel, and nothing else.
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "client.h"

static int connect_to_board(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/shim", getenv("PLUGBOARD_BOARD"));
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr*)&address, sizeof address) < 0) return -1;
    return fd;
}

// src/transport/protocol.h
enum {
    protocol_version = 5,
    type_hello = 1,
    type_ioctl = 3,
    type_poll_buffer = 10,
    type_proof = 16,
    type_need_proof = 69
};

struct header {
    uint16_t type, ranges;
    uint32_t sequence, size, reserved;
};

static bool is_ended(int fd) {
    char byte;
    for (int i = 0; i < 100; i++) {
        const ssize_t size = recv(fd, &byte, 1, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno == ECONNRESET)) return true;
        if (size < 0) usleep(10000);
    }
    return false;
}

struct reply {
    struct header header;
    int32_t result, error;
    uint64_t value;
};

static bool is_greeted(int fd) {
    struct {
        struct header header;
        uint32_t version, reserved;
    } hello = {{type_hello, 0, 0, sizeof hello, 0}, protocol_version, 0};
    struct reply reply;
    send(fd, &hello, sizeof hello, MSG_NOSIGNAL);
    return recv(fd, &reply, sizeof reply, 0) == sizeof reply && reply.error == 0;
}

/// A connection behind the greeting, where every kind of message is looked at.
static int greet_board(void) {
    const int fd = connect_to_board();
    if (fd >= 0 && is_greeted(fd)) return fd;
    close(fd);
    return -1;
}

/// A message with more descriptors than any has.
static void send_with_fds(int fd, const void* bytes, size_t size, int count) {
    int fds[16];
    for (int i = 0; i < count; i++) fds[i] = STDOUT_FILENO;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control = {0};
    struct iovec part = {(void*)bytes, size};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count)};
    struct cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(rights), fds, sizeof(int) * (size_t)count);
    sendmsg(fd, &header, MSG_NOSIGNAL);
}

static int daemon_fds(int card) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", daemon_pid(card));
    DIR* folder = opendir(path);
    int count = 0;
    while (folder && readdir(folder)) count++;
    if (folder) closedir(folder);
    return count;
}

struct ioctl_request {
    struct header header;
    uint64_t number;
    uint32_t kind, reserved;
    uint64_t argument;
    uint32_t command, flags;
};

/// Descriptors that nobody asked for are closed, whatever they come with.
static void check_surplus_fds(int card) {
    const int before = daemon_fds(card);
    for (int round = 0; round < 40; round++) {
        const int fd = greet_board();
        const struct ioctl_request request = {{type_ioctl, 0, 1, sizeof request, 0}, 1, 'c', 0, 0,
                                              DRM_IOCTL_DROP_MASTER,        0};
        send_with_fds(fd, &request, sizeof request, round % 2 ? 16 : 1);
        char reply[256];
        recv(fd, reply, sizeof reply, MSG_DONTWAIT);
        close(fd);
    }
    const double start = now();
    int left = daemon_fds(card);
    for (; left > before + 2 && now() - start < 5; left = daemon_fds(card)) usleep(10000);
    CHECK(left <= before + 2);  // the last session may yet get what was sent to it
    CHECK(is_alive(card));
}

/// No way of waiting that there is; and no descriptor.
static void check_polls_of_buffers(void) {
    const struct {
        uint32_t wants;
        int error;
    } cases[] = {{3, EINVAL}, {UINT32_MAX, EINVAL}, {2, EBADF}};
    const int fd = greet_board();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct {
            struct header header;
            uint32_t events, wants;
        } ask = {{type_poll_buffer, 0, (uint32_t)i + 1, sizeof ask, 0}, ~0u, cases[i].wants};
        struct reply reply = {0};
        send(fd, &ask, sizeof ask, MSG_NOSIGNAL);
        CHECK(recv(fd, &reply, sizeof reply, 0) == sizeof reply);
        CHECK(reply.error == cases[i].error);
    }
    close(fd);
}

/// Ranges whose sum or end does not fit into 64 bits, or that are not there, end the channel.
static void check_range_overflow(int card) {
    const uint64_t lengths[][2] = {{UINT64_MAX, 1},          {UINT64_MAX, UINT64_MAX},
                                   {1ull << 63, 1ull << 63}, {UINT64_MAX - 7, 16},
                                   {1ull << 32, 0},          {9, 0}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const int fd = greet_board();
        struct {
            struct ioctl_request request;
            uint64_t ranges[2][2];
            char bytes[8];
        } message = {{{type_ioctl, 2, 1, sizeof message, 0}, 1, 'c', 0, 0, DRM_IOCTL_GET_CAP, 0},
                     {{~0ull - 4, lengths[i][0]}, {4096, lengths[i][1]}},
                     {0}};
        send(fd, &message, sizeof message, MSG_NOSIGNAL);
        CHECK(is_ended(fd));
        close(fd);
    }
    CHECK(is_alive(card));
}

/// An answer that belongs to another request is none to this one.
static void check_wrong_sequence(int card) {
    const int fd = greet_board();
    const struct ioctl_request request = {
        {type_ioctl, 0, 9, sizeof request, 0}, (uint64_t)1 << 24, 'c', 0, 0, DRM_IOCTL_DROP_MASTER, 0};
    send(fd, &request, sizeof request, MSG_NOSIGNAL);
    struct header question;
    CHECK(recv(fd, &question, sizeof question, 0) == sizeof question && question.type == type_need_proof);
    const struct header proof = {type_proof, 0, 8, sizeof proof, 0};
    send_with_fds(fd, &proof, sizeof proof, 1);
    char reply[256];
    const struct timeval soon = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    const ssize_t size = recv(fd, reply, sizeof reply, 0);
    int32_t error = 0;  // behind the header and the result
    if (size > (ssize_t)sizeof(struct header) + 8) memcpy(&error, reply + 20, sizeof error);
    CHECK(size <= 0 || error != 0);
    CHECK(drmIsMaster(card));
    close(fd);
    CHECK(is_alive(card));
}

int main(void) {
    const int card = open_card(O_CLOEXEC);
    const char* given = getenv("PLUGBOARD_SEED");
    const unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : 1;
    printf("# PLUGBOARD_SEED=%u\n", seed);
    srandom(seed);
    char bytes[70000];
    int open_ones = 0;
    for (int round = 0; round < 300; round++) {
        const int fd = round % 4 ? greet_board() : connect_to_board();
        if (fd < 0) continue;
        open_ones++;
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)random();
        struct header* header = (struct header*)bytes;
        const size_t size = sizeof *header + (size_t)random() % (round % 3 ? 200 : 60000);
        if (round % 2) {  // framed well, filled badly
            header->type = (uint16_t)(random() % 80);
            header->ranges = (uint16_t)(random() % 3);
            header->size = (uint32_t)size;
        }
        send(fd, bytes, size, MSG_NOSIGNAL);
        send(fd, bytes, size, MSG_NOSIGNAL);
        close(fd);
    }
    CHECK(open_ones > 250);
    CHECK(is_alive(card));

    int fd = connect_to_board();
    send(fd, "x", 1, MSG_NOSIGNAL);
    CHECK(is_ended(fd));
    close(fd);

    // Behind the greeting, every kind of message with rubbish in it.
    for (int round = 0; round < 200; round++) {
        fd = greet_board();
        for (size_t i = 0; i < 400; i++) bytes[i] = (char)(random() % 4);
        struct header* header = (struct header*)bytes;
        *header = (struct header){(uint16_t)(1 + round % type_proof), 0, 1,
                                  (uint32_t)(16 + 8 * (random() % 9)), 0};
        send(fd, bytes, header->size, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
    CHECK(is_alive(card));

    check_surplus_fds(card);
    check_polls_of_buffers();
    check_range_overflow(card);
    check_wrong_sequence(card);

    // A file is named by number; that alone gives nothing.
    fd = greet_board();
    const struct ioctl_request request = {
        {type_ioctl, 0, 9, sizeof request, 0}, (uint64_t)1 << 24, 'c', 0, 0, DRM_IOCTL_DROP_MASTER, 0};
    send(fd, &request, sizeof request, MSG_NOSIGNAL);
    struct header question;
    CHECK(recv(fd, &question, sizeof question, 0) == sizeof question && question.type == type_need_proof);
    struct header proof = {type_proof, 0, 9, sizeof proof, 0};
    send(fd, &proof, sizeof proof, MSG_NOSIGNAL);
    struct {
        struct header header;
        int32_t result, error;
        uint64_t value;
    } reply;
    CHECK(recv(fd, &reply, sizeof reply, 0) == sizeof reply && reply.error == EBADF);
    CHECK(drmIsMaster(card));
    close(fd);
    return finish_checks();
}
