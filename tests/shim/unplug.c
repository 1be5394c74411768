// A card is pulled under one process that has all kinds of descriptors and mappings of it: what each
// of them gives afterwards, and what a second card and the card that returns make of it.
// Runs on a board with two cards, of which the first has syncobjs.
#define _GNU_SOURCE
#include <linux/dma-buf.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "client.h"
#include "fences.h"
#include "syncobj_eventfd.h"

enum { size = 64 * 64 * 4 };

static int card, copy, impatient, other, watch, buffer;
static uint32_t crtc, handle, theirs;
static uint64_t offset;
static char* pixels;

static char* map(int fd, uint64_t from) {
    char* data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)from);
    return data == MAP_FAILED ? NULL : data;
}

static void prepare(void) {
    card = open_card(O_CLOEXEC);
    crtc = switch_on(card);
    CHECK(crtc != 0);
    copy = dup(card);
    impatient = open_card(O_CLOEXEC | O_NONBLOCK);
    other = open("/dev/dri/card1", O_RDWR | O_CLOEXEC);
    CHECK(is_alive(other));
    watch = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN};
    CHECK(epoll_ctl(watch, EPOLL_CTL_ADD, impatient, &wanted) == 0);
    uint32_t pitch = 0;
    uint64_t bytes = 0;
    CHECK(drmModeCreateDumbBuffer(card, 64, 64, 32, 0, &handle, &pitch, &bytes) == 0);
    CHECK(drmModeMapDumbBuffer(card, handle, &offset) == 0);
    pixels = map(card, offset);
    CHECK(pixels != NULL);
    CHECK(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC | DRM_RDWR, &buffer) == 0);
    CHECK(drmPrimeFDToHandle(other, buffer, &theirs) == 0);
    // An event that is read only afterwards.
    drmVBlank ask = {.request = {.type = DRM_VBLANK_RELATIVE | DRM_VBLANK_EVENT, .sequence = 1}};
    CHECK(ioctl(card, DRM_IOCTL_WAIT_VBLANK, &ask) == 0);
}

/// A thread that sleeps in a call while the card is pulled.
struct sleeper {
    int (*call)(void);
    pthread_t thread;
    _Atomic pid_t id;
    int error;
};

static uint32_t with_fence, empty;  // syncobjs
static int timeline, told_by_fence, told_by_nothing;

