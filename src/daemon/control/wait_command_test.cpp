#include "daemon/control/wait_command.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/wait.h"
#include "daemon/control/connection_sleeper.h"
#include "tests/support/drm_client.h"
#include "tests/support/drm_modes.h"
#include "tests/support/show_mode.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/threads.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

class WaitCommand : public testing::Test {
  protected:
    void SetUp() override {
        auto board = Board::create(Config{}, folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
    }
    void TearDown() override {
        if (board_) board_->end();
    }
    /// What it answers; a problem's words as "error".
    json wait(const json& request, Sleeper& caller) {
        try {
            auto answer = wait_command(*board_, JsonPlace(request, ""), caller);
            if (answer.ok()) return answer.value().body;
            return {{"error", answer.problem().headline()}};
        } catch (const Problem& problem) {
            return {{"error", problem.headline()}};
        }
    }
    json wait(const json& request) {
        ThreadSleeper caller(Clock::real());
        return wait(request, caller);
    }
    /// On a thread of its own, which sleeps in it when this returns.
    std::future<json> wait_elsewhere(const json& request, ThreadSleeper& caller) {
        auto answer =
            std::async(std::launch::async, [=, this, &caller] { return wait(request, caller); });
        tests::wait_until_others_sleep();
        EXPECT_FALSE(tests::is_ready(answer));
        return answer;
    }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
};

TEST_F(WaitCommand, for_what_is_so_already_does_not_wait) {
    const json answer = wait({{"for", "off"}, {"on", "Virtual-1"}});
    EXPECT_TRUE(answer.contains("ns")) << answer;
    EXPECT_FALSE(answer.contains("timed_out"));
}

TEST_F(WaitCommand, in_vain_says_what_there_is) {
    json answer = wait({{"for", "mode"}, {"timeout_ms", 0}});
    EXPECT_EQ(answer["timed_out"], true);
    EXPECT_EQ(answer["seen"], "gpu0/Virtual-1 off");
    answer = wait({{"for", "flips"}, {"count", 3}, {"timeout_ms", 0}});
    EXPECT_EQ(answer["seen"], "0 of 3 flips; gpu0/Virtual-1 off");
    EXPECT_EQ(wait({{"for", "open"}, {"timeout_ms", 0}})["seen"], "no open file");
    EXPECT_EQ(wait({{"for", "uevent"}, {"timeout_ms", 0}})["seen"], "no uevent");
}

TEST_F(WaitCommand, for_a_mode_ends_when_a_screen_that_is_on_gets_another) {
    const auto card = *board_->slots().all()[0].drm;
    tests::Client client(*card);
    tests::show_mode(client, *card, tests::mode_1024x768());
    ThreadSleeper caller(Clock::real());
    auto answer = wait_elsewhere({{"for", "mode"}, {"mode", "800x600"}}, caller);
    tests::show_mode(client, *card, tests::mode_800x600());
    const json body = answer.get();
    EXPECT_EQ(body.at("screen"), "gpu0/Virtual-1");
    EXPECT_EQ(body.at("refresh_hz"), 60);
}

TEST_F(WaitCommand, for_a_uevent_ends_with_the_one_that_was_asked_for) {
    ThreadSleeper caller(Clock::real());
    auto answer = wait_elsewhere({{"for", "uevent"}, {"key", "ACTION=remove"}}, caller);
    EXPECT_TRUE(board_->slots().unplug("gpu0").ok());
    const json body = answer.get();
    EXPECT_EQ(body.at("action"), "remove");
    EXPECT_EQ(body.at("keys").at("SUBSYSTEM"), "drm");
}

TEST_F(WaitCommand, for_flips_ends_when_the_card_is_pulled) {
    ThreadSleeper caller(Clock::real());
    auto answer = wait_elsewhere({{"for", "flips"}}, caller);
    EXPECT_TRUE(board_->slots().unplug("gpu0").ok());
    EXPECT_EQ(answer.get().at("error"), "gpu0 has gone after 0 of 1 flips");
}

TEST_F(WaitCommand, ends_when_nobody_waits_for_the_answer) {
    ThreadSleeper caller(Clock::real());
    auto answer = wait_elsewhere({{"for", "mode"}}, caller);
    caller.interrupt();
    EXPECT_EQ(answer.get().at("error"), "the board ends, or nobody waits any more");
}

TEST_F(WaitCommand, for_what_does_not_exist_is_a_problem) {
    EXPECT_EQ(wait({{"for", "rain"}}).at("error"), "nobody can wait for \"rain\"");
    EXPECT_EQ(wait({{"for", "mode"}, {"on", "DP-7"}}).at("error"), "there is no screen \"DP-7\"");
    EXPECT_EQ(wait({{"for", "mode"}, {"on", "gpu7/DP-1"}}).at("error"),
              "the board has no card \"gpu7\"");
}

TEST_F(WaitCommand, refuses_a_member_of_a_wrong_kind_by_its_name) {
    for (const json& bad : {json(-1), json(1.5), json("5"), json(nullptr)})
        EXPECT_EQ(wait({{"for", "rain"}, {"timeout_ms", bad}}).at("error"),
                  "timeout_ms: must be a whole number up to 4294967295");
    for (const auto& [name, kind] : {std::pair("for", "mode"),
                                     {"on", "mode"},
                                     {"mode", "mode"},
                                     {"value", "link-status"},
                                     {"key", "uevent"}}) {
        for (const json& bad : {json(5), json(nullptr)}) {
            json request = {{"for", kind}, {"timeout_ms", 0}};
            request[name] = bad;
            EXPECT_EQ(wait(request).value("error", ""), name + std::string(": must be a text"));
        }
    }
}

TEST_F(WaitCommand, leaves_nothing_behind) {
    const size_t objects = live_object_count();
    wait({{"for", "flips"}, {"timeout_ms", 0}});
    wait({{"for", "uevent"}, {"timeout_ms", 0}});
    EXPECT_EQ(live_object_count(), objects);
}

TEST(ConnectionSleeper, is_interrupted_when_the_peer_hangs_up_and_woken_before_that) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    auto event = ConnectionSleeper::make_event();
    ASSERT_TRUE(event.ok());
    ConnectionSleeper sleeper(ours.borrow(), event->borrow(), Clock::real());
    sleeper.wake();
    EXPECT_EQ(sleeper.sleep(std::nullopt, Interrupts::Allowed), Wakeup::Woken);
    EXPECT_EQ(sleeper.sleep(Clock::real().now(), Interrupts::Allowed), Wakeup::Deadline);
    theirs.reset();
    EXPECT_EQ(sleeper.sleep(std::nullopt, Interrupts::Allowed), Wakeup::Interrupted);
}

}  // namespace
}  // namespace plugboard::daemon
