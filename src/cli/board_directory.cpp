#include "cli/board_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/boards_root.h"
#include "base/unique_fd.h"
#include "cli/failure.h"

namespace plugboard::cli {
namespace {

constexpr size_t longest_socket_name = 12;  // "/control" with room for its neighbours

bool is_name(std::string_view name) {
    return !name.empty() && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
           });
}

}  // namespace

std::string board_directory(const std::string& name) {
    if (!is_name(name)) {
        throw Failure(fmt::format("\"{}\" is no name for a board", name),
                      "use letters, digits, -, _ and ., not starting with .", Exit::Plugboard);
    }
    std::string directory = fmt::format("{}/{}", boards_root(), name);
    if (directory.size() + longest_socket_name >= sizeof(sockaddr_un::sun_path)) {
        throw Failure(fmt::format("the path {} is too long for a socket", directory),
                      "use a shorter name (-b) or a shorter XDG_RUNTIME_DIR", Exit::Plugboard);
    }
    return directory;
}

bool is_alive(const std::string& directory) {
    const UniqueFd lock(open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
    // A shared lock fails while the daemon has the exclusive one; it is given back at once.
    return lock.is_open() && flock(lock.borrow(), LOCK_SH | LOCK_NB) != 0;
}

std::optional<std::time_t> board_start(const std::string& directory) {
    struct stat info {};
    if (stat((directory + "/lock").c_str(), &info) != 0) return std::nullopt;
    return info.st_mtime;  // it is written once
}

BoardEnd::BoardEnd(const std::string& directory)
    : lock_(open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC)) {}

bool BoardEnd::wait(std::chrono::seconds limit) const {
    if (!lock_.is_open()) return true;
    // flock() has no deadline: the alarm interrupts it. It repeats, should it ever come too early.
    struct sigaction interrupt {};
    interrupt.sa_handler = [](int) {};
    sigaction(SIGALRM, &interrupt, nullptr);
    const itimerval alarm{.it_interval = {.tv_sec = 1, .tv_usec = 0},
                          .it_value = {.tv_sec = limit.count(), .tv_usec = 0}};
    setitimer(ITIMER_REAL, &alarm, nullptr);
    const bool ended = flock(lock_.borrow(), LOCK_SH) == 0;
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    return ended;
}

std::vector<std::string> living_boards() {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(boards_root(), ignored)) {
        if (is_alive(entry.path())) names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string find_board(const std::string& name) {
    std::string wanted = name;
    if (const char* variable = getenv("PLUGBOARD_BOARD"); wanted.empty() && variable != nullptr)
        wanted = variable;
    if (!wanted.empty()) {
        std::string directory = wanted.front() == '/' ? wanted : board_directory(wanted);
        if (is_alive(directory)) return directory;
        const auto names = living_boards();
        throw Failure(fmt::format("there is no board \"{}\"", wanted),
                      names.empty() ? "start one: plugboard up -b NAME"
                                    : fmt::format("boards now: {}", fmt::join(names, ", ")));
    }
    const auto names = living_boards();
    if (names.empty()) throw Failure("there is no board", "start one: plugboard up");
    if (names.size() > 1) {
        throw Failure(fmt::format("there are {} boards: {}", names.size(), fmt::join(names, ", ")),
                      "say which: -b NAME");
    }
    return board_directory(names.front());
}

}  // namespace plugboard::cli
