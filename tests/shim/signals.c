// Signals end the waits that the kernel's ioctls let them end, and no others.
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "client.h"

static volatile sig_atomic_t handled;
static sigjmp_buf escape;
static int nested_fd = -1, nested_result;

static void count(int signal) {
    (void)signal;
    handled++;
}

static void jump(int signal) {
    (void)signal;
    siglongjmp(escape, 1);
}

static void call_inside(int signal) {
    (void)signal;
    nested_result = is_alive(nested_fd);
    handled++;
}

static void set_handler(void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    handled = 0;
}

static void alarm_in(int milliseconds) {
    struct itimerval timer = {.it_value = {.tv_usec = milliseconds * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void alarm_every(int microseconds) {
    struct itimerval timer = {.it_value = {.tv_usec = microseconds},
                              .it_interval = {.tv_usec = microseconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/// WAIT_VBLANK gives EINTR, even under SA_RESTART.
static void check_eintr(int fd) {
    const int flags[] = {0, SA_RESTART};
    for (int i = 0; i < 2; i++) {
        set_handler(count, flags[i]);
        const double start = now();
        alarm_in(50);
        CHECK_ERROR(wait_vblank(fd, 120), EINTR);
        CHECK(handled == 1);
        CHECK(now() - start < 1.0);
        CHECK(is_alive(fd));
    }
}

/// A storm of signals neither loses a reply nor mixes two up.
static void check_storm(int fd) {
    set_handler(count, 0);
    alarm_every(200);
    int wrong = 0, interrupted = 0;
    for (int round = 0; round < 400; round++) {
        uint64_t value = 7;
        wrong += drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &value) != 0 || value != 1;
        wrong += drmGetCap(fd, DRM_CAP_CRTC_IN_VBLANK_EVENT, &value) != 0 || value != 1;
        if (round % 20 == 0) interrupted += wait_vblank(fd, 2) < 0 && errno == EINTR;
    }
    alarm_every(0);
    CHECK(wrong == 0);
    CHECK(handled > 0);
    CHECK(interrupted > 0);
    CHECK(wait_vblank(fd, 1) == 0);
}

static void check_jump(int fd) {
    set_handler(jump, SA_NODEFER);
    const int before = count_fds();
    volatile int jumps = 0;
    for (volatile int round = 0; round < 50; round++) {
        if (sigsetjmp(escape, 1) == 0) {
            alarm_in(5);
            wait_vblank(fd, 120);
        } else {
            jumps++;
        }
        if (!is_alive(fd)) break;
    }
    alarm_in(0);
    CHECK(jumps == 50);
    CHECK(is_alive(fd));
    CHECK(count_fds() <= before + 3);
}

static void check_nested(int fd) {
    set_handler(call_inside, 0);
    nested_fd = fd;
    alarm_in(30);
    CHECK_ERROR(wait_vblank(fd, 60), EINTR);
    CHECK(handled == 1 && nested_result == 1);

    static char stack[65536];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&other, NULL);
    set_handler(call_inside, SA_ONSTACK);
    alarm_in(30);
    CHECK_ERROR(wait_vblank(fd, 60), EINTR);
    CHECK(handled == 1 && nested_result == 1);
}

static int count_entries(pid_t process, const char* what) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", process, what);
    DIR* folder = opendir(path);
    int count = 0;
    while (folder && readdir(folder)) count++;
    if (folder) closedir(folder);
    return count;
}

/// A killed caller's wait ends in the daemon too: neither its thread nor its channel lingers.
static void check_kill(int fd) {
    CHECK(is_alive(fd));
    const pid_t daemon = daemon_pid(fd);
    const int threads = count_entries(daemon, "task"), fds = count_entries(daemon, "fd");
    CHECK(threads > 2 && fds > 2);
    int asleep = 0;
    for (int round = 0; round < 10; round++) {
        const pid_t child = fork();
        if (child == 0) {
            wait_vblank(fd, 600);
            _exit(0);
        }
        asleep += wait_until_asleep(child, child);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
    }
    CHECK(asleep == 10);
    int threads_now = 0, fds_now = 0;
    const double start = now();
    do {  // the daemon hears of it soon after
        usleep(10000);
        threads_now = count_entries(daemon, "task");
        fds_now = count_entries(daemon, "fd");
    } while ((threads_now > threads || fds_now > fds) && now() - start < 5);
    CHECK(threads_now <= threads && fds_now <= fds);
    CHECK(is_alive(fd));
}

int main(void) {
    const int fd = open_card(O_CLOEXEC);
    CHECK(switch_on(fd) != 0);
    check_eintr(fd);
    check_storm(fd);
    check_jump(fd);
    check_nested(fd);
    check_kill(fd);
    return finish_checks();
}
