// A buffer that is drawn by one process on one card and shown by another process on another.
// Runs on a board with two cards.
#define _GNU_SOURCE
#include <linux/dma-buf.h>
#include <linux/memfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client.h"
#include "fences.h"
#include "passed_fd.h"

enum { width = 64, height = 64, size = width * height * 4 };

static uint32_t make_buffer(int card) {
    uint32_t handle = 0, pitch = 0;
    uint64_t bytes = 0;
    if (drmModeCreateDumbBuffer(card, width, height, 32, 0, &handle, &pitch, &bytes)) exit(2);
    return handle;
}

static uint32_t* map_buffer(int fd, off_t offset) {
    void* data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    return data == MAP_FAILED ? NULL : data;
}

/// What the first process does: draws on the first card, and hands the buffer over.
static int draw(int socket) {
    const int card = open_path("/dev/dri/card0");
    const uint32_t handle = make_buffer(card);
    uint64_t offset = 0;
    if (drmModeMapDumbBuffer(card, handle, &offset)) return 4;
    uint32_t* pixels = map_buffer(card, (off_t)offset);
    if (!pixels) return 5;
    pixels[0] = 0xff123456;
    int fd = -1;
    if (drmPrimeHandleToFD(card, handle, DRM_CLOEXEC | DRM_RDWR, &fd)) return 6;
    send_fd(socket, fd);
    char done;
    return read(socket, &done, 1) == 1 && pixels[1] == 0xff654321 ? 0 : 7;
}

/// The second one: shows it on the second card while the first lives, and has it afterwards.
static void check_two_processes(void) {
    int sockets[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0);
    const pid_t child = fork();
    if (child == 0) _exit(draw(sockets[1]));
    const int fd = receive_fd(sockets[0]);
    CHECK(fd >= 0);
    const int card = open_path("/dev/dri/card1");
    uint32_t handle = 0, framebuffer = 0, again = 0;
    CHECK(drmPrimeFDToHandle(card, fd, &handle) == 0);
    CHECK(drmPrimeFDToHandle(card, fd, &again) == 0 && again == handle);
    CHECK(drmModeAddFB(card, width, height, 24, 32, width * 4, handle, &framebuffer) == 0);
    uint64_t offset = 0;
    CHECK(drmModeMapDumbBuffer(card, handle, &offset) == -EINVAL);
    uint32_t* pixels = map_buffer(fd, 0);
    CHECK(pixels && pixels[0] == 0xff123456);
    if (pixels) pixels[1] = 0xff654321;
    CHECK(write(sockets[0], "", 1) == 1);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK(pixels && pixels[0] == 0xff123456);
    CHECK(drmCloseBufferHandle(card, handle) == 0);
    CHECK(drmModeRmFB(card, framebuffer) == 0);
    CHECK(drmPrimeFDToHandle(card, fd, &handle) == 0);
    close(fd);
    close(card);
    close(sockets[0]);
    close(sockets[1]);
}

static void check_descriptor(void) {
    const int card = open_path("/dev/dri/card0");
    const uint32_t handle = make_buffer(card);
    int fd = -1, kept = -1;
    CHECK(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC | DRM_RDWR, &fd) == 0);
    CHECK(drmPrimeHandleToFD(card, handle, DRM_RDWR, &kept) == 0);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(kept, F_GETFD) == 0);
    CHECK(lseek(fd, 0, SEEK_END) == size);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK_ERROR(lseek(fd, 1, SEEK_SET), EACCES);
    CHECK_ERROR(lseek(fd, 0, SEEK_CUR), EINVAL);
    CHECK(mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, size + 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, size) == MAP_FAILED && errno == EINVAL);
    void* last_page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, size - 4096);
    CHECK(last_page != MAP_FAILED && munmap(last_page, 1) == 0);
    struct stat info;
    CHECK(fstat(fd, &info) == 0 && info.st_size == size);
    CHECK_ERROR(ftruncate(fd, 0), EPERM);
    char link[64], text[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    CHECK(readlink(link, text, sizeof text - 1) == 8 && memcmp(text, "/dmabuf:", 8) == 0);
    uint32_t back = 0;
    CHECK(drmPrimeFDToHandle(card, fd, &back) == 0 && back == handle);
    close(fd);
    close(kept);
    close(card);
}

