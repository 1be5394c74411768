// What the client programs share: they run as any DRM client does, on a board with one vkms card.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

static int checks_made, checks_failed;

/// One line a fact, in TAP.
#define CHECK(condition)                                                                     \
    do {                                                                                     \
        const bool holds_ = (condition);                                                     \
        checks_failed += !holds_;                                                            \
        printf("%s %d - %s:%d %s\n", holds_ ? "ok" : "not ok", ++checks_made, __FILE_NAME__, \
               __LINE__, #condition);                                                        \
        fflush(stdout);                                                                      \
    } while (0)

/// The call fails with this errno.
#define CHECK_ERROR(call, error)                                                                  \
    do {                                                                                          \
        errno = 0;                                                                                \
        const long result_ = (long)(call);                                                        \
        const int errno_ = errno;                                                                 \
        const bool holds_ = result_ == -1 && errno_ == (error);                                   \
        checks_failed += !holds_;                                                                 \
        printf("%s %d - %s:%d %s is %s (was %ld, %s)\n", holds_ ? "ok" : "not ok", ++checks_made, \
               __FILE_NAME__, __LINE__, #call, #error, result_,                                   \
               strerrorname_np(errno_) ? strerrorname_np(errno_) : "?");                          \
        fflush(stdout);                                                                           \
    } while (0)

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

static inline int finish_checks(void) {
    printf("1..%d\n", checks_made);
    return checks_failed == 0 && checks_made > 0 ? 0 : 1;
}

static inline int open_card(int flags) {
    const int fd = open("/dev/dri/card0", O_RDWR | flags);
    if (fd < 0) {
        printf("Bail out! open: %s\n", strerror(errno));
        exit(1);
    }
    return fd;
}

/// The file answers.
static inline bool is_alive(int fd) {
    uint64_t value = 0;
    return drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &value) == 0 && value == 1;
}

/// Switches the first CRTC on.
static inline uint32_t switch_on(int fd) {
    drmModeRes* resources = drmModeGetResources(fd);
    if (!resources) return 0;
    uint32_t crtc = 0, handle = 0, pitch = 0, framebuffer = 0;
    uint64_t size = 0;
    drmModeConnector* connector =
        resources->count_connectors ? drmModeGetConnector(fd, resources->connectors[0]) : NULL;
    if (connector && connector->count_modes > 0) {
        drmModeModeInfo* mode = &connector->modes[0];
        if (!drmModeCreateDumbBuffer(fd, mode->hdisplay, mode->vdisplay, 32, 0, &handle, &pitch,
                                     &size) &&
            !drmModeAddFB(fd, mode->hdisplay, mode->vdisplay, 24, 32, pitch, handle,
                          &framebuffer) &&
            !drmModeSetCrtc(fd, resources->crtcs[0], framebuffer, 0, 0, &connector->connector_id, 1,
                            mode))
            crtc = resources->crtcs[0];
    }
    drmModeFreeConnector(connector);
    drmModeFreeResources(resources);
    return crtc;
}

/// WAIT_VBLANK as it is, without libdrm's loop over EINTR. `frames` from now.
static inline int wait_vblank(int fd, unsigned frames) {
    drmVBlank vblank = {.request = {.type = DRM_VBLANK_RELATIVE, .sequence = frames}};
    return ioctl(fd, DRM_IOCTL_WAIT_VBLANK, &vblank);
}

static inline double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/// Waits until the thread has slept in the kernel for three looks in a row.
static inline bool wait_until_asleep(pid_t process, pid_t thread) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", process, thread);
    const double start = now();
    for (int asleep = 0; asleep < 3 && now() - start < 20;) {
        FILE* file = fopen(path, "re");
        const char* end = file && fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
        asleep = end && end[1] == ' ' && end[2] == 'S' ? asleep + 1 : 0;
        if (file) fclose(file);
        if (asleep == 3) return true;
        usleep(5000);
    }
    return false;
}

/// Who serves this DRM file.
static inline pid_t daemon_pid(int fd) {
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return peer.pid;
}

static inline int count_fds(void) {
    int count = 0;
    for (int fd = 0; fd < 4096; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}
