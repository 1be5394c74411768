#include "daemon/control/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/wait.h"
#include "daemon/descriptor_count.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;
using ::testing::StartsWith;

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

TEST_F(BoardCommands, a_member_of_another_kind_is_told_by_its_name) {
    const std::pair<json, const char*> mistakes[] = {
        {{{"op", 5}}, "op: must be a text"},
        {{{"op", "status"}, {"plugboard", "1"}}, "plugboard: must be a whole number"},
        {{{"op", "status"}, {"flips", 1}}, "flips: must be true or false"},
        {{{"op", "bind"}, {"target", 1}}, "target: must be a text"},
        {{{"op", "unbind"}}, "/: has no \"target\""},
        {{{"op", "plug"}, {"target", {"gpu0"}}}, "target: must be a text"},
        {{{"op", "plug"}, {"target", "Virtual-1"}, {"mode", 60}}, "mode: must be a text"},
        {{{"op", "plug"}, {"target", "Virtual-1"}, {"edid", nullptr}}, "edid: must be a text"},
        {{{"op", "unplug"}, {"target", nullptr}}, "target: must be a text"},
        {{{"op", "set"}, {"target", "Virtual-1"}, {"key", 1}, {"value", "bad"}},
         "key: must be a text"},
        {{{"op", "set"}, {"target", "Virtual-1"}, {"key", "link-status"}, {"value", false}},
         "value: must be a text"},
        {{{"op", "screenshot"}, {"screen", 1}}, "screen: must be a text"},
        {{{"op", "explain"}, {"object", 1}}, "object: must be a text"},
        {{{"op", "explain"}, {"track", "on"}}, "track: must be true or false"},
        {{{"op", "explain"}, {"graph", true}}, "graph: must be a text"},
        {{{"op", "explain"}, {"loops", 1}}, "loops: must be true or false"},
        {{{"op", "debug"}, {"categories", 4}}, "categories: must be a text"},
        {{{"op", "trace"}, {"on", "yes"}}, "on: must be true or false"},
        {{{"op", "plant-leak"}, {"kind", 1}}, "kind: must be a text"},
        {{{"op", "stop-at"}, {"target", "gpu0"}, {"ioctl", 1}, {"point", "p"}},
         "ioctl: must be a text"},
    };
    for (const auto& [request, told] : mistakes) EXPECT_THAT(error(request), StartsWith(told));
}

}  // namespace
}  // namespace plugboard::daemon
