// Boards in a place that no other test knows.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {

/// Those that stay are taken down at the end of the test.
class OwnBoards : public testing::Test {
  protected:
    ~OwnBoards() override { plugboard({"down", "--all"}); }

    /// `plugboard ARGUMENTS` with a silent input.
    RunOptions line(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), plugboard_command());
        return {.command = std::move(arguments),
                .environment = environment_,
                .input = Input::Silent,
                .limit = limit};
    }
    RunResult plugboard(std::vector<std::string> arguments) const {
        auto options = line(std::move(arguments));
        options.input = Input::Empty;
        return run(options);
    }
    RunOptions script(const std::string& text) const {
        return {.command = {"bash", "-c", text},
                .environment = environment_,
                .input = Input::Silent,
                .limit = limit};
    }
    RunResult shell(const std::string& text) const { return run(script(text)); }
    nlohmann::json boards() const { return nlohmann::json::parse(plugboard({"ls", "--json"}).out); }

    static constexpr std::chrono::seconds limit{60};
    const TemporaryFolder folder_;
    std::vector<std::pair<std::string, std::string>> environment_ = {
        {"XDG_RUNTIME_DIR", folder_.path()},
        {"PLUGBOARD_BOARD", ""},
        {"PATH", PLUGBOARD_BINARY_DIR "/bin:/usr/bin:/bin"}};
};

}  // namespace plugboard::tests
