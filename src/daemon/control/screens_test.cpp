// plug and unplug of a dock's ports by the control commands: its connectors come and go.
#include "daemon/control/screens.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "daemon/control/screen_commands.h"
#include "daemon/control/status.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

class DockCommands : public testing::Test {
  protected:
    void SetUp() override {
        const auto config = parse_toml(R"(
            [[card]]
            profile = "full"
            writeback = false
            [[card.screen]]
            connector = "DP-1"
            [[card.screen]]
            path = "mst:DP-1-8"
            connector = "DP-2"
        )",
                                       "board.toml");
        ASSERT_TRUE(config.ok()) << config.problem().headline();
        auto board = Board::create(config.value(), folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
        add_screen_commands(commands_, *board_);
    }
    void TearDown() override {
        if (board_) board_->end();
    }
    /// Empty: it was done.
    std::string error(json request) {
        ThreadSleeper caller(Clock::real());
        const json body = commands_.answer(request.dump(), caller).body;
        return body.value("ok", false) ? "" : body.dump();
    }
    std::string plug(const std::string& target, json how = json::object()) {
        how["op"] = "plug";
        how["target"] = target;
        return error(std::move(how));
    }
    std::string unplug(const std::string& target) {
        return error({{"op", "unplug"}, {"target", target}});
    }
    bool has(const std::string& path) const {
        return std::filesystem::exists(
            std::filesystem::symlink_status(board_->directory() + "/root" + path));
    }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
    Commands commands_;
};

TEST_F(DockCommands, plug_makes_the_connector_and_unplug_ends_it) {
    EXPECT_FALSE(has("/sys/class/drm/card0-DP-2"));
    EXPECT_TRUE(find_empty_dock(*board_, "gpu0/DP-2"));
    EXPECT_EQ(plug("gpu0/DP-2", {{"monitor", "hdr"}}), "");
    EXPECT_FALSE(find_empty_dock(*board_, "DP-2"));
    EXPECT_TRUE(has("/sys/class/drm/card0-DP-2"));
    EXPECT_TRUE(has("/sys/kernel/debug/dri/0/DP-2/force"));
    EXPECT_NE(plug("DP-2").find("a screen is plugged in"), std::string::npos);
    EXPECT_EQ(unplug("DP-2"), "");
    EXPECT_FALSE(has("/sys/class/drm/card0-DP-2"));
    EXPECT_FALSE(has("/sys/kernel/debug/dri/0/DP-2"));
    EXPECT_NE(unplug("DP-2").find("no screen is plugged in at gpu0/DP-2"), std::string::npos);
    EXPECT_EQ(plug("DP-2"), "") << "what was there last";
    EXPECT_TRUE(has("/sys/kernel/debug/dri/0/DP-2/force"));
}

TEST_F(DockCommands, first_screen_of_an_empty_port_is_the_usual_monitor) {
    EXPECT_EQ(plug("DP-2"), "");
    const auto screen = find_screen(*board_, "DP-2");
    ASSERT_TRUE(screen.ok());
    EXPECT_FALSE(plugged_screen(screen.value()).value().edid.empty());
}

TEST_F(DockCommands, leave_nothing_behind) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(plug("DP-2"), "");
        EXPECT_EQ(board_->leftovers().objects, 0u);
        EXPECT_EQ(unplug("DP-2"), "");
        EXPECT_EQ(board_->leftovers().objects, 0u);
    }
}

TEST_F(DockCommands, of_a_card_that_is_gone_are_refused) {
    EXPECT_TRUE(board_->slots().unplug("gpu0").ok());
    EXPECT_NE(plug("DP-2"), "");
    EXPECT_NE(plug("gpu0/DP-2"), "");
    EXPECT_TRUE(board_->slots().plug("gpu0").ok());
    EXPECT_EQ(plug("gpu0/DP-2", {{"mode", "1024x768"}}), "");
}

}  // namespace
}  // namespace plugboard::daemon
