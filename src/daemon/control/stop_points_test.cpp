#include "daemon/control/stop_points.h"

#include <drm.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"
#include "uapi/ioctl_table.h"

namespace plugboard::daemon {
namespace {

class StopPointsTest : public testing::Test {
  protected:
    void SetUp() override {
        auto board = Board::create(Config{}, folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
        stops_.emplace(board_->slots());
    }
    void TearDown() override {
        stops_.reset();
        if (board_) board_->end();
        board_.reset();
    }
    /// As a request on gpu0 would.
    void reach(uint32_t command, drm::StopPoint point) {
        const auto card = board_->slots().find_card("gpu0");
        ASSERT_TRUE(card.ok() && card.value().drm);
        (*drm::stop_hook.load())(**card.value().drm, *uapi::find_ioctl(_IOC_NR(command)), point);
    }
    bool is_plugged() { return board_->slots().find_card("gpu0").value().device.has_value(); }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
    std::optional<StopPoints> stops_;
};

TEST_F(StopPointsTest, pull_the_card_at_that_request_and_point_once) {
    ASSERT_TRUE(stops_->arm("gpu0", "DRM_IOCTL_GET_CAP", "copy").ok());
    reach(DRM_IOCTL_VERSION, drm::StopPoint::AfterCopy);
    reach(DRM_IOCTL_GET_CAP, drm::StopPoint::Entry);
    EXPECT_TRUE(is_plugged());
    reach(DRM_IOCTL_GET_CAP, drm::StopPoint::AfterCopy);
    EXPECT_FALSE(is_plugged());
    ASSERT_TRUE(board_->slots().plug("gpu0").ok());
    reach(DRM_IOCTL_GET_CAP, drm::StopPoint::AfterCopy);
    EXPECT_TRUE(is_plugged());
    EXPECT_EQ(stops_->count(), 1u);
}

TEST_F(StopPointsTest, of_a_card_that_was_pulled_do_not_hit_the_next_one_in_its_slot) {
    ASSERT_TRUE(stops_->arm("gpu0", "GET_CAP", "entry").ok());
    ASSERT_TRUE(board_->slots().unplug("gpu0").ok());
    ASSERT_TRUE(board_->slots().plug("gpu0").ok());
    reach(DRM_IOCTL_GET_CAP, drm::StopPoint::Entry);
    EXPECT_TRUE(is_plugged());
    EXPECT_EQ(stops_->count(), 0u);
}

TEST_F(StopPointsTest, in_the_wait_of_a_request_that_never_waits_are_refused) {
    const auto refused = stops_->arm("gpu0", "GET_CAP", "wait");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.problem().message, "GET_CAP never waits");
    EXPECT_NE(refused.problem().remedy.find("MODE_ATOMIC"), std::string::npos);
    EXPECT_TRUE(stops_->arm("gpu0", "WAIT_VBLANK", "wait").ok());
}

TEST_F(StopPointsTest, of_an_empty_slot_are_refused) {
    ASSERT_TRUE(board_->slots().unplug("gpu0").ok());
    EXPECT_EQ(stops_->arm("gpu0", "GET_CAP", "entry").problem().message, "gpu0 is not plugged");
}

}  // namespace
}  // namespace plugboard::daemon
