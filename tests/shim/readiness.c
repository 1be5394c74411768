// Waiting for dma-bufs whose fences are pending, by poll, select and epoll as the kernel has them:
// with signals, threads, forks, cancellation, and whatever a program does to its descriptors.
// Runs on a board with two cards.
#define _GNU_SOURCE
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "client.h"
#include "fences.h"

static int card, timeline, buffer;
static uint32_t last_value;  // of the fences so far
static volatile sig_atomic_t handled;
static _Atomic pid_t waiter;

static int export_buffer(void) {
    uint32_t handle = 0, pitch = 0;
    uint64_t bytes = 0;
    int fd = -1;
    CHECK(drmModeCreateDumbBuffer(card, 64, 64, 32, 0, &handle, &pitch, &bytes) == 0);
    CHECK(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC | DRM_RDWR, &fd) == 0);
    return fd;
}

/// The buffer is neither readable nor writable until the next advance().
static void make_busy(void) {
    add_fence(buffer, timeline, ++last_value, DMA_BUF_SYNC_WRITE);
}

static void count(int number) {
    (void)number;
    handled++;
}

static void set_handler(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    handled = 0;
}

/// What a second thread does once the first one sleeps.
enum deed { send_signal, signal_fence, signal_while_daemon_sleeps };
struct helper {
    enum deed deed;
    pid_t waiter;
    pthread_t waiter_thread, thread;
    bool was_asleep;
};

static void* help(void* argument) {
    struct helper* helper = argument;
    helper->was_asleep = wait_until_asleep(getpid(), helper->waiter);
    switch (helper->deed) {
        case send_signal: pthread_kill(helper->waiter_thread, SIGUSR1); break;
        case signal_fence: advance(timeline); break;
        case signal_while_daemon_sleeps:
            pthread_kill(helper->waiter_thread, SIGUSR1);
            kill(daemon_pid(card), SIGCONT);
            // A wait that has not seen the signal ends by the fence.
            wait_until_asleep(getpid(), helper->waiter);
            break;
    }
    return NULL;
}

static void start_helper(struct helper* helper, enum deed deed) {
    *helper = (struct helper){.deed = deed, .waiter = gettid(), .waiter_thread = pthread_self()};
    pthread_create(&helper->thread, NULL, help, helper);
}

static void end_helper(struct helper* helper) {
    pthread_join(helper->thread, NULL);
    CHECK(helper->was_asleep);
}

#define KEEPS_ERRNO(call_holds) (errno = 77, (call_holds) && errno == 77)

static void check_errno_of_success(void) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd asked = {.fd = buffer, .events = POLLIN};
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(buffer, &reads);
    struct timeval none = {0};
    CHECK(KEEPS_ERRNO(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0));
    CHECK(KEEPS_ERRNO(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event) == 0));
    CHECK(KEEPS_ERRNO(poll(&asked, 1, 0) == 1));
    CHECK(KEEPS_ERRNO(select(buffer + 1, &reads, NULL, NULL, &none) == 1));
    make_busy();
    CHECK(KEEPS_ERRNO(poll(&asked, 1, 1) == 0));
    none.tv_usec = 1000;
    CHECK(KEEPS_ERRNO(select(buffer + 1, &reads, NULL, NULL, &none) == 0));
    CHECK(KEEPS_ERRNO(epoll_ctl(epoll, EPOLL_CTL_DEL, buffer, NULL) == 0));
    advance(timeline);
    close(epoll);
}

static int rounds_epoll;
static pthread_barrier_t rounds_barrier;
enum { rounds = 200 };

/// How often it was the one who added; minus a thousand for what is neither that nor EEXIST.
static void* add_in_rounds(void* unused) {
    (void)unused;
    intptr_t added = 0;
    for (int i = 0; i < rounds; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        pthread_barrier_wait(&rounds_barrier);
        if (epoll_ctl(rounds_epoll, EPOLL_CTL_ADD, buffer, &event) == 0) {
            added++;
        } else if (errno != EEXIST) {
            added -= 1000;
        }
        pthread_barrier_wait(&rounds_barrier);
    }
    return (void*)added;
}

