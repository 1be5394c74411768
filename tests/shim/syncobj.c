// Syncobjs through libdrm: between threads, processes and cards. Runs on a board with a vkms and a
// vgem that have them.
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "client.h"
#include "syncobj_eventfd.h"

static int64_t in_seconds(int seconds) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec + seconds) * 1000000000LL + now.tv_nsec;
}

static uint32_t create(int card, uint32_t flags) {
    uint32_t handle = 0;
    CHECK(drmSyncobjCreate(card, flags, &handle) == 0);
    return handle;
}

static int wait_one(int card, uint32_t handle, int64_t until, uint32_t flags) {
    return drmSyncobjWait(card, &handle, 1, until, flags, NULL);
}

static void check_binary(int card) {
    uint64_t has = 0;
    CHECK(drmGetCap(card, DRM_CAP_SYNCOBJ, &has) == 0 && has == 1);
    CHECK(drmGetCap(card, DRM_CAP_SYNCOBJ_TIMELINE, &has) == 0 && has == 1);
    uint32_t handles[] = {create(card, 0), create(card, DRM_SYNCOBJ_CREATE_SIGNALED)};
    uint32_t first = 77;
    CHECK(wait_one(card, handles[0], 0, 0) == -EINVAL);
    CHECK(wait_one(card, handles[0], in_seconds(-1), DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT) ==
          -ETIME);
    CHECK(drmSyncobjWait(card, handles, 2, 0, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT, &first) == 0);
    CHECK(first == 1);
    CHECK(drmSyncobjSignal(card, handles, 1) == 0);
    CHECK(drmSyncobjWait(card, handles, 2, INT64_MAX, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL, &first) ==
          0);
    CHECK(drmSyncobjReset(card, handles, 2) == 0);
    CHECK(wait_one(card, handles[1], 0, 0) == -EINVAL);
    CHECK(drmSyncobjDestroy(card, handles[0]) == 0 && drmSyncobjDestroy(card, handles[1]) == 0);
    CHECK_ERROR(drmSyncobjDestroy(card, handles[0]), EINVAL);
}

static void check_timeline(int card) {
    uint32_t line = create(card, 0), other = create(card, 0);
    uint64_t points[] = {3}, seen[] = {0};
    CHECK(drmSyncobjTimelineSignal(card, &line, points, 1) == 0);
    CHECK(drmSyncobjQuery(card, &line, seen, 1) == 0 && seen[0] == 3);
    CHECK(drmSyncobjTransfer(card, other, 7, line, 3, 0) == 0);
    CHECK(drmSyncobjQuery(card, &other, seen, 1) == 0 && seen[0] == 7);
    points[0] = 8;
    CHECK(drmSyncobjTimelineWait(card, &other, points, 1, 0, 0, NULL) == -EINVAL);
    int file = -1;
    CHECK(drmSyncobjExportSyncFile(card, line, &file) == 0);
    struct pollfd ready = {.fd = file, .events = POLLIN};
    CHECK(poll(&ready, 1, 0) == 1);
    CHECK(drmSyncobjImportSyncFile(card, other, file) == 0);
    CHECK(wait_one(card, other, 0, 0) == 0);
    close(file);

    const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct syncobj_eventfd watch = {.handle = line, .point = 9, .fd = event};
    uint64_t count = 0;
    CHECK(ioctl(card, SYNCOBJ_EVENTFD, &watch) == 0);
    CHECK_ERROR(read(event, &count, sizeof count), EAGAIN);
    points[0] = 9;
    CHECK(drmSyncobjTimelineSignal(card, &line, points, 1) == 0);
    CHECK(read(event, &count, sizeof count) == sizeof count && count == 1);
    watch.fd = card;
    CHECK_ERROR(ioctl(card, SYNCOBJ_EVENTFD, &watch), EINVAL);
    close(event);
    CHECK(drmSyncobjDestroy(card, line) == 0 && drmSyncobjDestroy(card, other) == 0);
}

struct waiter {
    int card, result;
    uint32_t handle;
};

static void* wait_for_submit(void* argument) {
    struct waiter* waiter = argument;
    waiter->result = wait_one(waiter->card, waiter->handle, in_seconds(60),
                              DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT);
    return NULL;
}

/// The child has the syncobj on the other card, and signals it there.
static int signal_in_child(int descriptor) {
    const int card = open("/dev/dri/card1", O_RDWR | O_CLOEXEC);
    uint32_t handle = 0;
    if (card < 0 || drmSyncobjFDToHandle(card, descriptor, &handle)) return 4;
    const struct timespec soon = {.tv_nsec = 20000000};
    nanosleep(&soon, NULL);
    return drmSyncobjSignal(card, &handle, 1) ? 5 : 0;
}

static void check_two_processes(int card) {
    struct waiter waiter = {.card = card, .result = 77, .handle = create(card, 0)};
    int descriptor = -1;
    CHECK(drmSyncobjHandleToFD(card, waiter.handle, &descriptor) == 0);
    CHECK(fcntl(descriptor, F_GETFD) == FD_CLOEXEC);
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_submit, &waiter);
    const pid_t child = fork();
    if (child == 0) _exit(signal_in_child(descriptor));
    int status = -1;
    waitpid(child, &status, 0);
    pthread_join(thread, NULL);
    CHECK(status == 0 && waiter.result == 0);
    uint32_t again = 0;
    CHECK(drmSyncobjFDToHandle(card, descriptor, &again) == 0 && again != waiter.handle);
    CHECK(wait_one(card, again, 0, 0) == 0);
    CHECK_ERROR(drmSyncobjFDToHandle(card, card, &again), EINVAL);
    CHECK_ERROR(drmSyncobjFDToHandle(card, -1, &again), EINVAL);
    close(descriptor);
}

int main(void) {
    const int card = open_card(O_CLOEXEC);
    const int buffers = open("/dev/dri/card1", O_RDWR | O_CLOEXEC);
    check_binary(card);
    check_binary(buffers);
    check_timeline(card);
    check_timeline(buffers);
    check_two_processes(card);
    close(buffers);
    close(card);
    return finish_checks();
}
