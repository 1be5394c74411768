// The daemon dies under its clients: they see a device that is gone, and nothing hangs.
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "client.h"
#include "fences.h"

static int card, buffer;
static _Atomic pid_t in_ioctl_id, in_read_id, in_poll_id, in_select_id;

static void* wait_in_ioctl(void* unused) {
    (void)unused;
    in_ioctl_id = gettid();
    errno = 0;
    const int result = wait_vblank(card, 600);
    return (void*)(intptr_t)(result < 0 ? errno : 0);
}

static void* wait_in_read(void* unused) {
    char bytes[64];
    (void)unused;
    in_read_id = gettid();
    errno = 0;
    const ssize_t result = read(card, bytes, sizeof bytes);
    return (void*)(intptr_t)(result < 0 ? errno : 0);
}

/// The buffer's fence never signals, but who would know.
static void* wait_in_poll(void* unused) {
    struct pollfd asked = {.fd = buffer, .events = POLLIN | POLLOUT};
    (void)unused;
    in_poll_id = gettid();
    return (void*)(intptr_t)(poll(&asked, 1, -1) == 1 ? asked.revents : -1);
}

static void* wait_in_select(void* unused) {
    fd_set reads;
    (void)unused;
    FD_ZERO(&reads);
    FD_SET(buffer, &reads);
    in_select_id = gettid();
    return (void*)(intptr_t)select(buffer + 1, &reads, NULL, NULL, NULL);
}

int main(void) {
    signal(SIGTERM, SIG_IGN);  // the run ends its command when it sees that the daemon is gone
    card = open_card(O_CLOEXEC);
    CHECK(switch_on(card) != 0);
    uint32_t handle = 0, pitch = 0;
    uint64_t size = 0, offset = 0;
    CHECK(drmModeCreateDumbBuffer(card, 64, 64, 32, 0, &handle, &pitch, &size) == 0);
    CHECK(drmModeMapDumbBuffer(card, handle, &offset) == 0);
    char* pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, card, (off_t)offset);
    CHECK(pixels != MAP_FAILED);

    CHECK(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC | DRM_RDWR, &buffer) == 0);
    add_fence(buffer, open_timeline(), 1, DMA_BUF_SYNC_WRITE);

    pthread_t in_ioctl, in_read, in_poll, in_select;
    pthread_create(&in_ioctl, NULL, wait_in_ioctl, NULL);
    pthread_create(&in_read, NULL, wait_in_read, NULL);
    pthread_create(&in_poll, NULL, wait_in_poll, NULL);
    pthread_create(&in_select, NULL, wait_in_select, NULL);
    while (!in_ioctl_id || !in_read_id || !in_poll_id || !in_select_id) usleep(1000);
    CHECK(wait_until_asleep(getpid(), in_ioctl_id));
    CHECK(wait_until_asleep(getpid(), in_read_id));
    CHECK(wait_until_asleep(getpid(), in_poll_id));
    CHECK(wait_until_asleep(getpid(), in_select_id));
    CHECK(kill(daemon_pid(card), SIGKILL) == 0);
    void* error = NULL;
    pthread_join(in_ioctl, &error);
    CHECK((intptr_t)error == ENODEV);
    pthread_join(in_read, &error);
    CHECK((intptr_t)error == ENODEV);
    // What no daemon knows is memory like any other.
    void* ready = NULL;
    pthread_join(in_poll, &ready);
    CHECK((intptr_t)ready == (POLLIN | POLLOUT));
    pthread_join(in_select, &ready);
    CHECK((intptr_t)ready == 1);

    struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER, .value = 0};
    CHECK_ERROR(ioctl(card, DRM_IOCTL_GET_CAP, &cap), ENODEV);
    char bytes[64];
    CHECK_ERROR(read(card, bytes, sizeof bytes), ENODEV);
    CHECK_ERROR(read(card, bytes, 5), ENODEV);
    CHECK_ERROR(mmap(NULL, size, PROT_READ, MAP_SHARED, card, (off_t)offset), ENODEV);
    CHECK_ERROR(write(card, "x", 1), EINVAL);
    struct pollfd asked = {.fd = card, .events = POLLIN};
    CHECK(poll(&asked, 1, 0) == 1 && (asked.revents & POLLHUP));
    errno = 0;
    CHECK(open("/dev/dri/card0", O_RDWR) == -1 && (errno == ENOENT || errno == ENXIO));
    struct stat info;
    CHECK(fstat(card, &info) == 0 && S_ISCHR(info.st_mode));
    pixels[0] = 1;
    CHECK(pixels[0] == 1);
    CHECK(close(card) == 0);
    const int result = finish_checks();
    if (result == 0) printf("all of it holds\n");
    return result;
}
