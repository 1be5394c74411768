// Many threads in ioctls at once; a close under one of them.
#define _GNU_SOURCE
#include <pthread.h>

#include "client.h"

static int card;

static void* wait_long(void* seconds) {
    drmVBlank vblank = {.request = {.type = DRM_VBLANK_RELATIVE, .sequence = 120}};  // two seconds
    (void)seconds;
    return (void*)(intptr_t)ioctl(card, DRM_IOCTL_WAIT_VBLANK, &vblank);
}

static void* hammer(void* unused) {
    (void)unused;
    intptr_t wrong = 0;
    for (int i = 0; i < 200; i++) wrong += !is_alive(card);
    return (void*)wrong;
}

static void* end_at_once(void* unused) {
    (void)unused;
    is_alive(card);
    return NULL;
}

int main(void) {
    card = open_card(O_CLOEXEC);
    CHECK(switch_on(card) != 0);

    // More than the pool has channels for.
    enum { count = 48 };
    pthread_t threads[count];
    const double start = now();
    for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, wait_long, NULL);
    CHECK(is_alive(card));
    CHECK(now() - start < 1.5);
    int failed = 0;
    for (int i = 0; i < count; i++) {
        void* result = NULL;
        pthread_join(threads[i], &result);
        failed += result != NULL;
    }
    CHECK(failed == 0);

    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, hammer, NULL);
    intptr_t wrong = 0;
    for (int i = 0; i < 8; i++) {
        void* result = NULL;
        pthread_join(threads[i], &result);
        wrong += (intptr_t)result;
    }
    CHECK(wrong == 0);

    for (int i = 0; i < 100; i++) {
        pthread_create(&threads[0], NULL, end_at_once, NULL);
        pthread_join(threads[0], NULL);
    }
    CHECK(count_fds() < 100);

    // The kernel's ioctl holds the file; so the wait goes on, and the file is released after it.
    pthread_create(&threads[0], NULL, wait_long, NULL);
    usleep(100000);
    const int closed = card;
    close(closed);
    void* result = (void*)-1;
    pthread_join(threads[0], &result);
    CHECK(result == NULL);
    const int next = open_card(O_CLOEXEC);
    CHECK(drmIsMaster(next));
    return finish_checks();
}