static void check_two_threads_add_one(void) {
    const int before = count_fds();
    rounds_epoll = epoll_create1(EPOLL_CLOEXEC);
    pthread_t threads[2];
    pthread_barrier_init(&rounds_barrier, NULL, 3);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, add_in_rounds, NULL);
    int removed = 0, left = 0;
    for (int i = 0; i < rounds; i++) {
        pthread_barrier_wait(&rounds_barrier);
        pthread_barrier_wait(&rounds_barrier);
        removed += epoll_ctl(rounds_epoll, EPOLL_CTL_DEL, buffer, NULL) == 0;
        while (epoll_ctl(rounds_epoll, EPOLL_CTL_DEL, buffer, NULL) == 0) left++;
    }
    intptr_t added = 0;
    for (int i = 0; i < 2; i++) {
        void* one = NULL;
        pthread_join(threads[i], &one);
        added += (intptr_t)one;
    }
    CHECK(added == rounds);
    CHECK(removed == rounds && left == 0);
    pthread_barrier_destroy(&rounds_barrier);
    close(rounds_epoll);
    // Each thread had a channel, which stays for the next.
    CHECK(count_fds() <= before + 2);
}

static void check_epoll_is_known_by_all_its_numbers(void) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC), copy = dup(epoll), other = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0);
    CHECK_ERROR(epoll_ctl(copy, EPOLL_CTL_ADD, buffer, &event), EEXIST);
    CHECK(epoll_ctl(copy, EPOLL_CTL_MOD, buffer, &event) == 0);
    CHECK_ERROR(epoll_ctl(other, EPOLL_CTL_MOD, buffer, &event), ENOENT);
    CHECK(epoll_ctl(other, EPOLL_CTL_ADD, buffer, &event) == 0);
    CHECK(epoll_ctl(copy, EPOLL_CTL_DEL, buffer, NULL) == 0);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_DEL, buffer, NULL), ENOENT);
    CHECK(epoll_ctl(other, EPOLL_CTL_DEL, buffer, NULL) == 0);
    // The same buffer has another entry under each of its numbers.
    const int second = dup(buffer);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, second, &event) == 0);
    close(second);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, buffer, NULL) == 0);
    close(epoll);
    close(copy);
    close(other);
}

static void check_what_is_no_epoll(void) {
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK_ERROR(epoll_ctl(pipes[0], EPOLL_CTL_ADD, buffer, &event), EINVAL);
    CHECK_ERROR(epoll_ctl(pipes[0], EPOLL_CTL_MOD, buffer, &event), EINVAL);
    CHECK_ERROR(epoll_ctl(pipes[0], EPOLL_CTL_DEL, buffer, NULL), EINVAL);
    CHECK_ERROR(epoll_ctl(-1, EPOLL_CTL_ADD, buffer, &event), EBADF);
    close(pipes[0]);
    close(pipes[1]);
}

static uint32_t told_by(int epoll, int milliseconds) {
    struct epoll_event told = {0};
    return epoll_wait(epoll, &told, 1, milliseconds) == 1 ? told.events : 0;
}

static void check_flags_of_epoll(void) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event), EINVAL);
    event.events = EPOLLIN;
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event), EINVAL);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, buffer, NULL) == 0);
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLEXCLUSIVE;
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event), EINVAL);
    event.events = EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE;
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event), EINVAL);

    // Whatever else is asked of it, a dma-buf says IN and OUT.
    event.events = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLPRI | EPOLLRDHUP;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0);
    CHECK(told_by(epoll, 20000) == (EPOLLIN | EPOLLOUT));
    event.events = EPOLLRDNORM | EPOLLPRI;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event) == 0);
    CHECK(told_by(epoll, 0) == 0);

    event.events = EPOLLIN | EPOLLONESHOT;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event) == 0);
    CHECK(told_by(epoll, 20000) == EPOLLIN);
    CHECK(told_by(epoll, 0) == 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event) == 0);
    CHECK(told_by(epoll, 20000) == EPOLLIN);

    event.events = EPOLLIN | EPOLLET;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event) == 0);
    CHECK(told_by(epoll, 20000) == EPOLLIN);
    CHECK(told_by(epoll, 0) == 0);
    make_busy();
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, buffer, &event) == 0);
    CHECK(told_by(epoll, 0) == 0);
    // Epoll in epoll, and in poll.
    const int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event inner = {.events = EPOLLIN};
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &inner) == 0);
    CHECK(told_by(outer, 0) == 0);
    advance(timeline);
    CHECK(told_by(outer, 20000) == EPOLLIN);
    struct pollfd asked = {.fd = epoll, .events = POLLIN};
    CHECK(poll(&asked, 1, 20000) == 1);
    CHECK(told_by(epoll, 20000) == EPOLLIN);
    CHECK(told_by(epoll, 0) == 0);
    close(outer);
    close(epoll);
}

