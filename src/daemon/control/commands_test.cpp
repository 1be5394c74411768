#include "daemon/control/commands.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/wait.h"
#include "daemon/descriptor_count.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

class BoardCommands : public testing::Test {
  protected:
    void SetUp() override {
        auto board = Board::create(Config{}, folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
        stop_points_ = std::make_unique<StopPoints>(board_->slots());
    }
    void TearDown() override {
        if (board_) board_->end();
    }
    json ask(const json& request) {
        const Commands commands = make_commands({.board = *board_,
                                                 .stop_points = *stop_points_,
                                                 .count_descriptors = count_descriptors,
                                                 .shut_down = [] {}});
        ThreadSleeper caller(Clock::real());
        return commands.answer(request.dump(), caller).body;
    }
    std::string error(const json& request) { return ask(request).value("error", "none"); }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
    std::unique_ptr<StopPoints> stop_points_;
};

TEST_F(BoardCommands, flips_takes_no_other_number_for_the_newest) {
    EXPECT_EQ(ask({{"op", "flips"}, {"newest", 3}})["ok"], true);
    for (const json& bad : {json(-1), json(1.9), json("3"), json(nullptr)})
        EXPECT_EQ(error({{"op", "flips"}, {"newest", bad}}),
                  "newest: must be a whole number up to 18446744073709551615");
    EXPECT_EQ(error({{"op", "flips"}, {"target", 0}}), "target: must be a text");
}

TEST_F(BoardCommands, seat_takes_no_other_number_for_its_timeout) {
    for (const json& bad : {json(-5), json(60001), json(1.5), json(nullptr)})
        EXPECT_EQ(error({{"op", "seat"}, {"action", "pause"}, {"timeout_ms", bad}}),
                  "timeout_ms: must be a whole number up to 60000");
    EXPECT_EQ(error({{"op", "seat"}, {"action", 1}}), "action: must be a text");
}

}  // namespace
}  // namespace plugboard::daemon
