// What ends a command early: what went wrong, what to do about it, and the exit status.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace plugboard::cli {

/// Exit statuses of `run` that are not CMD's own.
enum class Exit : int {
    Ok = 0,
    Failed = 1,
    NoOpen = 122,     // --require-open
    Leaks = 123,      // --check-leaks
    TimedOut = 124,   // --timeout
    Plugboard = 125,  // plugboard itself failed
    NotRunnable = 126,
    NotFound = 127,
    SignalBase = 128,
};

class Failure : public std::runtime_error {
  public:
    explicit Failure(const std::string& message, std::string remedy = {}, Exit exit = Exit::Failed)
        : std::runtime_error(message), remedy_(std::move(remedy)), exit_(exit) {}

    const std::string& remedy() const { return remedy_; }
    Exit exit() const { return exit_; }

  private:
    std::string remedy_;
    Exit exit_;
};

}  // namespace plugboard::cli
