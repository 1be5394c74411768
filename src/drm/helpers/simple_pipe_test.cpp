#include "drm/helpers/simple_pipe.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "device/mock_device.h"
#include "drm/vblank/vblank_timer.h"
#include "tests/support/drm_client.h"
#include "tests/support/drm_modes.h"

namespace plugboard::drm {
namespace {

/// Takes notes; refuses other modes than 1024x768.
class NotingPipe final : public SimplePipe {
  public:
    NotingPipe(Device& device, std::vector<std::string>& notes)
        : SimplePipe(device, {.modes = {Mode::cvt(1024, 768, 60), Mode::cvt(640, 480, 60)},
                              .formats = {DRM_FORMAT_XRGB8888}}),
          notes_(notes) {}

  private:
    Result<void> accept(const PipeState& next) const override {
        return next.mode.size().width == 1024 ? Result<void>() : Errno::Range;
    }
    void show(const device::Bound&, const PipeState& next) override {
        notes_.push_back("show " + std::to_string(raw(next.fb.id())));
    }
    void turn_off(const device::Bound&) override { notes_.push_back("off"); }

    std::vector<std::string>& notes_;
};

struct SimplePipeTest : ::testing::Test {
    SimplePipeTest()
        : mock([this](device::Bound& bound) { return probe(bound); }),
          client(std::make_unique<tests::Client>(**drm)) {}
    ~SimplePipeTest() override {
        client.reset();
        drm.reset();
        EXPECT_EQ(mock.finish(), "");
    }

    Result<void> probe(device::Bound& bound) {
        drm = TRY(Device::create(bound, {.name = "pipe"}));
        (*drm)->manage<NotingPipe>(**drm, notes);
        TRY(bound.manage<VblankTimer>(**drm));
        return (*drm)->publish(bound);
    }
    int set_crtc(uint32_t fb, const drm_mode_modeinfo& mode) {
        uint32_t screen = raw((*drm)->mode_config().connectors[0]->id());
        drm_mode_crtc set{};
        set.crtc_id = crtc();
        set.fb_id = fb;
        set.set_connectors_ptr = reinterpret_cast<uint64_t>(&screen);
        set.count_connectors = 1;
        set.mode = mode;
        set.mode_valid = 1;
        return client->ioctl(DRM_IOCTL_MODE_SETCRTC, set);
    }
    int switch_off() {
        drm_mode_crtc set{};
        set.crtc_id = crtc();
        return client->ioctl(DRM_IOCTL_MODE_SETCRTC, set);
    }
    int set_plane(uint32_t fb, uint32_t width, uint32_t height) {
        drm_mode_set_plane set{};
        set.plane_id = raw((*drm)->mode_config().planes[0]->id());
        set.crtc_id = crtc();
        set.fb_id = fb;
        set.crtc_w = width;
        set.crtc_h = height;
        set.src_w = width << 16;
        set.src_h = height << 16;
        return client->ioctl(DRM_IOCTL_MODE_SETPLANE, set);
    }
    uint32_t crtc() { return raw((*drm)->mode_config().crtcs[0]->id()); }

    std::vector<std::string> notes;
    MaybeRef<Device> drm;
    device::MockDevice mock;
    std::unique_ptr<tests::Client> client;
};

using Notes = std::vector<std::string>;

TEST_F(SimplePipeTest, shows_what_is_committed_and_goes_off) {
    const uint32_t fb = client->add_fb();
    EXPECT_EQ(set_crtc(fb, tests::mode_1024x768()), 0) << client->reason();
    EXPECT_EQ(notes, Notes{"show " + std::to_string(fb)});
    EXPECT_EQ(switch_off(), 0) << client->reason();
    EXPECT_EQ(notes.back(), "off");
}

TEST_F(SimplePipeTest, flips) {
    ASSERT_EQ(set_crtc(client->add_fb(), tests::mode_1024x768()), 0);
    const uint32_t next = client->add_fb();
    EXPECT_EQ(set_plane(next, 1024, 768), 0) << client->reason();
    EXPECT_EQ(notes.back(), "show " + std::to_string(next));
}

TEST_F(SimplePipeTest, refuses_a_picture_of_another_size_than_the_mode) {
    EXPECT_EQ(set_crtc(client->add_fb(2048, 768), tests::mode_1024x768()), EINVAL);
    ASSERT_EQ(set_crtc(client->add_fb(), tests::mode_1024x768()), 0);
    EXPECT_EQ(set_plane(client->add_fb(), 512, 384), EINVAL);
    EXPECT_EQ(notes.size(), 1u);
}

TEST_F(SimplePipeTest, refuses_to_be_on_without_a_framebuffer) {
    ASSERT_EQ(set_crtc(client->add_fb(), tests::mode_1024x768()), 0);
    EXPECT_EQ(set_plane(0, 0, 0), EINVAL);
}

TEST_F(SimplePipeTest, refuses_what_its_driver_refuses) {
    EXPECT_EQ(set_crtc(client->add_fb(800, 600), tests::mode_800x600()), ERANGE);
    EXPECT_EQ(notes, Notes{});
}

TEST_F(SimplePipeTest, is_not_called_after_unplug) {
    mock.device().del();
    EXPECT_EQ(switch_off(), ENODEV);
    EXPECT_EQ(notes, Notes{});
}

}  // namespace
}  // namespace plugboard::drm
