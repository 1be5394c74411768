// Writeback: composed frames land in a client's buffer, and the fence says when.
#include <gtest/gtest.h>
#include <poll.h>

#include <cstring>

#include "drivers/vkms/screenshot.h"
#include "drivers/vkms/test_board.h"
#include "drm/objects/mode.h"
#include "tests/support/pictures.h"

namespace plugboard::vkms {
namespace {

constexpr int patience_ms = 5000;

bool becomes_readable(int fd) {
    pollfd poll_for{.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&poll_for, 1, patience_ms) == 1;
}

class Writeback : public ::testing::Test {
  protected:
    static constexpr uint32_t width = 160, height = 120;

    void SetUp() override {
        source_ = make();
        tests::draw_pattern(DRM_FORMAT_XRGB8888, width, height, source_.dumb.pitch, source_.bytes);
        target_ = make();
    }
    DumbBuffer make() { return client_.make_mapped_buffer(width, height, DRM_FORMAT_XRGB8888, 4); }
    std::vector<Setting> job(const DumbBuffer& target) {
        return {{connector_, "WRITEBACK_FB_ID", target.fb},
                {connector_, "WRITEBACK_OUT_FENCE_PTR", reinterpret_cast<uint64_t>(&fence_)}};
    }
    int turn_on_with(const std::vector<Setting>& more) {
        auto settings =
            TestClient::place(client_.planes[0], crtc_, source_.fb, {0, 0, width, height});
        settings.push_back({connector_, "CRTC_ID", crtc_});
        settings.push_back({crtc_, "MODE_ID", client_.add_mode_blob(mode_)});
        settings.push_back({crtc_, "ACTIVE", 1});
        settings.insert(settings.end(), more.begin(), more.end());
        return client_.atomic(settings, DRM_MODE_ATOMIC_ALLOW_MODESET);
    }
    /// The number of pixels whose colour is not the source's.
    size_t differences(const DumbBuffer& target) const {
        size_t count = 0;
        for (size_t i = 0; i < target.bytes.size(); i += 4)
            count += std::memcmp(&target.bytes[i], &source_.bytes[i], 3) != 0;
        return count;
    }
    /// The fence that the last job left here.
    UniqueFd take_fence() { return UniqueFd(std::exchange(fence_, -1)); }

    TestBoard board_;
    MaybeRef<drm::Device> drm_ = board_.drm();
    TestClient client_{**drm_};
    uint32_t crtc_ = client_.crtcs[0];
    uint32_t connector_ = client_.connectors[1];
    drm_mode_modeinfo mode_ = drm::Mode::cvt(width, height, 60).to_user(drm::AspectBits::Hide);
    DumbBuffer source_, target_;
    int fence_ = -1;
};

TEST_F(Writeback, job_of_the_commit_that_turns_on_is_done_at_the_first_vblank) {
    ASSERT_EQ(turn_on_with(job(target_)), 0);
    const UniqueFd fence = take_fence();
    ASSERT_TRUE(becomes_readable(fence.borrow()));
    EXPECT_EQ(differences(target_), 0U);
}

TEST_F(Writeback, job_on_a_running_crtc_shows_that_commit) {
    ASSERT_EQ(turn_on_with({}), 0);
    ASSERT_EQ(client_.atomic(job(target_), 0), 0);
    const UniqueFd fence = take_fence();
    ASSERT_TRUE(becomes_readable(fence.borrow()));
    EXPECT_EQ(differences(target_), 0U);
}

TEST_F(Writeback, two_jobs_are_both_done) {
    const DumbBuffer second = make();
    ASSERT_EQ(turn_on_with(job(target_)), 0);
    const UniqueFd first_fence = take_fence();
    ASSERT_EQ(client_.atomic(job(second), 0), 0);
    const UniqueFd second_fence = take_fence();
    EXPECT_TRUE(becomes_readable(first_fence.borrow()));
    EXPECT_TRUE(becomes_readable(second_fence.borrow()));
    EXPECT_EQ(differences(target_), 0U);
    EXPECT_EQ(differences(second), 0U);
}

TEST_F(Writeback, job_is_done_although_the_crtc_goes_off_at_once) {
    ASSERT_EQ(turn_on_with(job(target_)), 0);
    ASSERT_EQ(client_.turn_off(crtc_, connector_, client_.planes[0]), 0);
    const UniqueFd fence = take_fence();
    EXPECT_TRUE(becomes_readable(fence.borrow()));
    EXPECT_EQ(differences(target_), 0U);
}

TEST_F(Writeback, unplug_ends_a_job) {
    ASSERT_EQ(turn_on_with({}), 0);
    ASSERT_EQ(client_.atomic(job(target_), DRM_MODE_ATOMIC_NONBLOCK), 0);
    const UniqueFd fence = take_fence();
    drm_.reset();
    board_.unplug();
    EXPECT_TRUE(becomes_readable(fence.borrow()));
}

TEST_F(Writeback, screenshot_is_what_is_shown) {
    ASSERT_EQ(turn_on_with({}), 0);
    const auto image = screenshot(**drm_, 0);
    ASSERT_TRUE(image.ok());
    EXPECT_EQ(image->width, width);
    EXPECT_EQ(image->height, height);
    ASSERT_EQ(image->rgb.size(), size_t{3} * width * height);
    const size_t pixel = size_t{height / 2} * width + 17;
    EXPECT_EQ(image->rgb[pixel * 3], static_cast<uint8_t>(source_.bytes[pixel * 4 + 2]));
    EXPECT_EQ(image->rgb[pixel * 3 + 1], static_cast<uint8_t>(source_.bytes[pixel * 4 + 1]));
    EXPECT_EQ(image->rgb[pixel * 3 + 2], static_cast<uint8_t>(source_.bytes[pixel * 4]));
}

TEST_F(Writeback, screenshot_of_a_crtc_that_is_off_is_EIO) {
    const auto image = screenshot(**drm_, 0);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error(), Errno::Io);
}

TEST_F(Writeback, screenshot_of_no_crtc_is_EINVAL) {
    const auto image = screenshot(**drm_, 1);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error(), Errno::Inval);
}

TEST_F(Writeback, screenshot_after_unplug_is_ENODEV) {
    ASSERT_EQ(turn_on_with({}), 0);
    board_.unplug();
    const auto image = screenshot(**drm_, 0);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error(), Errno::NoDev);
    client_.close();
    drm_.reset();
}

}  // namespace
}  // namespace plugboard::vkms
