#include "drivers/vkms/driver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "drivers/vkms/frame_worker.h"
#include "drivers/vkms/test_board.h"
#include "drm/sync/sync_file.h"
#include "tests/support/shortage.h"

namespace plugboard::vkms {
namespace {

size_t open_fds() {
    const std::filesystem::directory_iterator fds("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(fds), end(fds)));
}

TEST(Driver, probe_that_fails_at_any_step_leaves_nothing) {
    device::Model model;
    Driver driver;
    ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
    (void)model.service<drm::SpecialFiles>();
    const size_t objects = live_object_count();
    const size_t fds = open_fds();
    unsigned failures = 0;
    for (bool bound = false; !bound; ++failures) {
        ASSERT_LT(failures, 20U);
        model.fail_nth_step(failures + 1);
        const auto device = model.add_platform_device(TestBoard::info({}));
        ASSERT_TRUE(device.ok());
        bound = (*device)->is_bound();
        (*device)->del();
    }
    model.fail_nth_step(0);
    EXPECT_EQ(failures, 5U + 3U + FrameWorker::hands_of_machine() + 1U)
        << "manage(), threads, hands, and the probe that succeeds";
    EXPECT_EQ(live_object_count(), objects);
    EXPECT_EQ(open_fds(), fds);
    ASSERT_TRUE(model.platform_bus().remove_driver(driver).ok());
}

TEST(Driver, probe_without_a_thread_fails_and_the_next_one_works) {
    TestBoard board;
    device::Bus& bus = board.model.platform_bus();
    ASSERT_TRUE(bus.unbind("vkms", "vkms").ok());
    {
        const tests::NoThreads none;
        EXPECT_EQ(bus.bind("vkms", "vkms").error(), Errno::Again);
    }
    EXPECT_EQ((*board.device)->devres().size(), 0U);
    EXPECT_TRUE(bus.bind("vkms", "vkms").ok());
}

TEST(Driver, first_commit_needs_no_new_thread) {
    TestBoard board;
    TestClient client(*board.drm());
    const DumbBuffer buffer = client.make_mapped_buffer(1024, 768, DRM_FORMAT_XRGB8888, 4);
    const tests::NoThreads none;
    EXPECT_EQ(client.turn_on(client.crtcs[0], client.connectors[0],
                             client.probe(client.connectors[0])[0], client.planes[0], buffer.fb),
              0);
}

TEST(Driver, refuses_a_config_that_is_not_valid) {
    device::Model model;
    Driver driver;
    ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
    Config config;
    config.overlays = 1;
    const auto device = model.add_platform_device(TestBoard::info(config));
    ASSERT_TRUE(device.ok());
    EXPECT_FALSE((*device)->is_bound());
    (*device)->del();
    ASSERT_TRUE(model.platform_bus().remove_driver(driver).ok());
}

TEST(Driver, refuses_data_that_is_no_config) {
    device::Model model;
    Driver driver;
    ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
    device::DeviceInfo info = TestBoard::info({});
    info.platform_data = std::string("vkms");
    const auto device = model.add_platform_device(info);
    ASSERT_TRUE(device.ok());
    EXPECT_FALSE((*device)->is_bound());
    (*device)->del();
    ASSERT_TRUE(model.platform_bus().remove_driver(driver).ok());
}

TEST(Driver, works_without_a_config) {
    device::Model model;
    Driver driver;
    ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
    device::DeviceInfo info = TestBoard::info({});
    info.platform_data.reset();
    const auto device = model.add_platform_device(info);
    ASSERT_TRUE(device.ok());
    EXPECT_TRUE((*device)->is_bound());
    (*device)->del();
    ASSERT_TRUE(model.platform_bus().remove_driver(driver).ok());
}

TEST(Driver, unplug_of_a_running_card_leaves_nothing) {
    const size_t objects = live_object_count();
    {
        TestBoard board;
        auto drm = std::make_optional(board.drm());
        TestClient client(**drm);
        const DumbBuffer buffer = client.make_mapped_buffer(1024, 768, DRM_FORMAT_XRGB8888, 4);
        ASSERT_EQ(
            client.turn_on(client.crtcs[0], client.connectors[0],
                           client.probe(client.connectors[0])[0], client.planes[0], buffer.fb),
            0);
        board.unplug();
        drm_mode_card_res all{};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, &all), ENODEV);
        client.close();
        drm.reset();
    }
    EXPECT_EQ(live_object_count(), objects);
}

TEST(Driver, card_that_is_deleted_while_somebody_has_it_open_is_in_no_loop) {
    std::string told;
    auto before = log::set_sink([&](log::Category, std::string_view line) { told += line; });
    {
        device::Model model(Clock::real(), {.check_loops_at_del = true});
        Driver driver;
        ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
        const auto device = model.add_platform_device(TestBoard::info({}));
        ASSERT_TRUE(device.ok());
        const auto drm = drm::find_device(model, drm::NodeType::Primary, 0);
        const TestClient client(**drm);
        (*device)->del();  // and with it the nodes below, each of which looks for loops
        ASSERT_TRUE(model.platform_bus().remove_driver(driver).ok());
    }
    log::set_sink(std::move(before));
    EXPECT_EQ(told, "");
}

TEST(Driver, can_be_bound_again) {
    TestBoard board;
    device::Bus& bus = board.model.platform_bus();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(bus.unbind("vkms", "vkms").ok());
        ASSERT_TRUE(bus.bind("vkms", "vkms").ok());
        EXPECT_TRUE((*board.device)->is_bound());
    }
}

TEST(Driver, two_crtcs_flip_independently) {
    Config config;
    config.screens.resize(2);
    config.screens[0].mode = config.screens[1].mode = ScreenMode{.width = 320, .height = 240};
    TestBoard board(config);
    TestClient client(*board.drm());
    const DumbBuffer buffer = client.make_mapped_buffer(320, 240, DRM_FORMAT_XRGB8888, 4);
    for (size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(
            client.turn_on(client.crtcs[i], client.connectors[i],
                           client.probe(client.connectors[i])[0], client.planes[i], buffer.fb),
            0);
    }
    for (size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(
            client.atomic({{client.planes[i], "FB_ID", buffer.fb}}, DRM_MODE_PAGE_FLIP_EVENT, i),
            0);
        const auto events = client.events().take();
        ASSERT_EQ(events.size(), 1U);
        drm_event_vblank flip{};
        std::memcpy(&flip, &events[0], sizeof(flip));
        EXPECT_EQ(flip.crtc_id, client.crtcs[i]);
    }
}

}  // namespace
}  // namespace plugboard::vkms
