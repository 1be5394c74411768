#include "daemon/control/fault_command.h"

#include <drm.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/wait.h"
#include "tests/support/drm_client.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

class FaultCommand : public testing::Test {
  protected:
    void SetUp() override {
        Config config;
        CardConfig vgem{.name = "gpu1", .driver = "vgem"};
        config.cards.push_back(vgem);
        auto board = Board::create(config, folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
        add_fault_command(commands_, *board_);
    }
    void TearDown() override {
        if (board_) board_->end();
    }
    json ask(const std::string& action, json more = json::object(),
             const std::string& target = "gpu0") {
        more.update({{"op", "fault"}, {"target", target}, {"action", action}});
        ThreadSleeper caller(Clock::real());
        return commands_.answer(more.dump(), caller).body;
    }
    json add(const json& fault, const std::string& target = "gpu0") {
        return ask("add", {{"fault", fault}}, target);
    }
    int get_cap() {
        tests::Client client(**board_->slots().find_card("gpu0").value().drm);
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        return client.ioctl(DRM_IOCTL_GET_CAP, cap);
    }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
    Commands commands_;
};

TEST_F(FaultCommand, plants_a_fault_that_it_lists_and_clears) {
    EXPECT_EQ(add({{"ioctl", "GET_CAP"}, {"call", 2}, {"errno", "EBUSY"}})["id"], 1);
    EXPECT_EQ(add({{"vblank", "lost"}, {"every", "10"}})["id"], 2);
    EXPECT_EQ(get_cap(), 0);
    EXPECT_EQ(get_cap(), EBUSY);
    const json faults = ask("list")["faults"];
    ASSERT_EQ(faults.size(), 2u);
    EXPECT_EQ(
        faults[0],
        json(
            {{"id", 1}, {"text", "ioctl=GET_CAP errno=EBUSY call=2"}, {"events", 2}, {"hits", 1}}));
    EXPECT_EQ(faults[1]["text"], "vblank=lost every=10");
    EXPECT_EQ(ask("clear", {{"id", 1}})["ok"], true);
    EXPECT_EQ(ask("list")["faults"].size(), 1u);
    EXPECT_EQ(ask("clear")["ok"], true);
    EXPECT_EQ(ask("list")["faults"].size(), 0u);
}

TEST_F(FaultCommand, refuses_what_the_card_has_not) {
    const auto error = [](const json& answer) { return answer.value("error", "none"); };
    EXPECT_EQ(error(add({{"ioctl", "MAKE_TEA"}, {"errno", "EIO"}})),
              "ioctl: there is no ioctl \"MAKE_TEA\"");
    EXPECT_EQ(error(add({{"vblank", "lost"}, {"crtc", 1}})), "crtc: there is no CRTC 1");
    EXPECT_EQ(error(add({{"link", "DP-1"}})), "link: there is no connector \"DP-1\"");
    EXPECT_EQ(add({{"link", "DP-1"}})["remedy"], "the card has Virtual-1");
    EXPECT_EQ(error(add({{"vblank", "lost"}}, "gpu1")), "the card has no vblanks, flips and links");
    EXPECT_EQ(add({{"ioctl", "GEM_CLOSE"}, {"errno", "EIO"}}, "gpu1")["ok"], true);
    EXPECT_EQ(error(ask("clear", {{"id", 7}})), "there is no fault 7");
    EXPECT_EQ(error(ask("forget")), "nothing can be done with faults by \"forget\"");
    EXPECT_EQ(ask("add")["ok"], false);
    EXPECT_EQ(add("ioctl")["ok"], false);
    EXPECT_EQ(ask("list", {}, "gpu9")["ok"], false);
}

TEST_F(FaultCommand, names_the_member_that_is_missing_or_wrong) {
    const auto error = [](const json& answer) { return answer.value("error", "none"); };
    EXPECT_EQ(error(ask("add")), "/: has no \"fault\"");
    EXPECT_EQ(error(add(5)), "fault: must be an object");
    EXPECT_EQ(error(add({{"ioctl", json::array()}})), "fault.ioctl: must be a text or a number");
    for (const json& id : {json(-1), json(1.5), json("1"), json(nullptr)})
        EXPECT_EQ(error(ask("clear", {{"id", id}})),
                  "id: must be a whole number up to 18446744073709551615");
    EXPECT_EQ(add({{"ioctl", "GET_CAP"}, {"errno", "EIO"}})["id"], 1);
    EXPECT_EQ(ask("clear", {{"id", nullptr}})["ok"], false);
    EXPECT_EQ(ask("list")["faults"].size(), 1u);
    ThreadSleeper caller(Clock::real());
    EXPECT_EQ(error(commands_.answer(R"({"op": "fault", "action": 1})", caller).body),
              "action: must be a text");
}

TEST_F(FaultCommand, faults_go_with_the_card) {
    add({{"ioctl", "GET_CAP"}, {"errno", "EBUSY"}});
    ASSERT_TRUE(board_->slots().unplug("gpu0").ok());
    EXPECT_EQ(ask("list")["error"], "gpu0 is not there");
    ASSERT_TRUE(board_->slots().plug("gpu0").ok());
    EXPECT_EQ(ask("list")["faults"].size(), 0u);
    EXPECT_EQ(get_cap(), 0);
}

}  // namespace
}  // namespace plugboard::daemon
