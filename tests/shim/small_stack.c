// Wrapped calls in a handler on a signal stack of 8 KiB, which is what SIGSTKSZ was.
#define _GNU_SOURCE
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client.h"

enum { stack_size = 8192 };

static int card;
static volatile long result;
static volatile int failure;

static void open_maps(void) {
    result = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
}
static void open_other(void) {
    result = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
static void open_relative(void) {
    result = open("null", O_RDONLY | O_CLOEXEC);
}
static void open_attribute(void) {
    result = open("/sys/class/drm/card0/dev", O_RDONLY | O_CLOEXEC);
}
static void open_node(void) {
    result = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
}
static void open_live(void) {
    result = open("/sys/kernel/debug/dri/0/name", O_RDONLY | O_CLOEXEC);
}
static void look(void) {
    struct stat info;
    result = stat("/dev/dri/card0", &info) | lstat("/sys/class/drm/card0", &info) |
             fstat(card, &info) | access("/dev/dri/card0", R_OK);
}
static void ask(void) {
    struct drm_get_cap cap = {.capability = DRM_CAP_DUMB_BUFFER, .value = 0};
    result = ioctl(card, DRM_IOCTL_GET_CAP, &cap) == 0 && cap.value == 1 ? 0 : -1;
}
static void start(void) {
    char* arguments[] = {"true", NULL};
    char* scrubbed[] = {"PATH=/bin", NULL};
    const pid_t child = vfork();
    if (child == 0) {
        execve("/bin/true", arguments, scrubbed);
        _exit(99);
    }
    int status = -1;
    waitpid(child, &status, 0);
    result = status == 0 ? 0 : -1;
}
static void start_by_name(void) {
    char* arguments[] = {"true", NULL};
    const pid_t child = vfork();
    if (child == 0) {
        execvp("true", arguments);
        _exit(99);
    }
    int status = -1;
    waitpid(child, &status, 0);
    result = status == 0 ? 0 : -1;
}
static void start_by_descriptor(void) {
    char* arguments[] = {"true", NULL};
    char* scrubbed[] = {"PATH=/bin", NULL};
    const int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
    const pid_t child = vfork();
    if (child == 0) {
        fexecve(fd, arguments, scrubbed);
        _exit(99);
    }
    int status = -1;
    waitpid(child, &status, 0);
    result = status == 0 ? 0 : -1;
}

static void (*volatile to_do)(void);

static void handle(int signal) {
    (void)signal;
    to_do();
    failure = errno;
}

/// In a child, so that an overflow, which hits the page below, is one failed line.
static bool works(void (*what)(void)) {
    const pid_t child = fork();
    if (child != 0) {
        int status = -1;
        waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    char* memory =
        mmap(NULL, 4096 + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory, 4096, PROT_NONE);
    const stack_t stack = {.ss_sp = memory + 4096, .ss_size = stack_size};
    sigaltstack(&stack, NULL);
    const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    to_do = what;
    result = -1;
    raise(SIGUSR1);
    _exit(result >= 0 ? 0 : 1);
}

int main(void) {
    card = open_card(O_CLOEXEC);
    CHECK(works(open_maps));
    CHECK(works(open_other));
    CHECK(works(open_attribute));
    CHECK(works(look));
    CHECK(works(start));
    CHECK(works(start_by_name));
    CHECK(works(start_by_descriptor));
    CHECK(works(ask));
    CHECK(works(open_node));
    CHECK(works(open_live));
    CHECK(chdir("/dev") == 0);
    CHECK(works(open_relative));
    return finish_checks();
}
