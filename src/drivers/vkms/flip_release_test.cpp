// A flip happens although what it takes off the screen is still being composed; who waits for it is
// told afterwards.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "drivers/vkms/test_board.h"
#include "drm/atomic/commit_worker.h"
#include "drm/sync/sync_file.h"
#include "tests/support/comes_true.h"

namespace plugboard::vkms {
namespace {

using namespace std::chrono_literals;

/// A picture that is composed for a writeback job, until the test says that it is done.
class FlipRelease : public testing::Test {
  protected:
    static constexpr uint32_t width = 64, height = 48;

    void SetUp() override {
        const drm_mode_modeinfo mode =
            drm::Mode::cvt(width, height, 60).to_user(drm::AspectBits::Hide);
        ASSERT_EQ(client_.turn_on(crtc_, writeback_, mode, client_.planes[0], make()), 0)
            << client_.reason();
        int32_t slot = -1;
        ASSERT_EQ(client_.atomic(
                      {{writeback_, "WRITEBACK_FB_ID", make()},
                       {writeback_, "WRITEBACK_OUT_FENCE_PTR", reinterpret_cast<uint64_t>(&slot)}},
                      DRM_MODE_ATOMIC_NONBLOCK),
                  0)
            << client_.reason();
        const UniqueFd fd(slot);
        const auto done = board_.model.service<drm::SpecialFiles>().import_fence(fd);
        ASSERT_TRUE(done.ok());
        (*done)->on_signal([this] {  // on the thread that composes
            is_composing_ = true;
            while (!may_end_) std::this_thread::yield();
        });
        next_vblank();
        ASSERT_TRUE(tests::comes_true([this] { return is_composing_.load(); }));
    }
    ~FlipRelease() override {
        may_end_ = true;
        board_.unplug();  // or what is shown would wait for a vblank to go
    }

    uint32_t make() { return client_.make_mapped_buffer(width, height, DRM_FORMAT_XRGB8888, 4).fb; }
    drm::Vblank& vblank() { return drm_->mode_config().crtcs[0]->vblank(); }
    drm::atomic::CommitWorker& worker() { return drm_->mode_config().worker(); }
    void next_vblank() {
        ASSERT_TRUE(tests::comes_true([this] { return worker().is_idle(); }));
        const uint64_t before = vblank().current().sequence;
        clock_.advance(vblank().period());
        ASSERT_TRUE(tests::comes_true([&] { return vblank().current().sequence == before + 1; }));
    }
    /// A flip, and the vblank at which it is.
    uint64_t flip() {
        drm_mode_crtc_page_flip flip{};
        flip.crtc_id = crtc_;
        flip.fb_id = make();
        flip.flags = DRM_MODE_PAGE_FLIP_EVENT;
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, &flip), 0) << client_.reason();
        const uint64_t flips = worker().flip_log().total();
        next_vblank();
        EXPECT_TRUE(tests::comes_true([&] { return worker().flip_log().total() == flips + 1; }));
        return vblank().current().sequence;
    }
    /// Of the one event that comes.
    uint64_t told_sequence() {
        EXPECT_TRUE(tests::comes_true([this] { return client_.events().unread() != 0; }));
        const auto events = client_.events().take();
        EXPECT_EQ(events.size(), 1u);
        drm_event_vblank event{};
        if (!events.empty()) std::memcpy(&event, events[0].data(), sizeof(event));
        return event.sequence;
    }

    FakeClock clock_;
    TestBoard board_{Config{}, clock_};
    const Ref<drm::Device> drm_ = board_.drm();
    TestClient client_{*drm_};
    const uint32_t crtc_ = client_.crtcs[0], writeback_ = client_.connectors[1];
    std::atomic<bool> is_composing_{false}, may_end_{false};
};

TEST_F(FlipRelease, is_told_once_the_old_picture_is_composed) {
    const uint64_t at = flip();
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(client_.events().unread(), 0u);
    may_end_ = true;
    EXPECT_EQ(told_sequence(), at);
}

TEST_F(FlipRelease, is_told_when_the_card_is_pulled_meanwhile) {
    const uint64_t at = flip();
    std::thread unplug([this] { board_.unplug(); });
    EXPECT_EQ(told_sequence(), at);
    may_end_ = true;  // the driver ends only now
    unplug.join();
    EXPECT_EQ(client_.events().unread(), 0u);
}

}  // namespace
}  // namespace plugboard::vkms
