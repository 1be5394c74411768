// What exec does: the new program is on no board, and may start one of its own.
#define _GNU_SOURCE
#include "embedded.h"

extern char** environ;

/// As the program that was started: fd 3 is a card of the old one's board.
static int run_as_new_program(void) {
    const int fd = 3;
    CHECK(plugboard_embed_directory() == NULL);
    struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER};
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_GET_CAP, &cap), ENOTTY);
    CHECK(fcntl(4, F_GETFD) < 0);  // was close-on-exec
    start_board(NULL);
    const int own = open_card(O_CLOEXEC);
    CHECK(is_alive(own));
    CHECK(!is_alive(fd));
    close(own);
    CHECK(nothing_is_left());
    return finish_checks();
}

int main(int count, char** arguments) {
    if (count > 1) return run_as_new_program();
    closefrom(3);
    start_board(NULL);
    const int kept = open_card(0), closed = open_card(O_CLOEXEC);
    CHECK(kept == 3 && closed == 4);
    const pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", arguments[0], "new", NULL);
        _exit(127);
    }
    CHECK(status_of(child) == 0);
    CHECK(is_alive(kept) && is_alive(closed));
    close(kept);
    close(closed);
    CHECK(nothing_is_left());
    plugboard_embed_stop();
    return finish_checks();
}
