// A compositor on a board, as an ordinary user runs it: started, looked at and acted upon from
// outside, by the built command.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::tests {

/// How a compositor of Debian's is started so that it draws on a card and runs a client.
struct Compositor {
    std::string name;
    std::vector<std::string> command;  // "CONFIG" in it is the file's path
    std::string config;                // of its file; "CLIENT" in it is what it starts by itself
    std::vector<std::pair<std::string, std::string>> environment{};

    friend void PrintTo(const Compositor& compositor, std::ostream* out) {
        *out << compositor.name;
    }
};

std::vector<Compositor> compositors();

struct StageOptions {
    std::string board{};   // TOML; empty: the default board
    std::string client{};  // lines of a shell: what the compositor starts once it is up
    std::chrono::seconds limit{300};
};

/// The run of a compositor: a board of its own, a folder of its own for sockets and files, and not
/// root. Killed with all it has started when this goes.
class Stage {
  public:
    Stage(const Compositor& compositor, const StageOptions& options);

    /// `plugboard WORDS... -b <the board>`, as the same user.
    RunResult plugboard(const std::vector<std::string>& words) const;
    /// The same; the test fails when the command does. What it printed.
    std::string ask(const std::vector<std::string>& words) const;
    /// What the compositor and its client have printed.
    std::string log() const;
    /// Where the compositor ended by SIGSEGV; empty: it did not. A line a frame, with its library.
    std::string crash_stack() const;
    bool has_printed(const std::string& words, size_t times = 1) const;
    /// Waits until they have printed the words that often. False: they will not, the run has ended.
    bool prints(const std::string& words, size_t times = 1) const;
    /// The screen shows the test pattern, whole, at this size.
    testing::AssertionResult shows_pattern(const std::string& screen, uint32_t width,
                                           uint32_t height) const;
    /// Waits until it does.
    testing::AssertionResult comes_to_show_pattern(const std::string& screen, uint32_t width,
                                                   uint32_t height) const;
    /// Waits until it shows nothing but the compositor's own background (weston's, that is).
    testing::AssertionResult comes_to_show_background(const std::string& screen, uint32_t width,
                                                      uint32_t height) const;

    /// Waits for so many flips (up to 4096) on a card with one screen. "recorded mean 60.0 of ..."
    std::string judge_flips(unsigned count) const;

    /// The run is over.
    bool has_ended() const;
    /// Ends the compositor as a person would (SIGTERM), waits for the end of its run.
    RunResult end();
    /// The same: its status is 0, nothing is left behind.
    testing::AssertionResult ends_cleanly();
    /// Waits until it has ended by itself.
    RunResult finish() { return run_->finish(); }

    /// A file of the stage's folder.
    std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

  private:
    testing::AssertionResult shows(const std::string& screen, uint32_t width, uint32_t height,
                                   const std::vector<uint8_t>& rgb) const;
    testing::AssertionResult comes_to_show(const std::string& screen, uint32_t width,
                                           uint32_t height, const std::vector<uint8_t>& rgb) const;
    RunResult run_as_user(std::vector<std::string> command) const;
    std::vector<std::string> as_user(std::vector<std::string> command) const;

    TemporaryFolder folder_;
    std::unique_ptr<Running> run_;
};

}  // namespace plugboard::tests
