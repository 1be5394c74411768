#include "shim/new_program.h"

#include <string.h>
#include <unistd.h>

#include <array>
#include <iterator>
#include <string_view>

#include "base/program_privilege.h"
#include "shim/board.h"
#include "shim/syscalls.h"

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

std::string_view search_path() {
    constexpr std::string_view name = "PATH=";
    for (char** entry = environ; entry && *entry; entry++) {
        const std::string_view text(*entry);
        if (text.starts_with(name)) return text.substr(name.size());
    }
    return "/bin:/usr/bin";
}

size_t count(char* const* arguments) {
    size_t result = 0;
    while (arguments && arguments[result]) result++;
    return result;
}

}  // namespace

NewProgram::NewProgram(const char* file, Given given, char* const* arguments)
    : arguments_(arguments) {
    if (!board() || board()->library.empty() || !find_file(file, given)) return;
    std::array<char, ProgramFile::longest_name> interpreter{};
    const char* program = path_.c_str();
    read(program);
    for (int i = 0; i < longest_chain && program_.kind == ProgramFile::Kind::Script; i++) {
        interpreter = program_.interpreter;
        program = interpreter.data();
        read(program);
    }
    Obstacle obstacle = obstacle_of(program_);
    if (obstacle == Obstacle::None) obstacle = privilege_of(program);
    if (obstacle == Obstacle::None) return;
    is_by_loader_ = obstacle == Obstacle::Capabilities && program == path_.c_str() &&
                    given != Given::Descriptor && program_.kind == ProgramFile::Kind::Glibc;
    note(obstacle, program);
}

/// False: there is none, which the kernel says better.
bool NewProgram::find_file(const char* file, Given given) {
    if (!file) return false;
    const std::string_view name(file);
    if (given != Given::Name || name.find('/') != std::string_view::npos)
        return path_.append(name) && !name.empty();
    std::string_view folders = search_path();
    for (;;) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        path_.clear();
        if (path_.append(folder.empty() ? "." : folder) && path_.append("/") &&
            path_.append(name) && is_runnable(path_.c_str()))
            return true;
        if (folder.size() == folders.size()) return false;
        folders.remove_prefix(folder.size() + 1);
    }
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
    constexpr off_t longest_list = 64 << 10;
    Text<128> list;  // a longer one the socket's name could not have
    if (!list.append(board()->directory.view()) || !list.append("/unreached")) return;
    const long fd = raw_syscall(SYS_openat, AT_FDCWD, list.c_str(),
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    char start[] = {static_cast<char>(obstacle), ' '}, end[] = {'\n'};
    const iovec line[] = {{start, sizeof start}, {const_cast<char*>(file), strlen(file)}, {end, 1}};
    struct stat info;
    if (stat_fd(static_cast<int>(fd), info) >= 0 && info.st_size < longest_list)
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
    list[size++] = given > 0 ? arguments_[0] : const_cast<char*>(path_.c_str());
    list[size++] = const_cast<char*>(path_.c_str());
    for (size_t i = 1; i < given; i++) list[size++] = arguments_[i];
    list[size] = nullptr;
    return list;
}

}  // namespace plugboard::shim
