// The board's files by the calls that take a path: what the kernel's would say, and the host's own
// beside them.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "client.h"

#define CARD "/sys/class/drm/card0"

/// A slash behind a name means the folder that it leads to.
static void check_trailing_slash(void) {
    struct stat info;
    CHECK(lstat(CARD, &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(lstat(CARD "/", &info) == 0 && S_ISDIR(info.st_mode));
    CHECK(lstat(CARD "/.", &info) == 0 && S_ISDIR(info.st_mode));
    CHECK(lstat(CARD "//./", &info) == 0 && S_ISDIR(info.st_mode));
    char text[PATH_MAX];
    CHECK(readlink(CARD, text, sizeof text) > 0);
    CHECK_ERROR(readlink(CARD "/", text, sizeof text), EINVAL);
    CHECK_ERROR(open("/dev/dri/card0/", O_RDWR), ENOTDIR);
    CHECK_ERROR(open("/dev/dri/card0/x", O_RDWR), ENOTDIR);
    CHECK_ERROR(open("/dev/dri/card0/.", O_PATH), ENOTDIR);
    CHECK_ERROR(stat("/dev/dri/card0/", &info), ENOTDIR);
    CHECK_ERROR(stat("/dev/dri/card0/x", &info), ENOTDIR);
    CHECK_ERROR(stat(CARD "/dev/x", &info), ENOTDIR);
    CHECK_ERROR(access("/sys/devices/platform/vkms/uevent/", F_OK), ENOTDIR);
}

static bool reads(const char* path, const char* expected) {
    char text[256] = "";
    FILE* file = fopen(path, "re");
    if (!file) return false;
    const bool same = fgets(text, sizeof text, file) && strcmp(text, expected) == 0;
    fclose(file);
    return same;
}

/// An attribute without a store method is nobody's to write, not even root's.
static void check_attributes(void) {
    CHECK_ERROR(open(CARD "/dev", O_WRONLY), EACCES);
    CHECK_ERROR(open(CARD "/dev", O_RDWR), EACCES);
    CHECK_ERROR(open(CARD "/dev", O_RDONLY | O_TRUNC), EACCES);
    CHECK_ERROR(open(CARD "/dev", O_WRONLY | O_CREAT, 0644), EACCES);
    CHECK_ERROR(open(CARD "/dev", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
    CHECK_ERROR(open("/sys/class/drm", O_RDWR | O_TMPFILE, 0600), EOPNOTSUPP);
    CHECK(fopen(CARD "/dev", "w") == NULL && errno == EACCES);
    CHECK_ERROR(creat(CARD "/dev", 0644), EACCES);
    CHECK_ERROR(truncate(CARD "/dev", 0), EACCES);
    CHECK(reads(CARD "/dev", "226:0\n"));
}

static void check_names(void) {
    struct stat before, after;
    CHECK(stat(CARD "/dev", &before) == 0);
    CHECK_ERROR(chmod(CARD "/dev", 0600), EPERM);
    CHECK_ERROR(chown(CARD "/dev", 1, 1), EPERM);
    CHECK(stat(CARD "/dev", &after) == 0 && before.st_mode == after.st_mode);
    CHECK_ERROR(mkdir(CARD, 0755), EEXIST);
    CHECK_ERROR(mkdir("/sys/class/drm/card7", 0755), EACCES);
    CHECK_ERROR(symlink("x", "/dev/dri/card7"), EACCES);
    CHECK_ERROR(unlink(CARD "/dev"), EACCES);
    CHECK_ERROR(unlink("/dev/dri/card7"), ENOENT);
    CHECK_ERROR(rmdir("/dev/dri"), EACCES);
    CHECK_ERROR(rename("/dev/dri/card0", "/dev/dri/card7"), EACCES);
    const int folder = open(CARD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_ERROR(unlinkat(folder, "dev", 0), EACCES);
    CHECK_ERROR(mkdirat(folder, "made", 0755), EACCES);
    close(folder);

    CHECK(stat("/dev/dri/card0", &before) == 0);
    CHECK(chmod("/dev/dri/card0", 0640) == 0);
    CHECK(stat("/dev/dri/card0", &after) == 0 && (after.st_mode & 07777) == 0640);
    CHECK(chmod("/dev/dri/card0", before.st_mode & 07777) == 0);

    struct statvfs system;
    CHECK(statvfs("/sys/class/drm", &system) == 0);
    const int watch = inotify_init1(IN_CLOEXEC);
    CHECK(inotify_add_watch(watch, "/sys/class/drm", IN_CREATE) >= 0);
    close(watch);
    CHECK_ERROR(access("/dev/char/226:128", F_OK), ENOENT);
}

static void check_streams(void) {
    char text[64] = "";
    FILE* stream = fopen("/dev/null", "r");
    stream = freopen(CARD "/status", "re", stream);
    if (!stream) stream = fopen("/dev/null", "r");
    stream = freopen("/sys/kernel/debug/dri/0/crtc-0/crc/control", "re", stream);
    CHECK(stream && fgets(text, sizeof text, stream) && strcmp(text, "auto*\n") == 0);
    CHECK(stream && (fcntl(fileno(stream), F_GETFD) & FD_CLOEXEC) != 0);
    stream = stream ? freopen("/dev/dri/card0", "r+", stream) : NULL;
    CHECK(stream && is_alive(fileno(stream)));
    stream = stream ? freopen(CARD "/dev", "r", stream) : NULL;
    CHECK(stream && fgets(text, sizeof text, stream) && strcmp(text, "226:0\n") == 0);
    CHECK(stream && freopen(CARD "/dev", "w", stream) == NULL && errno == EACCES);
}

/// What systemd does with a node: opens it by way of an O_PATH descriptor.
static void check_path_descriptors(void) {
    const int path = open("/dev/dri/card0", O_PATH | O_CLOEXEC);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", path);
    const int fd = open(link, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && is_alive(fd));
    close(fd);
    close(path);
}

static void check_working_directory(void) {
    char text[PATH_MAX], tiny[16];
    CHECK(chdir("/sys/class/drm") == 0);
    CHECK(getcwd(text, sizeof text) && strcmp(text, "/sys/class/drm") == 0);
    CHECK(getcwd(tiny, sizeof tiny) && strcmp(tiny, "/sys/class/drm") == 0);
    CHECK(getcwd(tiny, 14) == NULL && errno == ERANGE);
    char* made = getcwd(NULL, 0);
    CHECK(made && strcmp(made, "/sys/class/drm") == 0);
    free(made);
    made = get_current_dir_name();
    CHECK(made && strcmp(made, "/sys/class/drm") == 0);
    free(made);
    const ssize_t size = readlink("/proc/self/cwd", text, sizeof text);
    CHECK(size == 14 && memcmp(text, "/sys/class/drm", 14) == 0);
    CHECK(realpath(".", text) && strcmp(text, "/sys/class/drm") == 0);
    CHECK(reads("card0/dev", "226:0\n"));
    CHECK(access("../../../dev/null", W_OK) == 0);
    CHECK(access("../../../etc/passwd", R_OK) == 0);
    CHECK(chdir("card0") == 0);
    CHECK(getcwd(text, sizeof text) && strncmp(text, "/sys/devices/", 13) == 0);
    CHECK(reads("dev", "226:0\n"));
    CHECK(chdir("../../../..") == 0);
    CHECK(getcwd(text, sizeof text) && strcmp(text, "/sys/devices") == 0);
    CHECK(chdir("/dev") == 0);
    CHECK(access("null", W_OK) == 0 && access("dri/card0", R_OK) == 0);
    CHECK_ERROR(chdir("/dev/dri/card0"), ENOTDIR);
    CHECK_ERROR(chdir("/sys/class/drm/card7"), ENOENT);
    CHECK(access("/dev/dri/../null", W_OK) == 0);
    CHECK(chdir("/") == 0 && access("dev/dri/card0", R_OK) == 0);
}

static int count_named(DIR* folder, const char* name) {
    int count = 0;
    for (struct dirent* entry; folder && (entry = readdir(folder));)
        count += strcmp(entry->d_name, name) == 0;
    return count;
}

static int is_null_or_dri(const struct dirent* entry) {
    return strcmp(entry->d_name, "null") == 0 || strcmp(entry->d_name, "dri") == 0;
}

/// The host's entries beside the board's.
static void check_listing(void) {
    const char* const names[] = {"dri", "null", ".", ".."};
    DIR* folder = opendir("/dev");
    for (size_t i = 0; i < 4; i++) {
        CHECK(count_named(folder, names[i]) == 1);
        rewinddir(folder);
    }
    const int fd = dup(dirfd(folder));
    closedir(folder);
    folder = fdopendir(fd);
    rewinddir(folder);
    CHECK(count_named(folder, "null") == 1);
    closedir(folder);

    folder = opendir("/sys/class");
    CHECK(count_named(folder, "drm") == 1);
    rewinddir(folder);
    CHECK(count_named(folder, "net") == 1 || access("/sys/class/net", F_OK) != 0);
    closedir(folder);
    folder = opendir("/sys/class/drm");
    CHECK(count_named(folder, "card0") == 1);
    closedir(folder);

    struct dirent** list = NULL;
    const int count = scandir("/dev", &list, is_null_or_dri, alphasort);
    CHECK(count == 2 && strcmp(list[0]->d_name, "dri") == 0);
    for (int i = 0; i < count; i++) free(list[i]);
    free(list);

    glob_t found;
    CHECK(glob("/dev/dri/card?", 0, NULL, &found) == 0 && found.gl_pathc == 1);
    globfree(&found);
    CHECK(glob("/de*/{null,dri}", GLOB_BRACE, NULL, &found) == 0 && found.gl_pathc == 2);
    globfree(&found);
    CHECK(glob("/sys/class/d*m/card0/dev", 0, NULL, &found) == 0 && found.gl_pathc == 1);
    globfree(&found);
}

static int count_consoles(void) {
    int count = 0;
    DIR* folder = opendir("/dev");
    for (const struct dirent* entry; (entry = readdir(folder));)
        count += strncmp(entry->d_name, "tty", 3) == 0 && isdigit(entry->d_name[3]);
    closedir(folder);
    return count;
}

/// The host's consoles and input devices, which a compositor would take for itself.
static void check_hidden(void) {
    const char* const names[] = {"/dev/tty0",          "/dev/tty1",           "/dev/vcs",
                                 "/dev/vcsa1",         "/dev/input",          "/dev/input/event0",
                                 "/dev/char/13:64",    "/sys/dev/char/13:64", "/sys/class/input",
                                 "/sys/class/tty/tty0"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(access(names[i], F_OK) != 0 && errno == ENOENT);
        CHECK(open(names[i], O_RDONLY | O_CLOEXEC) < 0 && errno == ENOENT);
    }
    CHECK(count_consoles() == 0);
    struct stat info;
    CHECK(stat("/dev/tty", &info) == 0 && S_ISCHR(info.st_mode));
    CHECK(stat("/dev/pts", &info) == 0 && S_ISDIR(info.st_mode));
}

static dev_t device_of(const char* path) {
    struct stat info, of_descriptor;
    struct statx extended;
    CHECK(stat(path, &info) == 0);
    CHECK(statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &extended) == 0 &&
          makedev(extended.stx_dev_major, extended.stx_dev_minor) == info.st_dev);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &of_descriptor) == 0 && of_descriptor.st_dev == info.st_dev);
    CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &extended) == 0 &&
          makedev(extended.stx_dev_major, extended.stx_dev_minor) == info.st_dev &&
          extended.stx_mode == info.st_mode && extended.stx_ino == info.st_ino);
    CHECK(of_descriptor.st_ino == info.st_ino && of_descriptor.st_mode == info.st_mode);
    char link[32], text[PATH_MAX], real[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, text, sizeof text);
    CHECK(size > 0 && realpath(path, real) && strlen(real) == (size_t)size &&
          memcmp(text, real, (size_t)size) == 0);
    close(fd);
    return info.st_dev;
}

