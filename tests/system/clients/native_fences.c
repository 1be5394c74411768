// Preloaded into kmscube: gives Mesa's software renderer, which has none in Debian 12, the native
// fences that its atomic mode asks EGL for. What is drawn is waited for; the fence is a sync_file
// of the board's.
// https://registry.khronos.org/EGL/extensions/ANDROID/EGL_ANDROID_native_fence_sync.txt
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/support/sw_sync.h"

enum {
    extensions_name = 0x3055,      // EGL_EXTENSIONS
    native_fence = 0x3144,         // EGL_SYNC_NATIVE_FENCE_ANDROID
    native_fence_fd = 0x3145,      // EGL_SYNC_NATIVE_FENCE_FD_ANDROID
    condition_satisfied = 0x30f6,  // EGL_CONDITION_SATISFIED_KHR
    end_of_attributes = 0x3038,    // EGL_NONE
};

typedef void (*function)(void);

struct sync {
    int fd;        // of a sync_file
    int timeline;  // on which it is pending; -1: somebody else's
};

static void must(int ok, const char* what) {
    if (ok) return;
    perror(what);
    abort();
}

static function find(void* handle, const char* name) {
    void* found = dlsym(handle, name);
    must(found != NULL, name);
    function result;
    memcpy(&result, &found, sizeof result);
    return result;
}

/// Of what has not been drawn yet, or of a fence that the caller has.
static void* create_sync(void* display, unsigned type, const int* attributes) {
    (void)display;
    must(type == native_fence, "only native fences are made");
    struct sync* sync = malloc(sizeof *sync);
    must(sync != NULL, "malloc");
    *sync = (struct sync){.fd = -1, .timeline = -1};
    for (; attributes && *attributes != end_of_attributes; attributes += 2)
        if (*attributes == native_fence_fd) sync->fd = attributes[1];
    if (sync->fd >= 0) return sync;
    sync->timeline = open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC);
    must(sync->timeline >= 0, "sw_sync");
    struct sw_sync_create_fence_data create = {.value = 1, .name = "drawn"};
    must(ioctl(sync->timeline, SW_SYNC_IOC_CREATE_FENCE, &create) == 0, "SW_SYNC_IOC_CREATE_FENCE");
    sync->fd = create.fence;
    return sync;
}

/// Drawing ends here, so that the fence is signalled when the caller gets it.
static int dup_fence(void* display, void* object) {
    (void)display;
    struct sync* sync = object;
    find(RTLD_DEFAULT, "glFinish")();
    const uint32_t by = 1;
    if (sync->timeline >= 0) must(ioctl(sync->timeline, SW_SYNC_IOC_INC, &by) == 0, "INC");
    return fcntl(sync->fd, F_DUPFD_CLOEXEC, 0);
}

static int wait_sync(void* display, void* object, int flags) {
    (void)display;
    (void)flags;
    struct pollfd entry = {.fd = ((struct sync*)object)->fd, .events = POLLIN};
    return poll(&entry, 1, -1) == 1;
}

static int client_wait_sync(void* display, void* object, int flags, uint64_t timeout) {
    (void)timeout;  // for ever
    must(wait_sync(display, object, flags), "poll");
    return condition_satisfied;
}

static unsigned destroy_sync(void* display, void* object) {
    (void)display;
    struct sync* sync = object;
    close(sync->fd);
    if (sync->timeline >= 0) close(sync->timeline);
    free(sync);
    return 1;
}

const char* eglQueryString(void* display, int name) {
    const char* (*real)(void*, int) =
        (const char* (*)(void*, int))find(RTLD_NEXT, "eglQueryString");
    const char* text = real(display, name);
    static char all[8192];
    if (!display || name != extensions_name || !text) return text;
    snprintf(all, sizeof all, "%s EGL_ANDROID_native_fence_sync", text);
    return all;
}

function eglGetProcAddress(const char* name) {
    const struct {
        const char* name;
        function ours;
    } known[] = {{"eglCreateSyncKHR", (function)create_sync},
                 {"eglDupNativeFenceFDANDROID", (function)dup_fence},
                 {"eglWaitSyncKHR", (function)wait_sync},
                 {"eglClientWaitSyncKHR", (function)client_wait_sync},
                 {"eglDestroySyncKHR", (function)destroy_sync}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0) return known[i].ours;
    function (*real)(const char*) = (function(*)(const char*))find(RTLD_NEXT, "eglGetProcAddress");
    return real(name);
}
