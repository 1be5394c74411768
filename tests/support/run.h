// Runs a program as a shell would: what it prints, how it ends, and not for ever.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace plugboard::tests {

enum class Input {
    Empty,   // ends at once
    Silent,  // a pipe that is open until the program ends, and says nothing
};

struct RunOptions {
    std::vector<std::string> command;  // found by PATH
    std::vector<std::pair<std::string, std::string>>
        environment{};  // added; an empty value removes
    Input input = Input::Empty;
    std::chrono::milliseconds limit = std::chrono::seconds(30);
};

struct RunResult {
    int status = 0;  // exit status, 128+n for a signal, -1 when the limit came first
    std::string out, err;
    std::chrono::milliseconds took{};
};

/// After the limit the program and all it has started, but for what left its process group, are
/// killed. The program runs in a process group of its own.
RunResult run(const RunOptions& options);

/// A program that goes on while the test does something. Killed and reaped when this goes.
class Running {
  public:
    explicit Running(const RunOptions& options);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    int pid() const { return pid_; }
    void send_signal(int signal) const;
    /// Ends a silent input.
    void close_input();
    /// Waits until standard output has the words, or the limit; false then.
    bool wait_for_output(const std::string& words);
    /// Reads the rest and waits for its end.
    RunResult finish();

  private:
    /// Reads what there is; waits for it until `deadline`. False when both streams have ended.
    bool read_some(std::chrono::steady_clock::time_point deadline);

    int pid_ = -1;
    int out_ = -1, err_ = -1, input_ = -1;
    std::chrono::steady_clock::time_point started_, deadline_;
    RunResult result_;
};

}  // namespace plugboard::tests
