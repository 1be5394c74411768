// Copies of a DRM descriptor, made in each way there is, are the same open file.
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client.h"
#include "passed_fd.h"

static drm_magic_t magic_of(int fd) {
    drm_magic_t magic = 0;
    return drmGetMagic(fd, &magic) == 0 ? magic : 0;
}

static int status_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_fork(int fd, drm_magic_t magic) {
    const pid_t child = fork();
    if (child == 0) _exit(magic_of(fd) == magic ? 0 : 1);
    CHECK(status_of(child) == 0);
    CHECK(is_alive(fd));

    // Both sides talk at once: a shared channel would mix their replies up.
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] != 0) continue;
        for (int round = 0; round < 300; round++) {
            if (magic_of(fd) != magic) _exit(1);
        }
        _exit(0);
    }
    bool same = true;
    for (int round = 0; round < 300; round++) same &= magic_of(fd) == magic;
    CHECK(same);
    for (int i = 0; i < 4; i++) CHECK(status_of(children[i]) == 0);
}

static void check_vfork(int fd, drm_magic_t magic) {
    const pid_t child = vfork();
    if (child == 0) {
        drm_auth_t auth = {0};
        _exit(ioctl(fd, DRM_IOCTL_GET_MAGIC, &auth) == 0 && auth.magic == magic ? 0 : 1);
    }
    CHECK(status_of(child) == 0);
    CHECK(magic_of(fd) == magic);
}

static void check_passing(int fd, drm_magic_t magic) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        close(fd);
        const int received = receive_fd(ends[1]);
        _exit(received >= 0 && magic_of(received) == magic && is_alive(received) ? 0 : 1);
    }
    send_fd(ends[0], fd);
    CHECK(status_of(child) == 0);
    close(ends[0]);
    close(ends[1]);
}

static void check_exec(int fd, drm_magic_t magic, char** environment) {
    char number[16], text[16];
    snprintf(number, sizeof number, "%d", fd);
    snprintf(text, sizeof text, "%u", magic);
    const pid_t child = fork();
    if (child == 0) {
        execle("/proc/self/exe", "copies", number, text, (char*)NULL, environment);
        _exit(99);
    }
    CHECK(status_of(child) == 0);
}

/// A child has no channel yet. Without a free number for one, it is the child that has run out of
/// them: the device is not gone.
static void check_full_table(int fd) {
    const pid_t child = fork();
    if (child == 0) {
        struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER, .value = 0};
        const struct rlimit limit = {64, 64};
        setrlimit(RLIMIT_NOFILE, &limit);
        int last = -1;
        for (int copy; (copy = dup(fd)) >= 0;) last = copy;
        if (ioctl(fd, DRM_IOCTL_GET_CAP, &cap) != -1 || errno != EMFILE) _exit(1);
        if (open("/dev/dri/card0", O_RDWR) != -1 || errno != EMFILE) _exit(2);
        close(last);
        _exit(ioctl(fd, DRM_IOCTL_GET_CAP, &cap) == 0 && cap.value == 1 ? 0 : 3);
    }
    CHECK(status_of(child) == 0);
}

static void check_close_on_exec(void) {
    const int fd = open_card(O_CLOEXEC);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    const int other = open_card(0);
    CHECK((fcntl(other, F_GETFD) & FD_CLOEXEC) == 0);
    CHECK((fcntl(other, F_GETFL) & O_NONBLOCK) == 0);
    const int nonblocking = open_card(O_NONBLOCK);
    CHECK((fcntl(nonblocking, F_GETFL) & O_NONBLOCK) != 0);
    close(fd);
    close(other);
    close(nonblocking);
}

/// The last close makes the next opener master, at once.
static void check_release(int fd) {
    close(fd);
    int masters = 0;
    for (int round = 0; round < 50; round++) {
        const int next = open_card(O_CLOEXEC);
        masters += drmIsMaster(next);
        close(next);
    }
    CHECK(masters == 50);
}

int main(int argc, char** argv) {
    if (argc == 3) return magic_of(atoi(argv[1])) == (drm_magic_t)atoi(argv[2]) ? 0 : 1;
    const int fd = open_card(0);
    const drm_magic_t magic = magic_of(fd);
    CHECK(magic != 0);
    CHECK(drmIsMaster(fd));
    const int copy = dup(fd);
    CHECK(magic_of(copy) == magic);
    close(copy);
    CHECK(is_alive(fd));
    check_fork(fd, magic);
    check_vfork(fd, magic);
    check_passing(fd, magic);
    char* scrubbed[] = {"PATH=/bin", NULL};
    check_exec(fd, magic, environ);
    check_exec(fd, magic, scrubbed);
    check_full_table(fd);
    check_close_on_exec();
    check_release(fd);
    return finish_checks();
}
