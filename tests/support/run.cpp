#include "tests/support/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

namespace plugboard::tests {
namespace {

constexpr int read_end = 0, write_end = 1;
constexpr int signal_base = 128, not_found = 127, timed_out_status = -1;

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        perror("pipe2");
        abort();
    }
    return ends;
}

void close_fd(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
}

/// In the child, between fork and exec.
[[noreturn]] void start_program(const RunOptions& options, int input, int out, int err) {
    setpgid(0, 0);
    dup2(input, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    for (const auto& [name, value] : options.environment) {
        if (value.empty()) {
            unsetenv(name.c_str());
        } else {
            setenv(name.c_str(), value.c_str(), 1);
        }
    }
    std::vector<char*> arguments;
    for (const std::string& word : options.command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments.front(), arguments.data());
    _exit(not_found);
}

int status_of(int raw) {
    return WIFSIGNALED(raw) ? signal_base + WTERMSIG(raw) : WEXITSTATUS(raw);
}

}  // namespace

Running::Running(const RunOptions& options)
    : started_(std::chrono::steady_clock::now()), deadline_(started_ + options.limit) {
    auto input = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    pid_ = fork();
    if (pid_ < 0) {
        perror("fork");
        abort();
    }
    if (pid_ == 0) start_program(options, input[read_end], out[write_end], err[write_end]);
    setpgid(pid_, pid_);  // both do: whoever is first
    close_fd(input[read_end]);
    close_fd(out[write_end]);
    close_fd(err[write_end]);
    if (options.input == Input::Empty) close_fd(input[write_end]);
    input_ = input[write_end];
    out_ = out[read_end];
    err_ = err[read_end];
}

Running::~Running() {
    if (pid_ > 0) {
        kill(-pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    close_fd(input_);
    close_fd(out_);
    close_fd(err_);
}

void Running::send_signal(int signal) const {
    kill(pid_, signal);
}

bool Running::read_some(std::chrono::steady_clock::time_point deadline) {
    std::array<pollfd, 2> streams{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
    if (out_ < 0 && err_ < 0) return false;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    poll(streams.data(), streams.size(), static_cast<int>(std::max<int64_t>(left.count(), 0)));
    std::array<char, 16384> bytes{};
    for (const bool is_out : {true, false}) {
        int& fd = is_out ? out_ : err_;
        if (fd < 0 || streams[is_out ? 0 : 1].revents == 0) continue;
        const ssize_t count = read(fd, bytes.data(), bytes.size());
        if (count > 0) {
            (is_out ? result_.out : result_.err).append(bytes.data(), static_cast<size_t>(count));
        } else {
            close_fd(fd);
        }
    }
    return true;
}

void Running::close_input() {
    close_fd(input_);
    input_ = -1;
}

bool Running::wait_for_output(const std::string& words) {
    while (result_.out.find(words) == std::string::npos) {
        if (std::chrono::steady_clock::now() >= deadline_ || !read_some(deadline_)) return false;
    }
    return true;
}

RunResult Running::finish() {
    bool timed_out = false;
    int raw = 0;
    // The program's end counts, not that of the streams: something it started may keep those open.
    while (waitpid(pid_, &raw, WNOHANG) == 0) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline_) {
            timed_out = true;
            kill(-pid_, SIGKILL);
            waitpid(pid_, &raw, 0);
            break;
        }
        const auto soon = std::min(deadline_, now + std::chrono::milliseconds(10));
        if (!read_some(soon)) std::this_thread::sleep_until(soon);
    }
    result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - started_);
    for (size_t before = SIZE_MAX; before != result_.out.size() + result_.err.size();) {
        before = result_.out.size() + result_.err.size();
        read_some(std::chrono::steady_clock::now());
    }
    kill(-pid_, SIGKILL);  // what it has left in its group
    pid_ = -1;
    result_.status = timed_out ? timed_out_status : status_of(raw);
    return std::move(result_);
}

RunResult run(const RunOptions& options) {
    return Running(options).finish();
}

}  // namespace plugboard::tests
