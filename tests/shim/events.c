// read(), write(), mmap() and poll() of a DRM descriptor, as drm_read() and drm_gem_mmap() have
// them.
#define _GNU_SOURCE
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "client.h"

/// WAIT_VBLANK with an event, now.
static int ask_for_event(int fd) {
    drmVBlank vblank = {.request = {.type = DRM_VBLANK_RELATIVE | DRM_VBLANK_EVENT, .sequence = 0}};
    return ioctl(fd, DRM_IOCTL_WAIT_VBLANK, &vblank);
}

static void* volatile bad_pointer = (void*)0x10;

static short poll_now(int fd, int wait_ms) {
    struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
    poll(&ready, 1, wait_ms);
    return ready.revents;
}

static void check_read(int fd) {
    char buffer[8192];
    const int flags = fcntl(fd, F_GETFL);
    CHECK(poll_now(fd, 0) == 0);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    CHECK_ERROR(read(fd, buffer, sizeof buffer), EAGAIN);
    CHECK_ERROR(read(fd, buffer, 7), EAGAIN);
    CHECK_ERROR(read(fd, buffer, 0), EAGAIN);
    fcntl(fd, F_SETFL, flags);

    for (int i = 0; i < 3; i++) CHECK(ask_for_event(fd) == 0);
    CHECK((poll_now(fd, 1000) & (POLLIN | POLLOUT)) == POLLIN);
    CHECK(read(fd, buffer, 4) == 0);
    CHECK(read(fd, buffer, 31) == 0);
    CHECK(read(fd, buffer, 0) == 0);
    CHECK_ERROR(read(fd, bad_pointer, 64), EFAULT);
    CHECK(read(fd, buffer, 40) == 32);
    const struct drm_event_vblank* event = (const void*)buffer;
    CHECK(event->base.type == DRM_EVENT_VBLANK && event->base.length == 32);
    CHECK(read(fd, buffer, sizeof buffer) == 64);
    CHECK(poll_now(fd, 0) == 0);

    CHECK(ask_for_event(fd) == 0 && ask_for_event(fd) == 0);
    struct iovec parts[2] = {{buffer, 40}, {buffer + 40, 32}};
    CHECK(readv(fd, parts, 2) == 32);  // a part that is not filled ends it
    CHECK(read(fd, buffer, 32) == 32);
}

static void check_quota(int fd) {
    int asked = 0;
    while (asked < 1000 && ask_for_event(fd) == 0) asked++;
    CHECK(asked == 128);
    CHECK_ERROR(ask_for_event(fd), ENOMEM);
    char buffer[8192];
    CHECK(read(fd, buffer, 64) == 64);
    CHECK(ask_for_event(fd) == 0);
    CHECK(ask_for_event(fd) == 0);
    CHECK_ERROR(ask_for_event(fd), ENOMEM);
    CHECK(read(fd, buffer, sizeof buffer) == 4096);
}

static long page_faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/// Whoever maps a buffer for every frame does not fault in its pages one by one each time.
static void check_mapped_pages(int fd) {
    enum { pages = 768, page_size = 4096 };
    uint32_t handle = 0, pitch = 0;
    uint64_t size = 0, offset = 0;
    CHECK(drmModeCreateDumbBuffer(fd, 1024, 768, 32, 0, &handle, &pitch, &size) == 0);
    CHECK(drmModeMapDumbBuffer(fd, handle, &offset) == 0);
    CHECK(size == pages * page_size);
    for (int times = 0; times < 2; times++) {
        char* data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
        CHECK(data != MAP_FAILED);
        const long before = page_faults();
        for (size_t at = 0; data != MAP_FAILED && at < size; at += page_size) data[at] = 1;
        // Sanitizers have a page of their own for eight of these.
        CHECK(page_faults() - before < pages / 4);
        munmap(data, size);
    }
}

static void check_mmap(int fd) {
    uint32_t handle = 0, pitch = 0;
    uint64_t size = 0, offset = 0;
    CHECK(drmModeCreateDumbBuffer(fd, 64, 64, 32, 0, &handle, &pitch, &size) == 0);
    CHECK(drmModeMapDumbBuffer(fd, handle, &offset) == 0);
    char* first = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    char* second = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)offset);
    CHECK(first != MAP_FAILED && second != MAP_FAILED);
    if (first != MAP_FAILED && second != MAP_FAILED) {
        first[100] = 42;
        CHECK(second[100] == 42);
    }
    CHECK_ERROR(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, (off_t)offset), EINVAL);
    CHECK_ERROR(mmap(NULL, size + 4096, PROT_READ, MAP_SHARED, fd, (off_t)offset), EINVAL);
    CHECK_ERROR(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)offset + 4096), EINVAL);
    CHECK_ERROR(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)offset), EINVAL);
    const int other = open("/dev/dri/card0", O_RDONLY | O_CLOEXEC);
    CHECK_ERROR(mmap(NULL, size, PROT_READ, MAP_SHARED, other, (off_t)offset), EACCES);
    CHECK_ERROR(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, other, (off_t)offset), EACCES);
    close(other);
}

int main(void) {
    const int fd = open_card(O_CLOEXEC);
    CHECK(switch_on(fd) != 0);
    CHECK_ERROR(write(fd, "x", 1), EINVAL);
    CHECK_ERROR(write(fd, "", 0), EINVAL);
    check_read(fd);
    check_quota(fd);
    check_mmap(fd);
    check_mapped_pages(fd);
    CHECK_ERROR(ioctl(fd, TIOCGWINSZ, NULL), ENOTTY);
    return finish_checks();
}