static int wait_for_syncobj(void) {
    struct drm_syncobj_wait wait = {.handles = (uintptr_t)&with_fence,
                                    .count_handles = 1,
                                    .timeout_nsec = INT64_MAX,
                                    .flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL};
    return ioctl(card, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

static int wait_for_submit(void) {
    struct drm_syncobj_wait wait = {.handles = (uintptr_t)&empty,
                                    .count_handles = 1,
                                    .timeout_nsec = INT64_MAX,
                                    .flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT};
    return ioctl(card, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

static int wait_for_point(void) {
    uint64_t point = 9;
    struct drm_syncobj_timeline_wait wait = {.handles = (uintptr_t)&empty,
                                             .points = (uintptr_t)&point,
                                             .count_handles = 1,
                                             .timeout_nsec = INT64_MAX,
                                             .flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT};
    return ioctl(card, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
}

static int wait_in_select(void) {
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(impatient, &reads);
    const int found = select(impatient + 1, &reads, NULL, NULL, NULL);
    return found == 1 && FD_ISSET(impatient, &reads) ? 0 : -1;
}

static struct sleeper sleepers[] = {{.call = wait_for_syncobj},
                                    {.call = wait_for_submit},
                                    {.call = wait_for_point},
                                    {.call = wait_in_select}};
enum { sleeper_count = sizeof sleepers / sizeof sleepers[0], in_select = 3 };

static void* sleep_in_call(void* argument) {
    struct sleeper* sleeper = argument;
    sleeper->id = gettid();
    errno = 0;
    sleeper->error = sleeper->call() == -1 ? errno : 0;
    return NULL;
}

static int watch_point(uint32_t syncobj) {
    const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct syncobj_eventfd ask = {.handle = syncobj, .fd = event};
    CHECK(ioctl(card, SYNCOBJ_EVENTFD, &ask) == 0);
    return event;
}

static void start_sleepers(void) {
    timeline = open_timeline();
    const int fence = make_fence(timeline, 1);
    CHECK(drmSyncobjCreate(card, 0, &with_fence) == 0 && drmSyncobjCreate(card, 0, &empty) == 0);
    CHECK(drmSyncobjImportSyncFile(card, with_fence, fence) == 0);
    close(fence);
    told_by_fence = watch_point(with_fence);
    told_by_nothing = watch_point(empty);
    for (int i = 0; i < sleeper_count; i++) {
        pthread_create(&sleepers[i].thread, NULL, sleep_in_call, &sleepers[i]);
        while (sleepers[i].id == 0) usleep(1000);
        CHECK(wait_until_asleep(getpid(), sleepers[i].id));
    }
}

/// All of them ended, with the fences still pending.
static void check_sleepers(void) {
    for (int i = 0; i < sleeper_count; i++) {
        pthread_join(sleepers[i].thread, NULL);
        CHECK(sleepers[i].error == (i == in_select ? 0 : ENODEV));
    }
    CHECK_ERROR(wait_for_syncobj(), ENODEV);
    CHECK_ERROR(wait_for_point(), ENODEV);
}

/// The file is closed by now: the fence that a point has tells all the same, whenever it signals.
static void check_eventfds(void) {
    uint64_t count = 0;
    CHECK_ERROR(read(told_by_fence, &count, sizeof count), EAGAIN);
    advance(timeline);
    CHECK(read(told_by_fence, &count, sizeof count) == sizeof count && count == 1);
    CHECK_ERROR(read(told_by_nothing, &count, sizeof count), EAGAIN);
    close(told_by_fence);
    close(told_by_nothing);
    close(timeline);
}

/// Readable, also for those that have events to read; never writable.
static void check_select(void) {
    fd_set reads, writes, excepts;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_ZERO(&excepts);
    const int fds[] = {card, copy, impatient};
    for (int i = 0; i < 3; i++) {
        FD_SET(fds[i], &reads);
        FD_SET(fds[i], &writes);
        FD_SET(fds[i], &excepts);
    }
    FD_SET(other, &reads);
    CHECK(select(FD_SETSIZE, &reads, &writes, &excepts, NULL) == 3);
    for (int i = 0; i < 3; i++)
        CHECK(FD_ISSET(fds[i], &reads) && !FD_ISSET(fds[i], &writes) &&
              !FD_ISSET(fds[i], &excepts));
    CHECK(!FD_ISSET(other, &reads));
}

static void check_descriptors(void) {
    struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER};
    CHECK_ERROR(ioctl(card, DRM_IOCTL_GET_CAP, &cap), ENODEV);
    CHECK_ERROR(ioctl(copy, DRM_IOCTL_GET_CAP, &cap), ENODEV);
    CHECK_ERROR(ioctl(card, DRM_IOCTL_GET_CAP, NULL), ENODEV);
    CHECK_ERROR(ioctl(card, DRM_IO(0x9f)), ENODEV);
    struct stat info;
    CHECK(fstat(card, &info) == 0 && S_ISCHR(info.st_mode) && major(info.st_rdev) == 226 &&
          minor(info.st_rdev) == 0);
    struct pollfd ready = {.fd = card, .events = POLLIN};
    CHECK(poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) && (ready.revents & POLLHUP));
    struct epoll_event seen = {0};
    CHECK(epoll_wait(watch, &seen, 1, 0) == 1 && (seen.events & EPOLLHUP));
    check_select();
    char bytes[64];
    CHECK(read(card, bytes, sizeof bytes) == 32);  // the event
    CHECK_ERROR(read(card, bytes, sizeof bytes), ENODEV);
    CHECK_ERROR(read(copy, bytes, sizeof bytes), ENODEV);
    CHECK_ERROR(read(impatient, bytes, sizeof bytes), ENODEV);
    CHECK_ERROR(write(card, bytes, 1), EINVAL);
    const pid_t child = fork();
    if (child == 0) _exit(ioctl(card, DRM_IOCTL_GET_CAP, &cap) == -1 && errno == ENODEV ? 0 : 1);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void check_names(void) {
    CHECK_ERROR(open("/dev/dri/card0", O_RDWR | O_CLOEXEC), ENOENT);
    CHECK_ERROR(access("/dev/dri/card0", F_OK), ENOENT);
    CHECK_ERROR(access("/sys/class/drm/card0", F_OK), ENOENT);
    CHECK_ERROR(access("/sys/class/drm/card0-Virtual-1", F_OK), ENOENT);
    CHECK_ERROR(access("/sys/dev/char/226:0", F_OK), ENOENT);
    CHECK_ERROR(access("/sys/kernel/debug/dri/0", F_OK), ENOENT);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", card);
    errno = 0;
    CHECK(open(path, O_RDWR | O_CLOEXEC) == -1 && (errno == ENOENT || errno == ENXIO));
}

static void check_memory(void) {
    CHECK_ERROR(mmap(NULL, size, PROT_READ, MAP_SHARED, card, (off_t)offset), ENODEV);
    pixels[0] = 'm';
    CHECK(lseek(buffer, 0, SEEK_END) == size);
    char* shared = map(buffer, 0);
    CHECK(shared && shared[0] == 'm');
    if (shared) {
        shared[1] = 'n';
        CHECK(pixels[1] == 'n');
        munmap(shared, size);
    }
    struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW};
    CHECK(ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync) == 0);
    uint32_t imported = 0, framebuffer = 0;
    CHECK(drmPrimeFDToHandle(card, buffer, &imported) == -1 && errno == ENODEV);
    int fd = -1;
    CHECK(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC, &fd) == -1 && errno == ENODEV);
    CHECK(drmPrimeFDToHandle(other, buffer, &imported) == 0 && imported == theirs);
    CHECK(drmModeAddFB(other, 64, 64, 24, 32, 64 * 4, theirs, &framebuffer) == 0);
}

/// The card that comes to the same slot has a number that no open file has.
static void check_return(void) {
    CHECK(close(impatient) == 0 && close(card) == 0);
    CHECK(system("plugboard plug gpu0") == 0);
    CHECK_ERROR(open("/dev/dri/card0", O_RDWR | O_CLOEXEC), ENOENT);
    const int fresh = open("/dev/dri/card2", O_RDWR | O_CLOEXEC);
    CHECK(is_alive(fresh));
    CHECK(!is_alive(copy));
    uint32_t imported = 0;
    CHECK(drmPrimeFDToHandle(fresh, buffer, &imported) == 0);
    CHECK(close(fresh) == 0 && close(copy) == 0);
    check_eventfds();
    pixels[2] = 'o';
    CHECK(pixels[2] == 'o');
    munmap(pixels, size);
    CHECK(close(buffer) == 0 && close(other) == 0);
}

int main(void) {
    prepare();
    start_sleepers();
    CHECK(system("plugboard unplug gpu0") == 0);
    check_sleepers();
    check_descriptors();
    check_names();
    check_memory();
    check_return();
    close(watch);
    return finish_checks();
}
