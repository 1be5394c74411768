// A card is pulled by request from its own process, under a client that waits for it.
#define _GNU_SOURCE
#include <pthread.h>

#include "embedded.h"

struct Waiter {
    int fd, result, error;
    pid_t thread;
};

static void* wait_long(void* argument) {
    struct Waiter* waiter = argument;
    __atomic_store_n(&waiter->thread, gettid(), __ATOMIC_SEQ_CST);
    waiter->result = wait_vblank(waiter->fd, 1u << 20);
    waiter->error = errno;
    return NULL;
}

static void check_gone(int fd) {
    uint64_t value = 0;
    drmEventContext events = {.version = 2};
    CHECK_ERROR(drmIoctl(fd, DRM_IOCTL_GET_CAP, &(struct drm_get_cap){.capability = 1}), ENODEV);
    CHECK(drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &value) < 0);
    CHECK((poll_events(fd) & POLLHUP) != 0);
    CHECK_ERROR(drmHandleEvent(fd, &events), ENODEV);
}

int main(void) {
    start_board(NULL);
    const int fd = open_card(O_CLOEXEC);
    CHECK(switch_on(fd) != 0);

    struct Waiter waiter = {.fd = fd};
    pthread_t thread;
    pthread_create(&thread, NULL, wait_long, &waiter);
    while (__atomic_load_n(&waiter.thread, __ATOMIC_SEQ_CST) == 0) usleep(1000);
    CHECK(wait_until_asleep(getpid(), waiter.thread));
    CHECK(pull_card());
    pthread_join(thread, NULL);
    CHECK(waiter.result == -1 && waiter.error == ENODEV);

    check_gone(fd);
    CHECK_ERROR(open("/dev/dri/card0", O_RDWR), ENOENT);
    close(fd);
    CHECK(nothing_is_left());
    CHECK(plugboard_embed_request("{\"op\": \"plug\", \"target\": \"gpu0\"}", NULL, NULL));
    const int again = open_any_card();
    CHECK(is_alive(again));

    plugboard_embed_stop();
    check_gone(again);
    CHECK_ERROR(open("/dev/dri/card0", O_RDWR), ENOENT);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK(null >= 0);
    close(null);
    close(again);
    return finish_checks();
}
