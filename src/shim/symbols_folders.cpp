// Listing folders, and the working directory.
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/folders.h"
#include "shim/open.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::real;

static_assert(sizeof(struct dirent) == sizeof(struct dirent64));
static_assert(sizeof(glob_t) == sizeof(glob64_t));

namespace {

bool is_joined(const shim::Target& target) {
    std::string_view path = target.virtual_path();
    while (path.ends_with('/')) path.remove_suffix(1);
    return target.place() == shim::Place::Tree && shim::is_union_folder(path);
}

/// Takes the tree's root off what libc gave; null stays null.
char* as_seen(char* path) {
    return shim::virtual_realpath(path);
}

/// The list that scandir() makes, which its caller frees. So it has to be allocated.
class NameList {
  public:
    ~NameList() {
        while (count_ > 0) free(names_[--count_]);
        free(names_);
    }
    bool add(const dirent& entry) {
        void* grown = realloc(names_, (count_ + 1) * sizeof *names_);
        if (!grown) return false;
        names_ = static_cast<dirent**>(grown);
        names_[count_] = static_cast<dirent*>(realloc(nullptr, entry.d_reclen));
        if (!names_[count_]) return false;
        memcpy(names_[count_++], &entry, entry.d_reclen);
        return true;
    }
    int give(dirent*** names, int (*compare)(const dirent**, const dirent**)) {
        const int count = static_cast<int>(count_);
        if (compare)
            qsort(names_, count_, sizeof *names_,
                  reinterpret_cast<int (*)(const void*, const void*)>(compare));
        *names = names_ ? names_ : static_cast<dirent**>(realloc(nullptr, sizeof *names_));
        names_ = nullptr;
        count_ = 0;
        return count;
    }

  private:
    dirent** names_ = nullptr;
    size_t count_ = 0;
};

/// scandir() of a folder that both the board and the host have.
int list_joined(const char* path, dirent*** names, int (*filter)(const dirent*),
                int (*compare)(const dirent**, const dirent**)) {
    DIR* folder = shim::join_host(real<"opendir", decltype(::opendir)>()(path));
    if (!folder) return -1;
    NameList list;
    const int error = errno;
    errno = 0;
    bool ok = true;
    while (const dirent* entry = shim::read_folder(folder)) {
        if (filter && !filter(entry)) continue;
        ok = list.add(*entry);
        if (!ok) break;
        errno = 0;
    }
    ok = ok && errno == 0;
    const int failure = errno;
    closedir(folder);
    errno = ok ? error : failure;
    return ok ? list.give(names, compare) : -1;
}

void* open_for_glob(const char* path) {
    return opendir(path);
}
dirent* read_for_glob(void* folder) {
    return readdir(static_cast<DIR*>(folder));
}
void close_for_glob(void* folder) {
    closedir(static_cast<DIR*>(folder));
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

DIR* opendir(const char* path) {
    const shim::Target target(AT_FDCWD, path);
    DIR* folder = real<"opendir", decltype(::opendir)>()(target.path_or(path));
    return target.place() == shim::Place::Tree ? shim::join_host(folder) : folder;
}

DIR* fdopendir(int fd) {
    return shim::join_host(real<"fdopendir", decltype(::fdopendir)>()(fd));
}

struct dirent* readdir(DIR* folder) {
    return shim::read_folder(folder);
}

struct dirent64* readdir64(DIR* folder) {
    return reinterpret_cast<struct dirent64*>(shim::read_folder(folder));
}

void rewinddir(DIR* folder) noexcept {
    shim::rewind_host(folder);
    real<"rewinddir", decltype(::rewinddir)>()(folder);
}

int closedir(DIR* folder) {
    shim::leave_host(folder);
    return real<"closedir", decltype(::closedir)>()(folder);
}

int scandirat(int dirfd, const char* path, struct dirent*** names,
              int (*filter)(const struct dirent*),
              int (*compare)(const struct dirent**, const struct dirent**)) {
    const shim::Target target(dirfd, path);
    if (is_joined(target)) return list_joined(target.path(), names, filter, compare);
    return real<"scandirat", decltype(::scandirat)>()(target.dirfd_or(dirfd), target.path_or(path),
                                                      names, filter, compare);
}

int scandir(const char* path, struct dirent*** names, int (*filter)(const struct dirent*),
            int (*compare)(const struct dirent**, const struct dirent**)) {
    return scandirat(AT_FDCWD, path, names, filter, compare);
}

int scandirat64(int dirfd, const char* path, struct dirent64*** names,
                int (*filter)(const struct dirent64*),
                int (*compare)(const struct dirent64**, const struct dirent64**)) {
    return scandirat(
        dirfd, path, reinterpret_cast<struct dirent***>(names),
        reinterpret_cast<int (*)(const struct dirent*)>(filter),
        reinterpret_cast<int (*)(const struct dirent**, const struct dirent**)>(compare));
}

int scandir64(const char* path, struct dirent64*** names, int (*filter)(const struct dirent64*),
              int (*compare)(const struct dirent64**, const struct dirent64**)) {
    return scandirat64(AT_FDCWD, path, names, filter, compare);
}

int glob(const char* pattern, int flags, int (*failed)(const char*, int), glob_t* found) {
    if (shim::board() && !(flags & GLOB_ALTDIRFUNC)) {
        flags |= GLOB_ALTDIRFUNC;
        found->gl_opendir = open_for_glob;
        found->gl_readdir = read_for_glob;
        found->gl_closedir = close_for_glob;
        found->gl_stat = [](const char* path, struct stat* info) { return stat(path, info); };
        found->gl_lstat = [](const char* path, struct stat* info) { return lstat(path, info); };
    }
    return real<"glob", decltype(::glob)>()(pattern, flags, failed, found);
}

int glob64(const char* pattern, int flags, int (*failed)(const char*, int), glob64_t* found) {
    return glob(pattern, flags, failed, reinterpret_cast<glob_t*>(found));
}

/// A folder that the host has too is the host's, so that what goes past the shim is in place there.
int chdir(const char* path) noexcept {
    const shim::Target target(AT_FDCWD, path);
    if (is_joined(target) && plugboard::raw_syscall(SYS_chdir, target.virtual_path().data()) >= 0)
        return 0;
    return real<"chdir", decltype(::chdir)>()(target.path_or(path));
}

char* getcwd(char* buffer, size_t size) noexcept {
    char* found = real<"getcwd", decltype(::getcwd)>()(buffer, size);
    if (found || errno != ERANGE || !buffer || !shim::board()) return as_seen(found);
    // The client's name of a folder of the tree is shorter than the one on the disk.
    shim::TreePath path;
    const long length = plugboard::raw_syscall(SYS_getcwd, path.data(), path.capacity());
    size_t seen = length > 1 ? static_cast<size_t>(length) - 1 : 0;
    if (!shim::strip_root(path.data(), seen) || seen + 1 > size) return nullptr;
    memcpy(buffer, path.c_str(), seen + 1);
    return buffer;
}

char* __getcwd_chk(char* buffer, size_t size, size_t room) {
    if (size > room) abort();
    return getcwd(buffer, size);
}

char* get_current_dir_name() noexcept {
    return as_seen(real<"get_current_dir_name", decltype(::get_current_dir_name)>()());
}

}  // extern "C"
#pragma GCC visibility pop
