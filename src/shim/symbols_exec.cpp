// Starting programs: each gets what its environment lacks to find the board.
#include <alloca.h>
#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

#include "shim/environment.h"
#include "shim/new_program.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::Given;
using shim::real;

namespace {

/// Calls start(arguments, environment, loader), which are on the stack until it returns; the loader
/// is null unless it is to be started in the program's place.
template <class Start>
int start_program(const char* file, shim::Given given, char* const* arguments, char* const* entries,
                  Start start) {
    auto* room = static_cast<char*>(alloca(shim::room_for_search(file, given)));
    const shim::NewProgram program(file, given, arguments, room);
    const shim::Environment environment(entries, program.preload());
    char* const* all = environment.fill(alloca(environment.room()));
    if (!program.is_by_loader()) return start(arguments, all, nullptr);
    return start(program.fill(alloca(program.room())), all, program.loader());
}

/// Arguments of execl() and the like up to the null that ends them, which the list is past then.
size_t count_arguments(const char* first, va_list* rest) {
    size_t count = 1;
    for (const char* argument = first; argument; argument = va_arg(*rest, const char*)) count++;
    return count;
}

void collect_arguments(char** to, const char* first, va_list* rest) {
    for (const char* argument = first; argument; argument = va_arg(*rest, const char*))
        *to++ = const_cast<char*>(argument);
    *to = nullptr;
}

/// Calls start(arguments) with those of execl() and the like, on the stack until it returns; `rest`
/// is past the null that ends them then.
template <class Start>
int start_with_list(const char* first, va_list* rest, Start start) {
    va_list counted;
    va_copy(counted, *rest);
    const size_t count = count_arguments(first, &counted);
    va_end(counted);
    auto** arguments = static_cast<char**>(alloca(count * sizeof(char*)));
    collect_arguments(arguments, first, rest);
    return start(arguments);
}

/// The path of an open file; empty when it cannot be told.
shim::Text<32> descriptor_path(int fd) {
    shim::Text<32> result;
    if (fd < 0) return result;
    result.append("/proc/self/fd/");
    result.append_number(static_cast<uint64_t>(fd));
    return result;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int execve(const char* path, char* const* arguments, char* const* entries) noexcept {
    return start_program(path, Given::Path, arguments, entries,
                         [&](char* const* words, char* const* all, const char* loader) {
                             return real<"execve", decltype(::execve)>()(loader ? loader : path,
                                                                         words, all);
                         });
}

int execv(const char* path, char* const* arguments) noexcept {
    return execve(path, arguments, environ);
}

int execvpe(const char* file, char* const* arguments, char* const* entries) noexcept {
    return start_program(file, Given::Name, arguments, entries,
                         [&](char* const* words, char* const* all, const char* loader) {
                             return real<"execvpe", decltype(::execvpe)>()(loader ? loader : file,
                                                                           words, all);
                         });
}

int execvp(const char* file, char* const* arguments) noexcept {
    return execvpe(file, arguments, environ);
}

int fexecve(int fd, char* const* arguments, char* const* entries) noexcept {
    return start_program(descriptor_path(fd).c_str(), Given::Descriptor, arguments, entries,
                         [&](char* const* words, char* const* all, const char*) {
                             return real<"fexecve", decltype(::fexecve)>()(fd, words, all);
                         });
}

int execveat(int dirfd, const char* path, char* const* arguments, char* const* entries,
             int flags) noexcept {
    const auto descriptor = descriptor_path(dirfd);
    // What is relative to a folder is not looked at.
    const char* file = nullptr;
    if (!shim::is_bad_pointer(path)) {
        if (path[0] == '/' || (path[0] != '\0' && dirfd == AT_FDCWD)) file = path;
        if (path[0] == '\0' && (flags & AT_EMPTY_PATH)) file = descriptor.c_str();
    }
    return start_program(file, Given::Descriptor, arguments, entries,
                         [&](char* const* words, char* const* all, const char*) {
                             return real<"execveat", decltype(::execveat)>()(dirfd, path, words,
                                                                             all, flags);
                         });
}

int execl(const char* path, const char* first, ...) noexcept {
    va_list rest;
    va_start(rest, first);
    const int result = start_with_list(
        first, &rest, [&](char* const* arguments) { return execve(path, arguments, environ); });
    va_end(rest);
    return result;
}

int execlp(const char* file, const char* first, ...) noexcept {
    va_list rest;
    va_start(rest, first);
    const int result = start_with_list(
        first, &rest, [&](char* const* arguments) { return execvpe(file, arguments, environ); });
    va_end(rest);
    return result;
}

int execle(const char* path, const char* first, ...) noexcept {
    va_list rest;
    va_start(rest, first);
    const int result = start_with_list(first, &rest, [&](char* const* arguments) {
        return execve(path, arguments, va_arg(rest, char* const*));
    });
    va_end(rest);
    return result;
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* entries) {
    return start_program(path, Given::Path, arguments, entries,
                         [&](char* const* words, char* const* all, const char* loader) {
                             return real<"posix_spawn", decltype(::posix_spawn)>()(
                                 pid, loader ? loader : path, actions, attributes, words, all);
                         });
}

int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* arguments,
                 char* const* entries) {
    return start_program(file, Given::Name, arguments, entries,
                         [&](char* const* words, char* const* all, const char* loader) {
                             return real<"posix_spawnp", decltype(::posix_spawnp)>()(
                                 pid, loader ? loader : file, actions, attributes, words, all);
                         });
}

}  // extern "C"
#pragma GCC visibility pop
