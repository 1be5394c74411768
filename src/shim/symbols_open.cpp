// open(2) and its like, stdio's ways to open.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "shim/open.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::real;

namespace {

/// The argument that open(2) has only where a file may be made.
mode_t take_mode(int flags, va_list* rest) {
    const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return has_mode ? va_arg(*rest, mode_t) : 0;
}

template <shim::SymbolName name, class Function>
int open_path(const char* path, int flags, mode_t mode) {
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, mode)) return *fd;
    return real<name, Function>()(path, flags, mode);
}

template <shim::SymbolName name, class Function>
int open_at(int dirfd, const char* path, int flags, mode_t mode) {
    if (const auto fd = shim::open_here(dirfd, path, flags, mode)) return *fd;
    return real<name, Function>()(dirfd, path, flags, mode);
}

template <shim::SymbolName name, class Function>
int create(const char* path, mode_t mode) {
    if (const auto fd = shim::open_here(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode))
        return *fd;
    return real<name, Function>()(path, mode);
}

template <shim::SymbolName name>
FILE* open_stream(const char* path, const char* mode) {
    if (const auto stream = shim::fopen_here(path, mode)) return *stream;
    return real<name, decltype(::fopen)>()(path, mode);
}

template <shim::SymbolName name>
FILE* reopen_stream(const char* path, const char* mode, FILE* stream) {
    if (const auto reopened = shim::freopen_here(path, mode, stream)) return *reopened;
    return real<name, decltype(::freopen)>()(path, mode, stream);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = take_mode(flags, &rest);
    va_end(rest);
    return open_path<"open", decltype(::open)>(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = take_mode(flags, &rest);
    va_end(rest);
    return open_path<"open64", decltype(::open64)>(path, flags, mode);
}

int openat(int dirfd, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = take_mode(flags, &rest);
    va_end(rest);
    return open_at<"openat", decltype(::openat)>(dirfd, path, flags, mode);
}

int openat64(int dirfd, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = take_mode(flags, &rest);
    va_end(rest);
    return open_at<"openat64", decltype(::openat64)>(dirfd, path, flags, mode);
}

int __open_2(const char* path, int flags) {
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, 0)) return *fd;
    return real<"__open_2", int(const char*, int)>()(path, flags);
}

int __open64_2(const char* path, int flags) {
    if (const auto fd = shim::open_here(AT_FDCWD, path, flags, 0)) return *fd;
    return real<"__open64_2", int(const char*, int)>()(path, flags);
}

int __openat_2(int dirfd, const char* path, int flags) {
    if (const auto fd = shim::open_here(dirfd, path, flags, 0)) return *fd;
    return real<"__openat_2", int(int, const char*, int)>()(dirfd, path, flags);
}

int __openat64_2(int dirfd, const char* path, int flags) {
    if (const auto fd = shim::open_here(dirfd, path, flags, 0)) return *fd;
    return real<"__openat64_2", int(int, const char*, int)>()(dirfd, path, flags);
}

int creat(const char* path, mode_t mode) {
    return create<"creat", decltype(::creat)>(path, mode);
}

int creat64(const char* path, mode_t mode) {
    return create<"creat64", decltype(::creat64)>(path, mode);
}

FILE* fopen(const char* path, const char* mode) {
    return open_stream<"fopen">(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
    return open_stream<"fopen64">(path, mode);
}

FILE* freopen(const char* path, const char* mode, FILE* stream) {
    return reopen_stream<"freopen">(path, mode, stream);
}

FILE* freopen64(const char* path, const char* mode, FILE* stream) {
    return reopen_stream<"freopen64">(path, mode, stream);
}

}  // extern "C"
#pragma GCC visibility pop
