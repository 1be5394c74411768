#include <gtest/gtest.h>

#include "device/mock_device.h"
#include "drm/minors.h"
#include "examples/client.h"
#include "examples/small_screen/driver.h"
#include "examples/small_screen/story.h"

namespace plugboard::small {
namespace {

TEST(SmallScreenStory, is_told) {
    EXPECT_EQ(tell_small_screen(), R"(The driver small was probed on screen0 and published card0.
A client opens it. Its screen has the mode 1024x768 at 60 Hz.
The glass is dark.
The client draws blue: done.
The glass has 786432 pixels of 0x0000ff, 0 others.
The client draws a larger picture: EINVAL.
The glass has 786432 pixels of 0x0000ff, 0 others.
The driver is unbound. The client draws green: ENODEV.
The glass is dark.
The client closes its file; the device is deleted.
Left behind: nothing.
)");
}

struct SmallScreen : ::testing::Test {
    static device::MockOptions options(Glass* glass) {
        device::MockOptions options;
        options.info.platform_data = glass;
        return options;
    }
    Glass glass;
    Driver driver;
};

TEST_F(SmallScreen, is_not_bound_without_glass) {
    device::MockDevice screen(driver);
    EXPECT_FALSE(screen.device().is_bound());
}

TEST_F(SmallScreen, refuses_a_mode_that_is_too_fast) {
    device::MockDevice screen(driver, options(&glass));
    const auto drm = *drm::find_device(screen.model(), drm::NodeType::Primary, 0);
    const auto client = examples::Client::open(*drm).value();
    const auto picture = client->make_buffer(1024, 768).value();
    const auto fast = drm::Mode::cvt(1024, 768, 75).to_user(drm::AspectBits::Hide);
    const auto shown = client->show(picture, fast);
    ASSERT_FALSE(shown.ok());
    EXPECT_EQ(shown.error(), Errno::Range);
    EXPECT_TRUE(glass.pixels.empty());
}

TEST_F(SmallScreen, probe_that_fails_at_any_step_leaves_nothing) {
    device::MockDevice screen(driver, options(&glass));
    unsigned failing = 1;
    for (bool bound = false; !bound; failing++) {
        ASSERT_LT(failing, 20U);
        if (screen.device().is_bound()) {
            ASSERT_TRUE(screen.bus().unbind("mock0", "small").ok());
        }
        screen.model().fail_nth_step(failing);
        bound = screen.bus().bind("mock0", "small").ok();
    }
    screen.model().fail_nth_step(0);
    EXPECT_GT(failing, 3U);
    EXPECT_EQ(screen.finish(), "");
}

}  // namespace
}  // namespace plugboard::small
