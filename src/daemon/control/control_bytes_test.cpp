// Random lines to the control socket of a board: each is answered, a refusal has its remedy, and
// who asks properly afterwards is served.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "daemon/board.h"
#include "daemon/control/commands.h"
#include "daemon/control/connection_sleeper.h"
#include "daemon/control/control.h"
#include "daemon/control/stop_points.h"
#include "daemon/descriptor_count.h"
#include "tests/support/garble.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;
using tests::Dice;

const std::vector<std::string> good_lines = {
    R"({"op": "status", "flips": true})",
    R"({"plugboard": 1, "op": "unplug", "target": "gpu0"})",
    R"({"op": "plug", "target": "gpu0"})",
    R"({"op": "bind", "target": "vkms"})",
    R"({"op": "unbind", "target": "card0"})",
    R"({"op": "screenshot", "screen": "gpu0/Virtual-1"})",
    R"({"op": "plug", "target": "gpu0/Virtual-1", "mode": "640x480@60"})",
    R"({"op": "plug", "target": "Virtual-1", "edid": "00ff"})",
    R"({"op": "set", "target": "Virtual-1", "key": "link-status", "value": "bad"})",
    R"({"op": "explain", "object": "vkms"})",
    R"({"op": "explain", "loops": true})",
    R"({"op": "debug", "categories": "atomic,kms"})",
    R"({"op": "check-leaks"})",
    R"({"op": "plant-leak", "kind": "neither"})",
    R"({"op": "flips", "target": "gpu0", "newest": 3})",
    R"({"op": "stop-at", "target": "gpu0", "ioctl": "MODE_ATOMIC", "point": "wait"})",
    R"({"op": "stopped"})",
};

const std::vector<std::string> json_parts = {"{",
                                             "}",
                                             "[",
                                             "]",
                                             "\"",
                                             ":",
                                             ",",
                                             "null",
                                             "-1",
                                             "1e999",
                                             "0.5",
                                             "true",
                                             "\\u0000",
                                             "\\ud800",
                                             "\"op\"",
                                             "\"target\"",
                                             "\"\"",
                                             "\xff",
                                             "\xc3",
                                             "\r",
                                             "18446744073709551615",
                                             "\"/dev/dri/card0\"",
                                             "\"gpu1\"",
                                             "{\"op\": ",
                                             "\"0xffffffffffffffff\"",
                                             "\"-\"",
                                             "\"all\"",
                                             "/",
                                             "\n",
                                             "99999999999999999999999999"};

std::string random_line(Dice& dice) {
    return tests::garble(dice, dice.one_of(good_lines), json_parts, 6) + "\n";
}

/// The answers to all that is sent before the end of the stream.
std::string answers_to(const Commands& commands, const std::string& bytes) {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    UniqueFd client(ends[0]), server(ends[1]);
    const auto served = std::async(std::launch::async, [&] {
        {
            const auto event = ConnectionSleeper::make_event();
            serve_control_lines(server.borrow(), event->borrow(), commands);
        }
        server.reset();
    });
    const auto sent = std::async(std::launch::async, [&] {
        std::string_view rest = bytes;
        while (!rest.empty()) {
            const ssize_t count = send(client.borrow(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (count <= 0) break;
            rest.remove_prefix(static_cast<size_t>(count));
        }
        shutdown(client.borrow(), SHUT_WR);
    });
    std::string answers;
    std::array<char, 4096> part{};
    for (ssize_t count = 0; (count = read(client.borrow(), part.data(), part.size())) > 0;)
        answers.append(part.data(), static_cast<size_t>(count));
    return answers;
}

/// What is wrong with the answers to the lines, of which each is short enough.
std::optional<std::string> mistake_of(const std::string& lines, std::string_view answers) {
    auto expected = std::ranges::count(lines, '\n');
    for (; !answers.empty(); expected--) {
        const auto end = answers.find('\n');
        if (end == std::string_view::npos) return "an answer without its end";
        const auto answer = json::parse(answers.substr(0, end), nullptr, false);
        answers.remove_prefix(end + 1);
        if (!answer.is_object()) return "no object";
        if (answer.value("plugboard", 0) != control_version) return "no version";
        if (answer.value("ok", false)) continue;
        if (answer.value("error", "").empty()) return "it does not say what is wrong";
        if (answer.value("remedy", "").empty()) return "no remedy: " + answer.value("error", "");
    }
    if (expected != 0) return fmt::format("{} lines are not answered", expected);
    return std::nullopt;
}

TEST(ControlBytes, are_each_answered_and_status_works_afterwards) {
    const auto mask = log::enabled_mask.load();
    const log::Sink sink = log::set_sink([](log::Category, std::string_view) {});
    const tests::TemporaryFolder folder;
    auto made = Board::create(Config{}, folder.path());
    ASSERT_TRUE(made.ok());
    Board& board = *made.value();
    StopPoints stop_points(board.slots());
    const Commands commands = make_commands({.board = board,
                                             .stop_points = stop_points,
                                             .count_descriptors = count_descriptors,
                                             .shut_down = [] {}});
    const bool holds = rc::check([&] {
        const auto numbers = *tests::any_numbers(48);
        Dice dice(numbers);
        std::string lines;
        for (uint32_t count = dice.below(4); count > 0; count--) lines += random_line(dice);
        const auto mistake = mistake_of(lines, answers_to(commands, lines));
        if (mistake) RC_FAIL(*mistake + " of:\n" + lines);
    });
    log::enabled_mask = mask;
    log::set_sink(sink);
    EXPECT_TRUE(holds);
    ThreadSleeper caller(Clock::real());
    commands.answer(R"({"op": "plug", "target": "gpu0"})", caller);
    commands.answer(R"({"op": "bind", "target": "gpu0"})", caller);
    const json status = commands.answer(R"({"op": "status"})", caller).body;
    EXPECT_EQ(status.at("ok"), true);
    EXPECT_EQ(status.at("cards").at(0).at("bound"), true);
}

TEST(ControlBytes, the_judge_finds_an_answer_that_is_missing_or_says_too_little) {
    Commands commands;
    commands.add("fail", [](const JsonPlace&) -> Outcome<Reply> {
        return Problem{.message = "it does not work"};
    });
    const std::string line = "{\"op\": \"fail\"}\n";
    EXPECT_NE(mistake_of(line, answers_to(commands, line)), std::nullopt);
    EXPECT_NE(mistake_of(line, ""), std::nullopt);
    EXPECT_NE(mistake_of(line, "{}\n"), std::nullopt);
}

}  // namespace
}  // namespace plugboard::daemon