/// Both sides of a mount point are of different devices, all below of one.
static void check_mount_points(void) {
    struct stat root;
    CHECK(stat("/", &root) == 0);
    CHECK(device_of("/sys") != root.st_dev);
    CHECK(device_of("/dev") != root.st_dev && device_of("/dev") != device_of("/sys"));
    CHECK(device_of("/dev/dri") == device_of("/dev"));
    CHECK(device_of("/dev/dri/card0") == device_of("/dev"));
    CHECK(device_of("/sys/kernel") == device_of("/sys"));
    CHECK(device_of(CARD "/uevent") == device_of("/sys"));
    CHECK(device_of("/sys/kernel/debug/.") != device_of("/sys/kernel/debug/.."));
    CHECK(device_of("/sys/kernel/debug/..") == device_of("/sys"));
    CHECK(device_of("/sys/kernel/debug/dri/0/name") == device_of("/sys/kernel/debug"));
    CHECK(device_of("/sys/kernel/config") != device_of("/sys/kernel"));
    // What is there already is mounted for whoever asks, and stays.
    CHECK(mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) == 0);
    CHECK(mount("none", "/sys/kernel/config", "configfs", 0, NULL) == 0);
    CHECK(umount("/sys/kernel/debug") != 0 && errno == EBUSY);
    CHECK(umount2("/sys/kernel/config", MNT_DETACH) != 0 && errno == EBUSY);
    CHECK(access("/sys/kernel/debug/dri/0/name", R_OK) == 0);
    CHECK(access("/sys/kernel/config/vkms", F_OK) != 0);
}

/// The sticky bit means something to the shim below the tree's root alone.
static void check_sticky_bit(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/sticky-XXXXXX", getenv("PLUGBOARD_BOARD"));
    const int fd = mkstemp(path);
    struct stat info;
    CHECK(fd >= 0 && fchmod(fd, 01600) == 0);
    CHECK(fstat(fd, &info) == 0 && (info.st_mode & S_ISVTX) != 0);
    CHECK(stat(path, &info) == 0 && (info.st_mode & S_ISVTX) != 0);
    unlink(path);
    close(fd);
    const int control = open("/sys/kernel/debug/dri/0/crtc-0/crc/control", O_PATH | O_CLOEXEC);
    CHECK(control >= 0 && fstat(control, &info) == 0 && (info.st_mode & S_ISVTX) == 0);
    close(control);
}

int main(void) {
    check_trailing_slash();
    check_attributes();
    check_names();
    check_streams();
    check_path_descriptors();
    check_working_directory();
    check_listing();
    check_hidden();
    check_mount_points();
    check_sticky_bit();
    return finish_checks();
}
