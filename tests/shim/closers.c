// Applications that close descriptors they do not know, and put their own in their place.
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/syscall.h>

#include "client.h"

/// Lets the pool have some channels.
static void use(int fd) {
    for (int i = 0; i < 3; i++) CHECK(is_alive(fd));
}

static bool is_socket_to_board(int fd) {
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

/// Puts something of the application's where each channel is, behind the shim's back; how many.
static int replace_channels(int fd) {
    int replaced = 0;
    for (int other = fd + 1; other < 2048; other++) {
        if (fcntl(other, F_GETFD) < 0) continue;
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        syscall(SYS_dup3, null, other, O_CLOEXEC);
        close(null);
        replaced++;
    }
    return replaced;
}

int main(void) {
    const int fd = open_card(O_CLOEXEC);
    use(fd);
    for (int other = fd + 1; other < 2048; other++) close(other);
    use(fd);
    CHECK(close_range((unsigned)fd + 1, ~0u, 0) == 0);
    use(fd);
    closefrom(fd + 1);
    use(fd);

    // Behind the shim's back.
    for (int other = fd + 1; other < 2048; other++) syscall(SYS_close, other);
    use(fd);
    CHECK(replace_channels(fd) > 0);
    use(fd);
    CHECK(replace_channels(fd) > 0);
    closefrom(fd + 1);
    for (int other = fd + 1; other < 2048; other++) CHECK(fcntl(other, F_GETFD) < 0);
    use(fd);

    // A number that a channel has is wanted by the application.
    int taken = 0;
    for (int other = fd + 1; other < 2048 && taken < 3; other++) {
        if (!is_socket_to_board(other)) continue;
        taken++;
        CHECK(dup2(1, other) == other);
        CHECK(!is_socket_to_board(other));
        use(fd);
    }
    CHECK(taken == 3);
    CHECK_ERROR(close(1999), EBADF);
    close(fd);
    CHECK_ERROR(drmIoctl(fd, DRM_IOCTL_DROP_MASTER, NULL), EBADF);
    return finish_checks();
}
