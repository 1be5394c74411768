// The cases of KUnit's own tests of its mock devices, under the kernel's names.
// Linux: lib/kunit/kunit-test.c, lib/kunit/platform-test.c;
// drivers/base/test/platform-device-test.c
#include <gtest/gtest.h>

#include "device/mock_device.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::named;
using testing::Registered;

TEST(KunitDevice, kunit_device_test) {
    bool was_released = false;
    MockDevice mock;
    ASSERT_TRUE(mock.device().devres().add_action("note", [&] { was_released = true; }).ok());
    EXPECT_FALSE(was_released);
    mock.device().del();
    EXPECT_TRUE(was_released);
}

TEST(KunitDevice, kunit_device_cleanup_test) {
    bool was_released = false;
    {
        MockDevice mock;
        ASSERT_TRUE(mock.device().devres().add_action("note", [&] { was_released = true; }).ok());
        EXPECT_FALSE(was_released);
    }
    EXPECT_TRUE(was_released);
}

TEST(KunitDevice, kunit_device_driver_test) {
    int probed = 0, removed = 0;
    FunctionDriver driver(
        {.name = "my_driver", .matches = {}},
        [&](Bound&) -> Result<void> {
            probed++;
            return {};
        },
        [&](const Bound&) { removed++; });
    MockDevice first(driver);
    EXPECT_EQ(probed, 1);
    first.device().del();
    EXPECT_EQ(removed, 1);
    MockDevice second(driver);
    EXPECT_EQ(probed, 2) << "the driver is there after its first device";
    EXPECT_EQ(second.finish(), "");
    EXPECT_EQ(removed, 2);
}

struct KunitPlatformDevice : ::testing::Test {
    Result<Ref<Device>> alloc(const std::string& name) {
        DeviceInfo info = named(name);
        info.bus = &model.platform_bus();
        return Device::create(model, std::move(info));
    }
    Model model;
};

TEST_F(KunitPlatformDevice, kunit_platform_device_alloc_test) {
    EXPECT_TRUE(alloc("kunit-platform").ok());
}

TEST_F(KunitPlatformDevice, kunit_platform_device_add_test) {
    auto device = alloc("kunit-platform-add").value();
    EXPECT_FALSE(model.platform_bus().find_device("kunit-platform-add"));
    ASSERT_TRUE(device->add().ok());
    EXPECT_TRUE(device->is_added());
    EXPECT_TRUE(model.platform_bus().find_device("kunit-platform-add"));
    device->del();
}

TEST_F(KunitPlatformDevice, kunit_platform_device_add_twice_fails_test) {
    auto device = alloc("kunit-platform-add-2").value();
    ASSERT_TRUE(device->add().ok());
    EXPECT_FALSE(device->add().ok());
    device->del();
}

TEST_F(KunitPlatformDevice, kunit_platform_device_add_cleans_up) {
    MockOptions options;
    options.info.name = "kunit-platform-clean";
    MockDevice mock(std::move(options));
    {
        const auto found = mock.bus().find_device("kunit-platform-clean");
        ASSERT_TRUE(found);
        EXPECT_EQ(&**found, &mock.device());
        mock.device().del();
        EXPECT_FALSE(mock.bus().find_device("kunit-platform-clean"));
    }
    EXPECT_EQ(mock.finish(), "");
}

TEST_F(KunitPlatformDevice, kunit_platform_driver_register_test) {
    int probed = 0;
    FunctionDriver driver({.name = "kunit-platform-driver", .matches = {"kunit-platform-driver"}},
                          [&](Bound&) -> Result<void> {
                              probed++;
                              return {};
                          });
    auto device = model.add_platform_device(named("kunit-platform-driver")).value();
    EXPECT_EQ(probed, 0);
    {
        Registered registered(model.platform_bus(), driver);
        EXPECT_EQ(probed, 1);
        EXPECT_TRUE(device->is_bound());
    }
    EXPECT_FALSE(device->is_bound());
    device->del();
}

TEST_F(KunitPlatformDevice, platform_device_find_by_null_test) {
    FunctionDriver no_match({.name = "no-match", .matches = {}});
    FunctionDriver empty_match({.name = "empty-match", .matches = {""}});
    Registered first(model.platform_bus(), no_match);
    Registered second(model.platform_bus(), empty_match);
    auto device = model.add_platform_device(named("anonymous")).value();
    EXPECT_FALSE(device->is_bound());
    EXPECT_FALSE(model.platform_bus().find_device(""));
    EXPECT_FALSE(model.platform_bus().has_driver(""));
    device->del();
}

}  // namespace
}  // namespace plugboard::device
