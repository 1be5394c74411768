#include "drivers/mock/driver.h"

#include <gtest/gtest.h>

#include "base/ref.h"
#include "device/device.h"
#include "device/explainer/explainer.h"
#include "device/model.h"
#include "drivers/mock/device.h"
#include "drm/minors.h"

namespace plugboard::mock {
namespace {

device::DeviceInfo named_mock() {
    device::DeviceInfo info;
    info.name = "mock";
    return info;
}

class MockDriver : public ::testing::Test {
  protected:
    MockDriver() { EXPECT_TRUE(model_.platform_bus().add_driver(driver_).ok()); }
    ~MockDriver() override { EXPECT_TRUE(model_.platform_bus().remove_driver(driver_).ok()); }

    device::Model model_;
    Driver driver_{3};
};

TEST_F(MockDriver, unbind_releases_the_parts_newest_first) {
    const auto device = model_.add_platform_device(named_mock());
    ASSERT_TRUE(device.ok());
    ASSERT_TRUE((*device)->is_bound());
    EXPECT_EQ(driver_.live_parts(), 3U);
    (*device)->del();
    EXPECT_EQ(driver_.history(), "+0 +1 +2 -2 -1 -0");
}

TEST_F(MockDriver, probe_that_fails_at_any_manage_leaves_nothing) {
    const size_t before = live_object_count();
    unsigned failures = 0;
    for (bool bound = false; !bound; ++failures) {
        ASSERT_LT(failures, 20U);
        model_.fail_nth_step(failures + 1);
        const auto device = model_.add_platform_device(named_mock());
        ASSERT_TRUE(device.ok());
        bound = (*device)->is_bound();
        EXPECT_EQ(driver_.live_parts(), bound ? 3U : 0U);
        (*device)->del();
    }
    model_.fail_nth_step(0);
    EXPECT_GT(failures, 3U);
    EXPECT_EQ(driver_.live_parts(), 0U);
    EXPECT_EQ(live_object_count(), before);
}

TEST_F(MockDriver, publishes_a_device_without_kms) {
    const auto device = model_.add_platform_device(named_mock());
    ASSERT_TRUE(device.ok());
    {
        const auto card = drm::find_device(model_, drm::NodeType::Primary, 0);
        ASSERT_TRUE(card);
        EXPECT_EQ((*card)->info().name, "mock");
        EXPECT_FALSE((*card)->has_modeset());
    }
    (*device)->del();
    EXPECT_FALSE(drm::find_device(model_, drm::NodeType::Primary, 0));
}

TEST(MockDevice, a_driverless_device_and_its_drm_device_end_with_device_del) {
    device::Model model;
    const size_t before = live_object_count();
    {
        const auto root = model.add_root_device("mock0");
        ASSERT_TRUE(root.ok());
        ASSERT_TRUE(create_device(**root).ok());
        EXPECT_EQ(live_object_count(), before + 2);
        (*root)->del();
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(MockDevice, cannot_be_made_on_a_deleted_device) {
    device::Model model;
    const auto root = model.add_root_device("mock0");
    ASSERT_TRUE(root.ok());
    (*root)->del();
    const auto made = create_device(**root);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error(), Errno::NoDev);
}

}  // namespace
}  // namespace plugboard::mock