static void check_ioctls(void) {
    const int card = open_path("/dev/dri/card0");
    int fd = -1;
    CHECK(drmPrimeHandleToFD(card, make_buffer(card), DRM_CLOEXEC | DRM_RDWR, &fd) == 0);
    struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW};
    CHECK(ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) == 0);
    sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
    CHECK(ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) == 0);
    sync.flags = DMA_BUF_SYNC_END;
    CHECK_ERROR(ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync), EINVAL);
    CHECK_ERROR(ioctl(fd, DMA_BUF_IOCTL_SYNC, (void*)8), EFAULT);
    CHECK(ioctl(fd, DMA_BUF_SET_NAME, "name") == 0);
    CHECK_ERROR(ioctl(fd, DMA_BUF_SET_NAME, "0123456789012345678901234567890123456789"), EINVAL);
    CHECK_ERROR(ioctl(fd, DMA_BUF_SET_NAME, (void*)8), EFAULT);
    CHECK_ERROR(ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'b', 4, 8), &sync), ENOTTY);
    struct dma_buf_export_sync_file file = {.flags = DMA_BUF_SYNC_RW, .fd = -1};
    CHECK(ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &file) == 0);
    struct pollfd readable = {.fd = file.fd, .events = POLLIN};
    CHECK(poll(&readable, 1, 0) == 1 && readable.revents == POLLIN);
    CHECK(fcntl(file.fd, F_GETFD) == FD_CLOEXEC);
    struct dma_buf_import_sync_file import = {.flags = DMA_BUF_SYNC_WRITE, .fd = file.fd};
    CHECK(ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import) == 0);
    import.fd = card;
    CHECK_ERROR(ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import), EINVAL);
    close(file.fd);
    const int other = memfd_create("other", MFD_CLOEXEC);
    CHECK_ERROR(ioctl(other, DMA_BUF_IOCTL_SYNC, &sync), ENOTTY);
    const int namesake = memfd_create("dmabuf:1/1", MFD_CLOEXEC);
    CHECK_ERROR(ioctl(namesake, DMA_BUF_IOCTL_SYNC, &sync), ENOTTY);
    close(namesake);
    close(other);
    close(fd);
    close(card);
}

static volatile int advanced;
static void* volatile bad_pointer = (void*)8;  // which gcc would see otherwise

static void* advance_twice(void* timeline) {
    const struct timespec soon = {.tv_nsec = 20000000};
    for (int i = 0; i < 2; i++) {
        nanosleep(&soon, NULL);
        advanced++;
        advance(*(int*)timeline);
    }
    return NULL;
}

static short ready_of(int fd) {
    struct pollfd asked[] = {{.fd = -1, .events = POLLIN, .revents = 77},
                             {.fd = fd, .events = POLLIN | POLLOUT}};
    const int count = poll(asked, 2, 0);
    CHECK(count == (asked[1].revents != 0) && asked[0].revents == 0);
    return asked[1].revents;
}

static short watched_of(int epoll) {
    struct epoll_event event = {.events = 0};
    return epoll_wait(epoll, &event, 1, 0) == 1 && event.data.u32 == 42 ? (short)event.events : 0;
}

