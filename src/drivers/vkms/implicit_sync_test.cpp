// A buffer that one card draws in and another shows.
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

#include "base/unique_fd.h"
#include "drivers/both_drivers.h"
#include "drivers/vkms/test_board.h"
#include "drm/sync/sync_file.h"
#include "tests/support/threads.h"
#include "uapi/vgem_drm.h"

namespace plugboard::vkms {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A vkms that is lit, a vgem, and a buffer of vgem's that vkms has a framebuffer of.
class ImplicitSync : public testing::Test {
  protected:
    ImplicitSync() {
        const DumbBuffer first = screen_->make_mapped_buffer(1024, 768, DRM_FORMAT_XRGB8888, 4);
        EXPECT_EQ(screen_->turn_on(crtc(), screen_->connectors[0],
                                   screen_->probe(screen_->connectors[0])[0], plane(), first.fb),
                  0);
        fb_ = screen_->add_fb_of(screen_->import(painter_->share(handle_)), 1024, 768);
    }
    ~ImplicitSync() override {
        fence_.reset();
        painter_.reset();
        vkms_->del();  // first: a close of what is shown would wait for a vblank
        screen_.reset();
        vgem_->del();
    }

    uint32_t crtc() const { return screen_->crtcs[0]; }
    uint32_t plane() const { return screen_->planes[0]; }
    /// vgem starts to write to the buffer.
    void start_drawing() {
        drm_vgem_fence_attach attach{
            .handle = handle_, .flags = VGEM_FENCE_WRITE, .out_fence = 0, .pad = 0};
        ASSERT_EQ(painter_->ioctl(DRM_IOCTL_VGEM_FENCE_ATTACH, attach), 0) << painter_->reason();
        drawing_ = attach.out_fence;
    }
    int finish_drawing() {
        drm_vgem_fence_signal signal{.fence = drawing_, .flags = 0};
        return painter_->ioctl(DRM_IOCTL_VGEM_FENCE_SIGNAL, signal);
    }

    /// Shows the buffer and asks for an event.
    void flip() {
        ASSERT_EQ(screen_->atomic({{plane(), "FB_ID", fb_}},
                                  DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT),
                  0)
            << screen_->reason();
    }
    void pass(Nanos time) {
        clock_.advance(time);
        tests::wait_until_others_sleep();
    }
    /// Two frames later.
    bool has_flipped() {
        tests::wait_until_others_sleep();
        pass(milliseconds(17));
        pass(milliseconds(17));
        return screen_->events().unread() == sizeof(drm::EventBytes);
    }

    FakeClock clock_;
    tests::BothDrivers machine_{clock_};
    const Ref<device::Device> vkms_ = machine_.plug_vkms({}), vgem_ = machine_.plug_vgem();
    std::unique_ptr<tests::Client> painter_ =
        std::make_unique<tests::Client>(*machine_.card_on(*vgem_));
    std::unique_ptr<TestClient> screen_ = std::make_unique<TestClient>(*machine_.card_on(*vkms_));
    uint32_t fb_ = 0;
    MaybeRef<drm::Fence> fence_;

  private:
    const uint32_t handle_ = painter_->make_buffer();
    uint32_t drawing_ = 0;
};

TEST_F(ImplicitSync, flip_of_what_is_drawn_waits_until_it_is) {
    start_drawing();
    flip();
    EXPECT_FALSE(has_flipped());
    EXPECT_EQ(finish_drawing(), 0);
    EXPECT_TRUE(has_flipped());
}

TEST_F(ImplicitSync, flip_waits_ten_seconds_for_who_never_finishes) {
    start_drawing();
    flip();
    EXPECT_FALSE(has_flipped());
    pass(seconds(9));
    EXPECT_FALSE(has_flipped());
    pass(seconds(1));
    EXPECT_TRUE(has_flipped());
    EXPECT_EQ(finish_drawing(), ETIMEDOUT);
}

TEST_F(ImplicitSync, end_of_who_draws_lets_the_flip_go) {
    start_drawing();
    flip();
    EXPECT_FALSE(has_flipped());
    painter_.reset();
    EXPECT_TRUE(has_flipped());
}

TEST_F(ImplicitSync, unplug_of_the_card_that_draws_lets_the_flip_go) {
    start_drawing();
    flip();
    EXPECT_FALSE(has_flipped());
    vgem_->del();
    EXPECT_TRUE(has_flipped());
}

TEST_F(ImplicitSync, unplug_of_the_card_that_shows_waits_for_nobody) {
    start_drawing();
    flip();
    EXPECT_FALSE(has_flipped());
    vkms_->del();
    EXPECT_EQ(screen_->events().unread(), sizeof(drm::EventBytes));
    EXPECT_EQ(finish_drawing(), 0);
}

TEST_F(ImplicitSync, fence_that_is_given_counts_alone) {
    fence_ = drm::Fence::create(
        clock_,
        {.context = drm::next_fence_context(), .seqno = 1, .driver = "test", .timeline = "test"});
    const UniqueFd given =
        machine_.model.service<drm::SpecialFiles>().export_fence(*fence_).value();
    start_drawing();
    ASSERT_EQ(screen_->atomic({{plane(), "FB_ID", fb_},
                               {plane(), "IN_FENCE_FD", static_cast<uint64_t>(given.borrow())}},
                              DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT),
              0)
        << screen_->reason();
    EXPECT_FALSE(has_flipped());
    (*fence_)->signal();
    EXPECT_TRUE(has_flipped());
    EXPECT_EQ(finish_drawing(), 0) << "it was still drawing";
}

}  // namespace
}  // namespace plugboard::vkms
