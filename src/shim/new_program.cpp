#include "shim/new_program.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "base/program_privilege.h"
#include "shim/board.h"
#include "shim/paths.h"
#include "shim/syscalls.h"
#include "shim/text.h"

namespace plugboard::shim {
namespace {

constexpr int longest_chain = 5;  // of scripts, in the kernel

size_t read_fd(const void* file, uint64_t offset, void* to, size_t size) {
    const long count = raw_syscall(SYS_pread64, *static_cast<const int*>(file), to, size, offset);
    return count < 0 ? 0 : static_cast<size_t>(count);
}

bool is_runnable(const char* path) {
    struct stat info;
    return stat_file(path, info) >= 0 && S_ISREG(info.st_mode) &&
           raw_syscall(SYS_faccessat, AT_FDCWD, path, X_OK) >= 0;
}

std::string_view folders_of_path() {
    constexpr std::string_view name = "PATH=";
    for (char** entry = environ; entry && *entry; entry++) {
        const std::string_view text(*entry);
        if (text.starts_with(name)) return text.substr(name.size());
    }
    return "/bin:/usr/bin";
}

/// Calls use(folder) for each, "." for an empty one, until it gives true.
template <class Use>
bool any_folder(Use use) {
    std::string_view folders = folders_of_path();
    for (;;) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        if (use(folder.empty() ? "." : folder)) return true;
        if (folder.size() == folders.size()) return false;
        folders.remove_prefix(folder.size() + 1);
    }
}

size_t count(char* const* arguments) {
    size_t result = 0;
    while (arguments && arguments[result]) result++;
    return result;
}

/// The kernel says EFAULT to the one, and "there is none" to the other.
bool is_readable(const char* file) {
    return !is_bad_pointer(file) && file[0] != '\0';
}

}  // namespace

size_t room_for_search(const char* file, Given given) {
    if (!board() || !is_readable(file)) return 0;
    const size_t size = strnlen(file, longest_path);
    if (given != Given::Name || memchr(file, '/', size)) return size + sizeof "./";
    size_t longest = 0;
    any_folder([&longest](std::string_view folder) {
        longest = std::max(longest, folder.size());
        return false;
    });
    return std::min(longest + 1 + size + 1, longest_path);
}

NewProgram::NewProgram(const char* file, Given given, char* const* arguments, char* room)
    : arguments_(arguments) {
    if (!board() || board()->library.empty() || !is_readable(file)) return;
    const size_t size = strnlen(file, longest_path);
    if (size == longest_path) return;
    if (memchr(file, '/', size)) {
        path_ = file;
    } else if (given == Given::Name) {
        if (!search_path(file, room)) return;
    } else {
        // A loader would search its folders of libraries for a bare name.
        room[0] = '.';
        room[1] = '/';
        memcpy(room + 2, file, size + 1);
        path_ = room;
    }
    std::array<char, ProgramFile::longest_name> interpreter{};
    const char* program = path_;
    read(program);
    for (int i = 0; i < longest_chain && program_.kind == ProgramFile::Kind::Script; i++) {
        interpreter = program_.interpreter;
        program = interpreter.data();
        read(program);
    }
    Obstacle obstacle = obstacle_of(program_);
    if (obstacle == Obstacle::None) obstacle = privilege_of(program);
    if (obstacle == Obstacle::None) return;
    is_by_loader_ = obstacle == Obstacle::Capabilities && program == path_ &&
                    given != Given::Descriptor && program_.kind == ProgramFile::Kind::Glibc;
    note(obstacle, program);
}

/// False: there is none, which the kernel says better.
bool NewProgram::search_path(const char* name, char* room) {
    const size_t size = strlen(name);
    return any_folder([&](std::string_view folder) {
        if (folder.size() + 1 + size + 1 > longest_path) return false;
        memcpy(room, folder.data(), folder.size());
        room[folder.size()] = '/';
        memcpy(room + folder.size() + 1, name, size + 1);
        path_ = room;
        return is_runnable(room);
    });
}

void NewProgram::read(const char* file) {
    program_ = {};
    const long fd = raw_syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) return;
    const int raw = static_cast<int>(fd);
    program_ = read_program_file({.file = &raw, .read = read_fd});
    close_fd(raw);
}

/// A line "<Obstacle's letter> <file>"; whole, since the list is opened to append.
void NewProgram::note(Obstacle obstacle, const char* file) {
    constexpr rlim_t longest_list = 64 << 10;
    Text<128> list;  // a longer one the socket's name could not have
    if (!list.append(board()->directory.view()) || !list.append("/unreached")) return;
    const long fd = raw_syscall(SYS_openat, AT_FDCWD, list.c_str(),
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    char start[] = {static_cast<char>(obstacle), ' '}, end[] = {'\n'};
    const iovec line[] = {{start, sizeof start}, {const_cast<char*>(file), strlen(file)}, {end, 1}};
    // A write beyond the process's limit would end it by a signal.
    rlimit limit{};
    struct stat info;
    if (raw_syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &limit) >= 0 &&
        limit.rlim_cur > longest_list + longest_path && stat_fd(static_cast<int>(fd), info) >= 0 &&
        info.st_size < static_cast<off_t>(longest_list))
        raw_syscall(SYS_writev, static_cast<int>(fd), line, std::size(line));
    close_fd(static_cast<int>(fd));
}

Preload NewProgram::preload() const {
    const bool is_for_glibc =
        program_.kind != ProgramFile::Kind::Musl && program_.kind != ProgramFile::Kind::OtherLibc;
    // Up to its NUL.
    return {.sanitizer = program_.sanitizer.data(), .library = is_for_glibc};
}

size_t NewProgram::room() const {
    return (count(arguments_) + 5) * sizeof(char*);  // loader --argv0 NAME FILE ... and the null
}

char* const* NewProgram::fill(void* room) const {
    static constexpr char argv0[] = "--argv0";
    auto** list = static_cast<char**>(room);
    const size_t given = count(arguments_);
    size_t size = 0;
    list[size++] = const_cast<char*>(loader());
    list[size++] = const_cast<char*>(argv0);
    list[size++] = given > 0 ? arguments_[0] : const_cast<char*>(path_);
    list[size++] = const_cast<char*>(path_);
    for (size_t i = 1; i < given; i++) list[size++] = arguments_[i];
    list[size] = nullptr;
    return list;
}

}  // namespace plugboard::shim
