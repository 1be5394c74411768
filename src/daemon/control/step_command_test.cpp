#include "daemon/control/step_command.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>

#include "drm/atomic/commit_worker.h"
#include "tests/support/comes_true.h"
#include "tests/support/drm_client.h"
#include "tests/support/drm_modes.h"
#include "tests/support/show_mode.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/threads.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

class StepCommand : public testing::Test {
  protected:
    void start(const Config& config) {
        folder_.emplace();
        auto board = Board::create(config, folder_->path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
    }
    void SetUp() override { start({.clock = "step"}); }
    void TearDown() override { end(); }
    void end() {
        client_.reset();
        if (board_) board_->end();
        board_.reset();
    }
    json step(const json& request) {
        ThreadSleeper caller(Clock::real());
        Commands commands;
        commands.add_waiting("step", [this](const JsonPlace& asked, Sleeper& sleeper) {
            return step_command(*board_, asked, sleeper);
        });
        json with_op = request;
        with_op["op"] = "step";
        return commands.answer(with_op.dump(), caller).body;
    }
    drm::Device& card() { return **board_->slots().all()[0].drm; }
    void turn_on() {
        client_ = std::make_unique<tests::Client>(card());
        tests::show_mode(*client_, card(), tests::mode_1024x768());
    }
    uint64_t sequence() { return card().mode_config().crtcs[0]->vblank().current().sequence; }
    int flip() {
        drm_mode_crtc_page_flip flip{};
        flip.crtc_id = drm::raw(card().mode_config().crtcs[0]->id());
        flip.fb_id = client_->add_fb();
        flip.flags = DRM_MODE_PAGE_FLIP_EVENT;
        return client_->ioctl(DRM_IOCTL_MODE_PAGE_FLIP, flip);
    }

    std::optional<tests::TemporaryFolder> folder_;
    std::unique_ptr<Board> board_;
    std::unique_ptr<tests::Client> client_;
};

TEST_F(StepCommand, is_refused_where_time_runs_by_itself) {
    end();
    start({});
    EXPECT_EQ(step(json::object()).value("error", ""), "this board's time runs by itself");
}

TEST_F(StepCommand, without_a_screen_that_is_on_moves_by_a_time_alone) {
    EXPECT_EQ(step({{"vblanks", 1}}).value("error", ""),
              "no screen is on, so nothing has a vblank");
    const Time before = board_->model().clock().now();
    const json answer = step({{"ms", 20}});
    EXPECT_EQ(board_->model().clock().now() - before, std::chrono::milliseconds(20));
    EXPECT_TRUE(answer.at("crtcs").empty());
}

TEST_F(StepCommand, refuses_what_is_no_number_of_ms_or_vblanks) {
    const Time before = board_->model().clock().now();
    for (const json& bad : {json(-5), json(1.9), json("20"), json(86'400'001), json(nullptr)})
        EXPECT_EQ(step({{"ms", bad}}).value("error", ""),
                  "ms: must be a whole number up to 86400000");
    for (const json& bad : {json(-1), json(nullptr)})
        EXPECT_EQ(step({{"vblanks", bad}}).value("error", ""),
                  "vblanks: must be a whole number up to 1000000");
    EXPECT_EQ(step({{"ms", 1}, {"vblanks", 1}}).value("error", ""), "ms: is there beside vblanks");
    EXPECT_EQ(board_->model().clock().now(), before);
}

TEST_F(StepCommand, moves_to_each_vblank_whether_or_not_somebody_waits) {
    turn_on();
    const uint64_t before = sequence();
    const json answer = step({{"vblanks", 3}});
    EXPECT_EQ(answer.at("crtcs").at(0).at("sequence"), before + 3);
    EXPECT_EQ(sequence(), before + 3);
}

TEST_F(StepCommand, a_flip_is_done_by_one_step_and_not_before) {
    turn_on();
    ASSERT_EQ(flip(), 0) << client_->reason();
    EXPECT_EQ(client_->events().unread(), 0U);
    EXPECT_EQ(flip(), EBUSY) << "the first one is not done";
    step({{"vblanks", 1}});
    EXPECT_EQ(client_->events().take().size(), 1U);
    EXPECT_EQ(flip(), 0) << client_->reason();
}

TEST_F(StepCommand, by_a_time_passes_all_vblanks_in_it) {
    turn_on();
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = drm::raw(card().mode_config().crtcs[0]->id());
    queue.flags = DRM_CRTC_SEQUENCE_RELATIVE;
    queue.sequence = 10;
    ASSERT_EQ(client_->ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, queue), 0) << client_->reason();
    step({{"ms", 100}});
    EXPECT_EQ(client_->events().unread(), 0U);
    step({{"ms", 100}});
    EXPECT_EQ(client_->events().take().size(), 1U);
}

TEST_F(StepCommand, ends_a_wait_for_a_vblank) {
    turn_on();
    auto waiter = std::async(std::launch::async, [&] {
        drm_wait_vblank wait{};
        wait.request.type = _DRM_VBLANK_RELATIVE;
        wait.request.sequence = 1;
        return client_->ioctl(DRM_IOCTL_WAIT_VBLANK, wait.request);
    });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(waiter));
    step({{"vblanks", 1}});
    EXPECT_EQ(waiter.get(), 0) << client_->reason();
}

TEST_F(StepCommand, is_not_needed_by_a_client_that_leaves_its_screen_on) {
    turn_on();
    client_.reset();
    EXPECT_EQ(card().files().size(), 0U);
    step({{"vblanks", 1}});
    EXPECT_TRUE(card().mode_config().worker().is_idle());
    EXPECT_EQ(card().mode_config().worker().pending_count(), 0U);
}

TEST_F(StepCommand, of_many_vblanks_ends_when_the_card_goes_meanwhile) {
    turn_on();
    // More than can be stepped while the card is pulled.
    auto steps = std::async(std::launch::async, [&] { return step({{"vblanks", 1'000'000}}); });
    const uint64_t before = sequence();
    EXPECT_TRUE(tests::comes_true([&] { return sequence() != before; }));
    EXPECT_TRUE(board_->slots().unplug("gpu0").ok());
    EXPECT_EQ(steps.get().value("error", ""), "no screen is on, so nothing has a vblank");
}

TEST_F(StepCommand, ends_when_the_card_has_gone) {
    turn_on();
    EXPECT_TRUE(board_->slots().unplug("gpu0").ok());
    EXPECT_EQ(step({{"vblanks", 1}}).value("error", ""),
              "no screen is on, so nothing has a vblank");
}

}  // namespace
}  // namespace plugboard::daemon
