// A DRM descriptor and its path look like a character device, from every side.
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "client.h"

static void check_status(int fd) {
    struct stat by_path, by_fd, by_open_path;
    CHECK(stat("/dev/dri/card0", &by_path) == 0);
    CHECK(fstat(fd, &by_fd) == 0);
    CHECK(S_ISCHR(by_path.st_mode) && by_path.st_rdev == makedev(226, 0));
    CHECK(S_ISCHR(by_fd.st_mode) && by_fd.st_rdev == makedev(226, 0));
    CHECK(by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino);
    CHECK(by_fd.st_mode == by_path.st_mode && by_fd.st_uid == by_path.st_uid);
    CHECK((by_path.st_mode & S_ISVTX) == 0);

    const int path = open("/dev/dri/card0", O_PATH | O_CLOEXEC);
    CHECK(path >= 0 && fstat(path, &by_open_path) == 0 && S_ISCHR(by_open_path.st_mode));
    CHECK(by_open_path.st_ino == by_path.st_ino);
    close(path);

    struct statx extended;
    CHECK(statx(AT_FDCWD, "/dev/dri/card0", 0, STATX_BASIC_STATS, &extended) == 0);
    CHECK(S_ISCHR(extended.stx_mode) && extended.stx_rdev_major == 226);
    CHECK(extended.stx_ino == by_path.st_ino);
    CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &extended) == 0);
    CHECK(S_ISCHR(extended.stx_mode) && extended.stx_rdev_minor == 0);
    CHECK(extended.stx_ino == by_path.st_ino);
    CHECK(fstatat(fd, "", &by_fd, AT_EMPTY_PATH) == 0 && S_ISCHR(by_fd.st_mode));
}

static void check_links(int fd) {
    char link[64], text[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, text, sizeof text);
    CHECK(size == 14 && memcmp(text, "/dev/dri/card0", 14) == 0);
    snprintf(link, sizeof link, "/proc/%d/fd/%d", getpid(), fd);
    CHECK(readlink(link, text, 8) == 8 && memcmp(text, "/dev/dri", 8) == 0);
    CHECK(realpath(link, text) && strcmp(text, "/dev/dri/card0") == 0);
    CHECK(realpath("/dev/../dev//dri/./card0", text) && strcmp(text, "/dev/dri/card0") == 0);

    struct stat info;
    CHECK(stat(link, &info) == 0 && S_ISCHR(info.st_mode));
    const int again = open(link, O_RDWR | O_CLOEXEC);
    CHECK(again >= 0 && is_alive(again));
    drm_magic_t first = 0, second = 0;
    CHECK(drmGetMagic(fd, &first) == 0 && drmGetMagic(again, &second) == 0 && first != second);
    close(again);
}

static void check_paths(void) {
    CHECK(access("/dev/dri/card0", R_OK | W_OK) == 0);
    CHECK_ERROR(access("/dev/dri/card9", F_OK), ENOENT);
    CHECK_ERROR(open("/dev/dri/card9", O_RDWR), ENOENT);
    CHECK_ERROR(open("/dev/dri/card9", O_RDWR | O_CREAT, 0600), ENOENT);
    CHECK_ERROR(open("/dev/dri/card0", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_ERROR(open("/dev/dri/card0", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERROR(access("/sys/class/drm/card77", F_OK), ENOENT);
    CHECK(access("/dev/null", W_OK) == 0);
    CHECK(access("/etc/passwd", R_OK) == 0);

    const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int dev = openat(root, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int dri = openat(dev, "dri", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int card = openat(dri, "card0", O_RDWR | O_CLOEXEC);
    CHECK(card >= 0 && is_alive(card));
    const int null = openat(dev, "null", O_WRONLY | O_CLOEXEC);
    CHECK(null >= 0 && write(null, "x", 1) == 1);
    const int etc = openat(dri, "../../etc/passwd", O_RDONLY | O_CLOEXEC);
    CHECK(etc >= 0);
    char text[PATH_MAX], link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dri);
    const ssize_t size = readlink(link, text, sizeof text);
    CHECK(size == 8 && memcmp(text, "/dev/dri", 8) == 0);
    const int fds[] = {root, dev, dri, card, null, etc};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) close(fds[i]);

    CHECK(chdir("/dev") == 0);
    const int relative = open("dri/card0", O_RDWR | O_CLOEXEC);
    CHECK(relative >= 0 && is_alive(relative));
    close(relative);

    DIR* folder = opendir("/dev/dri");
    CHECK(folder != NULL);
    bool found = false;
    for (struct dirent* entry; folder && (entry = readdir(folder));)
        found |= strcmp(entry->d_name, "card0") == 0;
    CHECK(found);
    closedir(folder);
}

static void check_sysfs(void) {
    struct statfs system;
    const int folder = open("/sys/class/drm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(folder >= 0 && fstatfs(folder, &system) == 0 && system.f_type == SYSFS_MAGIC);
    CHECK(statfs("/sys/class/drm", &system) == 0 && system.f_type == SYSFS_MAGIC);
    close(folder);
    char text[PATH_MAX];
    CHECK(realpath("/sys/class/drm/card0", text) && strncmp(text, "/sys/devices/", 13) == 0);
    CHECK(access("/sys/dev/char/226:0/device/drm", F_OK) == 0);
    FILE* file = fopen("/sys/class/drm/card0/dev", "re");
    CHECK(file && fgets(text, sizeof text, file) && strcmp(text, "226:0\n") == 0);
    if (file) fclose(file);
    drmDevicePtr devices[8];
    const int count = drmGetDevices2(0, devices, 8);
    CHECK(count == 1);
    if (count > 0) drmFreeDevices(devices, count);
}

int main(void) {
    const int fd = open_card(O_CLOEXEC);
    check_status(fd);
    check_links(fd);
    check_paths();
    check_sysfs();
    close(fd);
    return finish_checks();
}