/// The shim's own descriptor for a buffer does not take the number that the program reckons with.
static void check_numbers_of_epoll(void) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC), next = dup(0);
    close(next);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0);
    const int again = dup(0);
    CHECK(again == next);
    close(again);
    close(epoll);
}

/// By what wait_until_asleep() takes at least: two naps of 5 ms.
static bool is_less_than_hundred(struct timeval left) {
    return left.tv_sec >= 0 && left.tv_sec * 1000000 + left.tv_usec <= 100000000 - 10000;
}

static void check_interruption(void) {
    make_busy();
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    struct helper helper;
    set_handler(count);
    struct pollfd asked = {.fd = buffer, .events = POLLIN};
    start_helper(&helper, send_signal);
    CHECK_ERROR(poll(&asked, 1, -1), EINTR);
    end_helper(&helper);
    CHECK(handled == 1);

    // Linux tells what is left of the time, and leaves the sets as they were.
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(buffer, &reads);
    FD_SET(pipes[0], &reads);
    struct timeval left = {.tv_sec = 100};
    start_helper(&helper, send_signal);
    const int above = (pipes[0] > buffer ? pipes[0] : buffer) + 1;
    CHECK_ERROR(select(above, &reads, NULL, NULL, &left), EINTR);
    end_helper(&helper);
    CHECK(is_less_than_hundred(left));
    CHECK(FD_ISSET(buffer, &reads) && FD_ISSET(pipes[0], &reads));

    left = (struct timeval){.tv_sec = 100};
    start_helper(&helper, signal_fence);
    CHECK(select(above, &reads, NULL, NULL, &left) == 1);
    end_helper(&helper);
    CHECK(is_less_than_hundred(left));
    CHECK(FD_ISSET(buffer, &reads) && !FD_ISSET(pipes[0], &reads));
    close(pipes[0]);
    close(pipes[1]);
}

/// One that is pending already, and may come in the wait alone.
static void check_masks(void) {
    make_busy();
    set_handler(count);
    sigset_t blocked, before, none;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const struct timespec at_once = {0};
    struct pollfd asked = {.fd = buffer, .events = POLLIN};
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(buffer, &reads);
    pthread_kill(pthread_self(), SIGUSR1);
    CHECK(poll(&asked, 1, 1) == 0 && handled == 0);
    CHECK_ERROR(ppoll(&asked, 1, &at_once, &none), EINTR);
    CHECK(handled == 1);
    pthread_kill(pthread_self(), SIGUSR1);
    CHECK_ERROR(pselect(buffer + 1, &reads, NULL, NULL, NULL, &none), EINTR);
    CHECK(handled == 2);
    advance(timeline);
    pthread_kill(pthread_self(), SIGUSR1);
    // What is ready and a signal that is pending: one of both is told, and only that has happened.
    errno = 0;
    const int found = ppoll(&asked, 1, NULL, &none);
    CHECK(found == 1 ? handled == 2 : found == -1 && errno == EINTR && handled == 3);
    sigset_t now_blocked;
    pthread_sigmask(SIG_SETMASK, &before, &now_blocked);
    CHECK(sigismember(&now_blocked, SIGUSR1) == 1 && sigismember(&now_blocked, SIGUSR2) == 0);
    CHECK(handled == 3);
}