static void check_readiness(void) {
    const int card = open_path("/dev/dri/card0");
    const int timeline = open_timeline();
    int fd = -1;
    CHECK(drmPrimeHandleToFD(card, make_buffer(card), DRM_CLOEXEC | DRM_RDWR, &fd) == 0);
    CHECK(ready_of(fd) == (POLLIN | POLLOUT));
    add_fence(fd, timeline, 1, DMA_BUF_SYNC_READ);
    CHECK(ready_of(fd) == POLLIN);
    add_fence(fd, timeline, 2, DMA_BUF_SYNC_WRITE);
    CHECK(ready_of(fd) == 0);

    // Two fences are in the way of POLLOUT, one of POLLIN.
    pthread_t other;
    pthread_create(&other, NULL, advance_twice, (void*)&timeline);
    struct pollfd asked = {.fd = fd, .events = POLLOUT};
    CHECK(poll(&asked, 1, -1) == 1 && asked.revents == POLLOUT && advanced == 2);
    pthread_join(other, NULL);
    CHECK(ready_of(fd) == (POLLIN | POLLOUT));
    const int before = count_fds();

    // Beside another descriptor, which is ready first; a time that passes.
    add_fence(fd, timeline, 3, DMA_BUF_SYNC_WRITE);
    int pipes[2];
    CHECK(pipe(pipes) == 0 && write(pipes[1], "", 1) == 1);
    struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = pipes[0], .events = POLLIN}};
    CHECK(poll(both, 2, -1) == 1 && both[0].revents == 0 && both[1].revents == POLLIN);
    CHECK(poll(both, 1, 1) == 0 && both[0].revents == 0);
    const struct timespec little = {.tv_nsec = 1000000};
    sigset_t none;
    sigemptyset(&none);
    CHECK(ppoll(both, 1, &little, &none) == 0 && both[0].revents == 0);
    both[0].events = POLLRDNORM | POLLWRNORM;
    CHECK(poll(both, 1, 0) == 0);
    CHECK_ERROR(poll(bad_pointer, 1, 0), EFAULT);
    both[0].events = POLLIN;
    // No number is free for what is waited for instead.
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const struct rlimit no_more = {.rlim_cur = (rlim_t)pipes[1] + 1, .rlim_max = limit.rlim_max};
    int taken[64], taken_count = 0;
    setrlimit(RLIMIT_NOFILE, &no_more);
    while (taken_count < 64 && (taken[taken_count] = dup(fd)) >= 0) taken_count++;
    CHECK_ERROR(poll(both, 1, -1), ENOMEM);
    setrlimit(RLIMIT_NOFILE, &limit);
    while (taken_count > 0) close(taken[--taken_count]);

    fd_set reads, writes;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_SET(fd, &reads);
    FD_SET(pipes[0], &reads);
    FD_SET(fd, &writes);
    CHECK(select(pipes[0] + 1, &reads, &writes, NULL, NULL) == 1);
    CHECK(!FD_ISSET(fd, &reads) && FD_ISSET(pipes[0], &reads) && !FD_ISSET(fd, &writes));
    struct timeval while_ = {.tv_usec = 2000};
    FD_ZERO(&writes);
    FD_SET(fd, &writes);
    CHECK(select(fd + 1, NULL, &writes, NULL, &while_) == 0 && !FD_ISSET(fd, &writes));
    CHECK(while_.tv_sec == 0 && while_.tv_usec == 0);
    FD_SET(fd, &writes);
    CHECK(pselect(fd + 1, NULL, &writes, NULL, &little, &none) == 0);
    CHECK_ERROR(select(-64, &writes, NULL, NULL, NULL), EINVAL);
    CHECK_ERROR(select(1, bad_pointer, NULL, NULL, NULL), EFAULT);
    close(pipes[0]);
    close(pipes[1]);

    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = 42};
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event), ENOENT);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), EEXIST);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, bad_pointer), EFAULT);
    CHECK(watched_of(epoll) == 0);
    // A child has copies of all, and takes none of it away with it.
    const pid_t child = fork();
    if (child == 0) {
        close(fd);
        close(epoll);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    advance(timeline);
    CHECK(watched_of(epoll) == (EPOLLIN | EPOLLOUT));
    add_fence(fd, timeline, 4, DMA_BUF_SYNC_READ);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0);
    CHECK(watched_of(epoll) == EPOLLIN);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), ENOENT);
    CHECK(watched_of(epoll) == 0);
    const int file = memfd_create("other", MFD_CLOEXEC);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event), EPERM);
    close(file);
    CHECK(count_fds() == before + 1);
    // With the buffer's descriptor goes what was watched, whoever closes it.
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    CHECK(dup2(timeline, fd) == fd);
    CHECK(watched_of(epoll) == 0);
    close(fd);
    CHECK(watched_of(epoll) == 0);
    CHECK(count_fds() == before);
    close(epoll);
    close(timeline);
    close(card);
}

static void check_refusals(void) {
    const int card = open_path("/dev/dri/card0");
    const uint32_t handle = make_buffer(card);
    uint32_t imported = 0;
    int fd = -1;
    CHECK(drmPrimeFDToHandle(card, -1, &imported) == -1 && errno == EBADF);
    CHECK(drmPrimeFDToHandle(card, 4000, &imported) == -1 && errno == EBADF);
    CHECK(drmPrimeFDToHandle(card, card, &imported) == -1 && errno == EINVAL);
    const int memory = memfd_create("other", MFD_CLOEXEC);
    CHECK(drmPrimeFDToHandle(card, memory, &imported) == -1 && errno == EINVAL);
    close(memory);
    CHECK(drmPrimeHandleToFD(card, 99, DRM_CLOEXEC, &fd) == -1 && errno == ENOENT);
    // No descriptor is free: that is found out before the handle is looked up.
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK(drmPrimeHandleToFD(card, 99, DRM_CLOEXEC, &fd) == -1 && errno == EMFILE);
    CHECK(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC, &fd) == -1 && errno == EMFILE);
    setrlimit(RLIMIT_NOFILE, &limit);
    const int before = count_fds();
    CHECK(drmPrimeHandleToFD(card, 99, DRM_CLOEXEC, &fd) == -1 && errno == ENOENT);
    CHECK(count_fds() == before);
    close(card);
}

int main(void) {
    check_two_processes();
    check_descriptor();
    check_ioctls();
    check_readiness();
    check_refusals();
    return finish_checks();
}
