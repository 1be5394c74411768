#include "cli/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace plugboard::cli {
namespace {

/// In the child, between fork and exec: this process has one thread, so all of libc may be used.
[[noreturn]] void become_program(const SpawnOptions& options, int report) {
    sigprocmask(SIG_SETMASK, &options.signal_mask, nullptr);
    signal(SIGCHLD, options.child_action);
    if (options.new_session) {
        setsid();
        const int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        if (null > STDERR_FILENO) close(null);
    }
    if (options.kept_fd >= 0) fcntl(options.kept_fd, F_SETFD, 0);
    for (const auto& [name, value] : options.environment) {
        if (value.empty()) {
            unsetenv(name.c_str());
        } else {
            setenv(name.c_str(), value.c_str(), 1);
        }
    }
    std::vector<char*> words;
    for (const std::string& word : options.command)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    if (options.new_session) {
        // Not by libc: a shim around this process would add itself again.
        syscall(SYS_execve, words.front(), words.data(), environ);
    } else {
        execvp(words.front(), words.data());
    }
    const int error = errno;
    if (write(report, &error, sizeof(error)) != sizeof(error))
        _exit(static_cast<int>(Exit::Plugboard));
    _exit(static_cast<int>(Exit::NotFound));
}

std::optional<int> to_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The name in /proc/PID/stat is in brackets and may have anything in it.
std::optional<Process> read_process(int pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    std::getline(file, text, '\0');
    const auto open_bracket = text.find('(');
    const auto close_bracket = text.rfind(')');
    if (open_bracket == std::string::npos || close_bracket == std::string::npos)
        return std::nullopt;
    Process process;
    process.pid = pid;
    process.name = text.substr(open_bracket + 1, close_bracket - open_bracket - 1);
    if (sscanf(text.c_str() + close_bracket + 1, " %c %d", &process.state, &process.parent) != 2)
        return std::nullopt;
    return process;
}

}  // namespace

SpawnResult spawn(const SpawnOptions& options) {
    std::array<int, 2> ends{-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        throw Failure(fmt::format("no pipe: {}", strerror(errno)), "close descriptors",
                      Exit::Plugboard);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    SpawnResult result;
    result.child.pid = fork();
    if (result.child.pid < 0)
        throw Failure(fmt::format("no process: {}", strerror(errno)), "see ulimit -u",
                      Exit::Plugboard);
    if (result.child.pid == 0) become_program(options, writer.borrow());
    writer.reset();
    result.child.pid_fd.reset(static_cast<int>(syscall(SYS_pidfd_open, result.child.pid, 0)));
    int error = 0;
    ssize_t count = 0;
    do {
        count = read(reader.borrow(), &error, sizeof(error));
    } while (count < 0 && errno == EINTR);
    if (count == 0) return result;
    waitpid(result.child.pid, nullptr, 0);
    result.failure =
        SpawnFailure{.exit = error == ENOENT ? Exit::NotFound : Exit::NotRunnable, .error = error};
    return result;
}

std::string describe_end(int wait_status) {
    if (!WIFSIGNALED(wait_status))
        return fmt::format("it ended with status {}", WEXITSTATUS(wait_status));
    const int number = WTERMSIG(wait_status);
    return fmt::format("it died of signal {} ({})", number, strsignal(number));
}

int shell_status(int wait_status) {
    if (WIFSIGNALED(wait_status)) return static_cast<int>(Exit::SignalBase) + WTERMSIG(wait_status);
    return WEXITSTATUS(wait_status);
}

std::vector<Process> descendants(int root, int except) {
    std::vector<Process> all;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const auto pid = to_number(entry.path().filename().native());
        if (!pid) continue;
        if (const auto process = read_process(*pid)) all.push_back(*process);
    }
    std::vector<int> parents = {root};
    std::vector<Process> found;
    for (size_t i = 0; i < parents.size(); ++i) {
        for (const Process& process : all) {
            if (process.parent != parents[i] || process.pid == except) continue;
            parents.push_back(process.pid);
            if (process.state != 'Z' && process.state != 'X') found.push_back(process);
        }
    }
    return found;
}

}  // namespace plugboard::cli