/// A signal that comes while the daemon is asked interrupts the sleep that follows.
static void check_signal_before_the_sleep(void) {
    make_busy();
    set_handler(count);
    struct helper helper;
    struct pollfd asked = {.fd = buffer, .events = POLLIN};
    CHECK(kill(daemon_pid(card), SIGSTOP) == 0);
    start_helper(&helper, signal_while_daemon_sleeps);
    const int result = poll(&asked, 1, 5000);
    CHECK(result == -1 && errno == EINTR && handled == 1);
    end_helper(&helper);
    advance(timeline);
}

static void check_without_descriptors(void) {
    make_busy();
    int pipes[2];
    CHECK(pipe(pipes) == 0 && write(pipes[1], "", 1) == 1);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const struct rlimit no_more = {.rlim_cur = (rlim_t)pipes[1] + 1, .rlim_max = limit.rlim_max};
    struct pollfd both[] = {{.fd = buffer, .events = POLLIN}, {.fd = pipes[0], .events = POLLIN}};
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(buffer, &reads);
    FD_SET(pipes[0], &reads);
    setrlimit(RLIMIT_NOFILE, &no_more);
    int taken[64], taken_count = 0;
    while (taken_count < 64 && (taken[taken_count] = dup(0)) >= 0) taken_count++;
    // Who does not sleep needs none.
    CHECK(poll(both, 1, 0) == 0);
    CHECK(poll(both, 2, -1) == 1 && both[0].revents == 0 && both[1].revents == POLLIN);
    const int above = (pipes[0] > buffer ? pipes[0] : buffer) + 1;
    CHECK(select(above, &reads, NULL, NULL, NULL) == 1 && FD_ISSET(pipes[0], &reads));
    struct timeval hundred = {.tv_sec = 100};
    FD_ZERO(&reads);
    FD_SET(buffer, &reads);
    CHECK_ERROR(select(buffer + 1, &reads, NULL, NULL, &hundred), ENOMEM);
    CHECK(FD_ISSET(buffer, &reads));
    setrlimit(RLIMIT_NOFILE, &limit);
    while (taken_count > 0) close(taken[--taken_count]);
    close(pipes[0]);
    close(pipes[1]);
    advance(timeline);
}

