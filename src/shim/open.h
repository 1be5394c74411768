// Opening, naming and looking at files whose paths lead to the board. Nothing: it is not ours, the
// caller goes on with the real function. Else what that would return, with errno set.
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>

#include <optional>

namespace plugboard::shim {

std::optional<int> open_here(int dirfd, const char* path, int flags, mode_t mode);
std::optional<FILE*> fopen_here(const char* path, const char* mode);
/// `stream` is closed when it fails.
std::optional<FILE*> freopen_here(const char* path, const char* mode, FILE* stream);

std::optional<int> stat_here(int dirfd, const char* path, struct stat* info, int flags);
std::optional<int> statx_here(int dirfd, const char* path, int flags, unsigned mask,
                              struct statx* info);
std::optional<int> statfs_here(const char* path, struct statfs* info);
/// After a successful fstatfs.
void correct_file_system(int fd, struct statfs& info);

std::optional<ssize_t> readlink_here(int dirfd, const char* path, char* text, size_t size);
/// After a successful readlink of the real function, which left `count` bytes.
ssize_t correct_link(int dirfd, const char* path, char* text, size_t size, ssize_t count);

/// The board's path of what realpath() is asked for goes in, the client's comes out.
char* virtual_realpath(char* path);

}  // namespace plugboard::shim
