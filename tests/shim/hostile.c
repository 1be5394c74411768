// Bytes that no shim would send: they end their own channel, and nothing else.
#define _GNU_SOURCE
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

static void say_hello(int fd) {
    struct {
        struct header header;
        uint32_t version, reserved;
    } hello = {{1, 0, 0, sizeof hello, 0}, 1, 0};
    char reply[256];
    send(fd, &hello, sizeof hello, MSG_NOSIGNAL);
    CHECK(recv(fd, reply, sizeof reply, 0) > (ssize_t)sizeof(struct header));
}

int main(void) {
    const int card = open_card(O_CLOEXEC);
    srandom(1);
    char bytes[70000];
    int open_ones = 0;
    for (int round = 0; round < 300; round++) {
        const int fd = connect_to_board();
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
        fd = connect_to_board();
        struct {
            struct header header;
            uint32_t version, reserved;
        } hello = {{1, 0, 0, sizeof hello, 0}, 1, 0};
        send(fd, &hello, sizeof hello, MSG_NOSIGNAL);
        for (size_t i = 0; i < 400; i++) bytes[i] = (char)(random() % 4);
        struct header* header = (struct header*)bytes;
        *header = (struct header){(uint16_t)(1 + round % 12), 0, 1,
                                  (uint32_t)(16 + 8 * (random() % 9)), 0};
        send(fd, bytes, header->size, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
    CHECK(is_alive(card));

    // A file is named by number; that alone gives nothing.
    fd = connect_to_board();
    say_hello(fd);
    struct {
        struct header header;
        uint64_t number;
        uint32_t kind, reserved;
        uint64_t argument;
        uint32_t command, flags;
    } request = {
        {3, 0, 9, sizeof request, 0}, (uint64_t)1 << 24, 'c', 0, 0, DRM_IOCTL_DROP_MASTER, 0};
    send(fd, &request, sizeof request, MSG_NOSIGNAL);
    struct header question;
    CHECK(recv(fd, &question, sizeof question, 0) == sizeof question && question.type == 69);
    struct header proof = {11, 0, 9, sizeof proof, 0};
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
