// Preloaded into a compositor: when it ends by a bad access, the log has where, so that a test can
// tell whose bug it was.
#define _GNU_SOURCE
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { most_frames = 64, stack_size = 64 * 1024 };

static char stack[stack_size];
static atomic_flag is_told = ATOMIC_FLAG_INIT;

/// No stdio, no memory: who crashes may hold their locks. llvmpipe's threads draw together and
/// crash together: the others wait until the first has told, and end with it.
static void tell(int number, siginfo_t* info, void* context) {
    (void)context;
    while (atomic_flag_test_and_set(&is_told)) pause();
    char line[64] = "crash: SIGSEGV at 0x";
    size_t length = strlen(line);
    for (int shift = 60; shift >= 0; shift -= 4)
        line[length++] = "0123456789abcdef"[((uintptr_t)info->si_addr >> shift) & 15];
    line[length++] = '\n';
    if (write(STDERR_FILENO, line, length) < 0) _exit(128 + number);
    void* frames[most_frames];
    backtrace_symbols_fd(frames, backtrace(frames, most_frames), STDERR_FILENO);
    signal(number, SIG_DFL);
    raise(number);  // ends by it, once this has returned
}

__attribute__((constructor)) static void watch(void) {
    void* frame[1];
    backtrace(frame, 1);  // loads what it needs now
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&own, NULL);
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
}
