// What fork does: the child goes on with the board of its parent, as long as that lives.
#define _GNU_SOURCE
#include "embedded.h"

/// Exits with the number of the first thing that is not so; 0: all is.
static void use_in_child(int fd, int descriptors) {
    if (count_fds() != descriptors) _exit(1);
    if (!is_alive(fd)) _exit(2);
    if (switch_on(fd) == 0) _exit(3);
    const int own = open("/dev/dri/card0", O_RDWR);
    if (own < 0 || !is_alive(own)) _exit(4);
    char* error = NULL;
    if (plugboard_embed_start(NULL, &error)) _exit(5);
    if (!error || !strstr(error, "forked from one that has a board")) _exit(6);
    free(error);
    plugboard_embed_stop();  // is the parent's to do
    if (!answers("{\"op\": \"status\"}", "\"opens\":2")) _exit(7);
    if (!is_alive(fd) || !is_alive(own)) _exit(8);
    _exit(0);
}

static void check_child_of_the_living(void) {
    start_board(NULL);
    const int fd = open_card(0);
    CHECK(is_alive(fd));
    const int descriptors = count_fds() - 1;  // without the channel, which is not a child's
    const pid_t child = fork();
    if (child == 0) use_in_child(fd, descriptors);
    CHECK(status_of(child) == 0);
    CHECK(is_alive(fd));
    close(fd);
    CHECK(pull_card());
    CHECK(nothing_is_left());
    plugboard_embed_stop();
}

/// Waits for the death of the process with the board.
static int outlive_parent(int fd, int ready) {
    if (!is_alive(fd)) return 1;
    if (write(ready, "r", 1) != 1) return 2;
    if (!(poll_events(fd) & POLLHUP)) return 3;
    char bytes[32];
    if (read(fd, bytes, sizeof bytes) != -1 || errno != ENODEV) return 4;
    struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER};
    if (ioctl(fd, DRM_IOCTL_GET_CAP, &cap) != -1 || errno != ENODEV) return 5;
    if (open("/dev/dri/card0", O_RDWR) != -1 || (errno != ENXIO && errno != ENODEV)) return 6;
    if (!answers("{\"op\": \"status\"}", "\"error\":\"the board cannot be reached\"")) return 7;
    return close(fd) == 0 ? 0 : 8;
}

/// A process with a board and a child; killed, or left to end by itself, it leaves the child.
static void check_child_of_the_dead(void) {
    int ready[2], result[2];
    CHECK(pipe(ready) == 0 && pipe(result) == 0);
    const pid_t parent = fork();
    if (parent == 0) {
        start_board(NULL);
        const int fd = open_card(0);
        if (!is_alive(fd)) _exit(1);
        if (fork() == 0) {
            const char status = (char)outlive_parent(fd, ready[1]);
            _exit(write(result[1], &status, 1) == 1 ? 0 : 1);
        }
        pause();
    }
    char byte = 0;
    CHECK(read(ready[0], &byte, 1) == 1);
    kill(parent, SIGKILL);
    CHECK(status_of(parent) == -1);
    byte = 99;
    CHECK(read(result[0], &byte, 1) == 1 && byte == 0);
    if (byte != 0) printf("# the child says %d\n", byte);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(result[i]);
    }
}

int main(void) {
    check_child_of_the_dead();
    check_child_of_the_living();
    return finish_checks();
}
