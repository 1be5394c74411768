// The board's descriptors and threads are none of the program's: it may count its own, close all
// that it does not know, and wait for signals.
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "embedded.h"

static volatile sig_atomic_t caught;

static void note_signal(int number) {
    (void)number;
    caught++;
}

/// Nobody but this thread could take it, and this one does not.
static void check_signals(void) {
    struct sigaction action = {.sa_handler = note_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigset_t set, pending, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    kill(getpid(), SIGUSR1);
    usleep(20000);
    sigpending(&pending);
    CHECK(caught == 0 && sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &before, NULL);
    CHECK(caught == 1);
}

/// What the board closes has the same numbers as what the program watches, and is something else.
static void check_watched_buffers(void) {
    enum { many = 40 };
    const int card = open_card(0), epoll = epoll_create1(0);
    uint32_t handle = 0, pitch = 0;
    uint64_t size = 0;
    int buffers[many], lost = 0;
    CHECK(drmModeCreateDumbBuffer(card, 64, 64, 32, 0, &handle, &pitch, &size) == 0);
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < many; i++) {
        buffers[i] = -1;
        CHECK(drmPrimeHandleToFD(card, handle, 0, &buffers[i]) == 0);
        CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffers[i], &event) == 0);
    }
    for (int i = 0; i < 20; i++) {
        const int other = open_card(0);
        CHECK(is_alive(other));
        close(other);
    }
    for (int i = 0; i < many; i++) {
        lost += epoll_ctl(epoll, EPOLL_CTL_MOD, buffers[i], &event) != 0;
        close(buffers[i]);
    }
    CHECK(lost == 0);
    close(epoll);
    close(card);
}

int main(void) {
    closefrom(3);  // of who started this
    const int before = count_fds();
    start_board(NULL);
    CHECK(count_fds() == before);
    check_signals();

    const int first = open_card(0);
    CHECK(is_alive(first));
    CHECK(first == 3 && count_fds() == before + 2);  // with a channel
    closefrom(3);
    CHECK_ERROR(drmIoctl(first, DRM_IOCTL_GET_CAP, &(struct drm_get_cap){.capability = 1}), EBADF);
    for (int fd = 3; fd < 1024; fd++) close(fd);
    const int second = open_card(0);
    CHECK(is_alive(second));
    CHECK(answers("{\"op\": \"status\"}", "\"opens\":2"));
    close(second);

    check_watched_buffers();

    plugboard_embed_stop();
    CHECK(count_fds() == before);
    return finish_checks();
}
