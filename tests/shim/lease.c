// A leased screen: a DRM file of its own, in the hands of another process.
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "client.h"

struct screen {
    uint32_t ids[3];  // CRTC, connector, primary plane
};

static struct screen find_screen(int fd) {
    struct screen screen = {{0}};
    drmSetClientCap(fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
    drmModeRes* resources = drmModeGetResources(fd);
    drmModePlaneRes* planes = drmModeGetPlaneResources(fd);
    if (resources && planes && planes->count_planes > 0) {
        screen =
            (struct screen){{resources->crtcs[0], resources->connectors[0], planes->planes[0]}};
    }
    drmModeFreePlaneResources(planes);
    drmModeFreeResources(resources);
    return screen;
}

static int let(int fd, const struct screen* screen, int flags, uint32_t* id) {
    return drmModeCreateLease(fd, screen->ids, 3, flags, id);
}

static uint32_t count_lessees(int fd) {
    drmModeLesseeListRes* list = drmModeListLessees(fd);
    const uint32_t count = list ? list->count : 99;
    drmFree(list);
    return count;
}

/// The lessee: another process, which has nothing but the descriptor.
static int use_lease(int lease) {
    if (!drmIsMaster(lease)) return 2;
    drmModeRes* resources = drmModeGetResources(lease);
    if (!resources || resources->count_crtcs != 1 || resources->count_connectors != 1) return 3;
    drmModeFreeResources(resources);
    return switch_on(lease) && wait_vblank(lease, 1) == 0 ? 0 : 4;
}

static void check_another_process(int fd, const struct screen* screen) {
    uint32_t id = 0;
    const int lease = let(fd, screen, O_CLOEXEC, &id);
    CHECK(lease >= 0);
    CHECK(count_lessees(fd) == 1);
    const pid_t child = fork();
    if (child == 0) {
        close(fd);
        _exit(use_lease(lease));
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK(drmModeRevokeLease(fd, id) == 0);
    CHECK(count_lessees(fd) == 0);
    drmModeRes* resources = drmModeGetResources(lease);
    CHECK(resources && resources->count_crtcs == 0);
    drmModeFreeResources(resources);
    CHECK(drmIsMaster(lease));
    close(lease);
}

static void check_descriptor(int fd, const struct screen* screen) {
    uint32_t id = 0, other = 0;
    const int lease = let(fd, screen, O_CLOEXEC, &id);
    CHECK(lease >= 0 && id == 1);
    struct stat info;
    CHECK(fstat(lease, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(226, 0));
    CHECK(fcntl(lease, F_GETFD) == FD_CLOEXEC);
    CHECK(is_alive(lease));
    const int empty = drmModeCreateLease(fd, NULL, 0, 0, &other);
    CHECK(empty >= 0 && other == 2);
    CHECK(fcntl(empty, F_GETFD) == 0);
    CHECK(let(fd, screen, O_CLOEXEC, &other) == -EBUSY);
    close(lease);
    const int again = let(fd, screen, O_CLOEXEC, &id);
    CHECK(again >= 0 && id == 1);
    close(again);
    close(empty);
}

static void check_no_descriptor(int fd, const struct screen* screen) {
    uint32_t id = 0;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK(let(fd, screen, O_CLOEXEC, &id) == -EMFILE);
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK(count_lessees(fd) == 0);
    const int lease = let(fd, screen, O_CLOEXEC, &id);
    CHECK(lease >= 0);
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK(let(fd, screen, O_CLOEXEC, &id) == -EMFILE);  // found out before who has it
    setrlimit(RLIMIT_NOFILE, &limit);
    close(lease);
}

/// The owner ends first: its lessee has nothing any more, and rules nothing.
static void check_owners_end(int fd, const struct screen* screen) {
    uint32_t id = 0;
    const int lease = let(fd, screen, O_CLOEXEC, &id);
    CHECK(lease >= 0);
    close(fd);
    const int next = open_card(O_CLOEXEC);  // the close has been handled before
    CHECK(drmIsMaster(next));
    CHECK(!drmIsMaster(lease));
    CHECK(is_alive(lease));
    close(lease);
    close(next);
}

int main(void) {
    const int fd = open_card(O_CLOEXEC);
    const struct screen screen = find_screen(fd);
    CHECK(screen.ids[0] && screen.ids[1] && screen.ids[2]);
    check_another_process(fd, &screen);
    check_descriptor(fd, &screen);
    check_no_descriptor(fd, &screen);
    check_owners_end(fd, &screen);
    return finish_checks();
}