/// More buffers, and larger numbers, than a set of libc's has room for.
static void check_many(void) {
    enum { many = 100, high = 3000, words = 4096 / 64 };
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4096) {
        const struct rlimit more = {.rlim_cur = 4096, .rlim_max = limit.rlim_max};
        CHECK(setrlimit(RLIMIT_NOFILE, &more) == 0);
    }
    const int before = count_fds();
    make_busy();
    struct pollfd asked[many];
    unsigned long all[words] = {0}, set[words], outs[words];
    for (int i = 0; i < many; i++) {
        const int fd = fcntl(buffer, F_DUPFD_CLOEXEC, high);
        asked[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        all[fd / 64] |= 1ul << (fd % 64);
    }
    // gcc knows how large an fd_set is.
    unsigned long *volatile reads = set, *volatile writes = outs;
    struct timeval left = {.tv_usec = 1000};
    CHECK(poll(asked, many, 1) == 0);
    memcpy(set, all, sizeof all);
    CHECK(select(4096, (fd_set*)reads, NULL, NULL, &left) == 0);
    CHECK(set[asked[0].fd / 64] == 0);
    memcpy(set, all, sizeof all);
    memcpy(outs, all, sizeof all);
    struct helper helper;
    start_helper(&helper, signal_fence);
    CHECK(select(4096, (fd_set*)reads, (fd_set*)writes, NULL, NULL) > 0);
    end_helper(&helper);
    memcpy(set, all, sizeof all);
    memcpy(outs, all, sizeof all);
    CHECK(select(4096, (fd_set*)reads, (fd_set*)writes, NULL, NULL) == 2 * many);
    CHECK(memcmp(set, all, sizeof all) == 0 && memcmp(outs, all, sizeof all) == 0);
    CHECK(poll(asked, many, -1) == many && asked[many - 1].revents == POLLIN);
    for (int i = 0; i < many; i++) close(asked[i].fd);
    CHECK(count_fds() == before);
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// select() does not end by a hang-up of what is asked for writing, as poll() does.
static void check_hang_up(void) {
    make_busy();
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    close(pipes[1]);
    fd_set writes, reads;
    FD_ZERO(&writes);
    FD_ZERO(&reads);
    FD_SET(pipes[0], &writes);
    FD_SET(buffer, &reads);
    const int above = (pipes[0] > buffer ? pipes[0] : buffer) + 1;
    struct helper helper;
    start_helper(&helper, signal_fence);
    CHECK(select(above, &reads, &writes, NULL, NULL) == 1);
    end_helper(&helper);
    CHECK(FD_ISSET(buffer, &reads) && !FD_ISSET(pipes[0], &writes));
    close(pipes[0]);
}

/// What a thread that waits is to do.
enum way { by_poll, by_long_poll, by_select, by_large_select };
static bool mask_was_kept;

static void note_mask(void* unused) {
    (void)unused;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    mask_was_kept = sigismember(&mask, SIGUSR1) == 0;
}

static void* wait_in_thread(void* argument) {
    struct pollfd asked[100];
    for (int i = 0; i < 100; i++)
        asked[i] = (struct pollfd){.fd = i == 0 ? buffer : -1, .events = POLLIN};
    unsigned long set[4096 / 64] = {0};
    set[buffer / 64] = 1ul << (buffer % 64);
    unsigned long* volatile reads = set;
    intptr_t result = 0;
    pthread_cleanup_push(note_mask, NULL);
    waiter = gettid();
    switch (*(enum way*)argument) {
        case by_poll: result = poll(asked, 1, -1) == 1 ? asked[0].revents : -1; break;
        case by_long_poll: result = poll(asked, 100, -1) == 1 ? asked[0].revents : -1; break;
        case by_select: result = select(buffer + 1, (fd_set*)reads, NULL, NULL, NULL); break;
        case by_large_select: result = select(4096, (fd_set*)reads, NULL, NULL, NULL); break;
    }
    pthread_cleanup_pop(0);
    return (void*)result;
}

static pthread_t start_waiter(enum way* way) {
    pthread_t thread;
    waiter = 0;
    pthread_create(&thread, NULL, wait_in_thread, way);
    while (waiter == 0) usleep(1000);
    CHECK(wait_until_asleep(getpid(), waiter));
    return thread;
}

static void* end_waiter(pthread_t thread) {
    void* result = NULL;
    pthread_join(thread, &result);
    return result;
}

/// Each wait is a cancellation point, and leaves nothing behind.
static void check_cancellation(void) {
    enum way ways[] = {by_poll, by_long_poll, by_select, by_large_select};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        make_busy();
        const int before = count_fds();
        mask_was_kept = false;
        pthread_t thread = start_waiter(&ways[i]);
        CHECK(pthread_cancel(thread) == 0);
        advance(timeline);  // one that does not end so ends by this
        CHECK(end_waiter(thread) == PTHREAD_CANCELED);
        CHECK(mask_was_kept);
        CHECK(count_fds() == before);
    }
}

static int count_in_child(void) {
    const pid_t child = fork();
    if (child == 0) _exit(count_fds());
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A child has nothing of what its parent's threads are waiting with.
static void check_fork_while_a_thread_waits(void) {
    make_busy();
    const int before = count_in_child();
    enum way ways[] = {by_poll, by_select};
    for (int i = 0; i < 2; i++) {
        pthread_t thread = start_waiter(&ways[i]);
        CHECK(count_in_child() == before);
        advance(timeline);
        CHECK((intptr_t)end_waiter(thread) == 1);
        if (i == 0) make_busy();
    }
    // Nor of what is watched.
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, buffer, &event) == 0);
    CHECK(count_in_child() == before + 1);
    CHECK(told_by(epoll, 20000) == EPOLLIN);
    close(epoll);
}

