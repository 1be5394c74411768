// What the programs share: plain DRM clients with a board of their own.
#pragma once

#include <poll.h>
#include <sys/wait.h>

#include "plugboard_embed.h"
#include "tests/shim/client.h"

static inline void start_board(const char* toml) {
    char* error = NULL;
    if (plugboard_embed_start(toml, &error)) return;
    printf("Bail out! %s\n", error);
    exit(1);
}

/// The answer has these words.
static inline bool answers(const char* request, const char* words) {
    char* answer = NULL;
    plugboard_embed_request(request, &answer, NULL);
    const bool found = answer && strstr(answer, words);
    if (!found) printf("# %s: %s\n", request, answer ? answer : "nothing");
    free(answer);
    return found;
}

static inline bool pull_card(void) {
    return plugboard_embed_request("{\"op\": \"unplug\", \"target\": \"gpu0\"}", NULL, NULL);
}

/// A card that is on keeps its mode: pull it first.
static inline bool nothing_is_left(void) {
    return answers("{\"op\": \"check-leaks\"}", "\"fds\":0,") &&
           answers("{\"op\": \"check-leaks\"}", "\"objects\":0,");
}

/// The first card there is; a card that is plugged again has another number.
static inline int open_any_card(void) {
    for (int number = 0; number < 8; number++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/dri/card%d", number);
        const int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd >= 0) return fd;
    }
    return -1;
}

/// Waits for events of the file, not for ever.
static inline int poll_events(int fd) {
    struct pollfd source = {.fd = fd, .events = POLLIN};
    return poll(&source, 1, 20000) == 1 ? source.revents : 0;
}

/// How a child ended; -1: by a signal.
static inline int status_of(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}