/// A program that puts a descriptor of its own where one of the shim's is keeps it.
static void check_number_taken_during_a_wait(void) {
    make_busy();
    bool was_open[4096];
    for (int fd = 0; fd < 4096; fd++) was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    enum way way = by_poll;
    pthread_t thread = start_waiter(&way);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int taken[8], count_taken = 0;
    for (int fd = 0; fd < 4096 && count_taken < 8; fd++) {
        if (was_open[fd] || fd == null || fcntl(fd, F_GETFD) < 0) continue;
        if (syscall(SYS_dup3, null, fd, O_CLOEXEC) == fd) taken[count_taken++] = fd;
    }
    CHECK(count_taken > 0);
    advance(timeline);
    CHECK((intptr_t)end_waiter(thread) == POLLIN);
    for (int i = 0; i < count_taken; i++) CHECK(close(taken[i]) == 0);
    close(null);
}

/// The kernel looks at the number again when it wakes. Linux: fs/select.c, do_pollfd
static void check_close_during_a_wait(void) {
    make_busy();
    const int kept = dup(buffer);
    enum way way = by_poll;
    pthread_t thread = start_waiter(&way);
    close(buffer);
    advance(timeline);
    CHECK((intptr_t)end_waiter(thread) == POLLNVAL);
    CHECK(dup2(kept, buffer) == buffer);
    close(kept);
}

static sigjmp_buf escape;

static void jump(int number) {
    (void)number;
    siglongjmp(escape, 1);
}

static void check_jumps_out_of_waits(void) {
    make_busy();
    set_handler(jump);
    static int before;
    static volatile int jumps;
    struct pollfd asked = {.fd = buffer, .events = POLLIN};
    CHECK(poll(&asked, 1, 1) == 0);
    before = count_fds();
    for (jumps = 0; jumps < 5; jumps++) {
        static struct helper helper;
        start_helper(&helper, send_signal);
        if (sigsetjmp(escape, 1) == 0) poll(&asked, 1, -1);
        end_helper(&helper);
    }
    CHECK(poll(&asked, 1, 1) == 0);
    CHECK(count_fds() <= before);  // a jump out of a question to the daemon costs a channel
    set_handler(count);
    advance(timeline);
}

static int count_in_folder(const char* path) {
    DIR* folder = opendir(path);
    int entries = 0;
    while (folder && readdir(folder)) entries++;
    if (folder) closedir(folder);
    return entries;
}

/// The daemon keeps nothing of a wait that is over.
static void check_growth(void) {
    make_busy();
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", daemon_pid(card));
    const int before = count_in_folder(path);
    CHECK(before > 0);
    struct pollfd asked = {.fd = buffer, .events = POLLIN | POLLOUT};
    fd_set reads;
    FD_ZERO(&reads);
    int wrong = 0;
    for (int i = 0; i < 200; i++) {
        struct timeval little = {.tv_usec = 100};
        const struct timespec shorter = {.tv_nsec = 100000};
        FD_SET(buffer, &reads);
        wrong += ppoll(&asked, 1, &shorter, NULL) != 0;
        wrong += select(buffer + 1, &reads, NULL, NULL, &little) != 0;
    }
    CHECK(wrong == 0);
    int after = count_in_folder(path);
    for (int i = 0; i < 400 && after > before; i++) {  // closes are seen a little later
        usleep(5000);
        after = count_in_folder(path);
    }
    CHECK(after <= before);
    advance(timeline);
}

int main(void) {
    card = open_card(O_CLOEXEC);
    timeline = open_timeline();
    buffer = export_buffer();
    check_errno_of_success();
    check_two_threads_add_one();
    check_epoll_is_known_by_all_its_numbers();
    check_what_is_no_epoll();
    check_flags_of_epoll();
    check_numbers_of_epoll();
    check_interruption();
    check_masks();
    check_signal_before_the_sleep();
    check_without_descriptors();
    check_many();
    check_hang_up();
    check_cancellation();
    check_fork_while_a_thread_waits();
    check_number_taken_during_a_wait();
    check_close_during_a_wait();
    check_jumps_out_of_waits();
    check_growth();
    close(buffer);
    close(timeline);
    close(card);
    return finish_checks();
}
