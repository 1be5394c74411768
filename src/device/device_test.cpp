#include "device/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Thing;
using testing::Trace;

struct DeviceTest : ::testing::Test {
    Ref<Device> make(DeviceInfo info) { return Device::create(model, std::move(info)).value(); }
    Ref<Device> make(const std::string& name, Device* parent = nullptr) {
        DeviceInfo info = named(name);
        info.parent = parent;
        return make(info);
    }
    Trace trace;
    Model model;
};

TEST_F(DeviceTest, name_must_be_one_of_a_file) {
    for (const char* bad : {"", ".", "..", "a\nb", "a\x7f"})
        EXPECT_EQ(Device::create(model, named(bad)).error(), Errno::Inval) << bad;
    EXPECT_EQ(make("a/b")->name(), "a!b");
}

TEST_F(DeviceTest, made_device_is_not_visible) {
    auto device = make("one");
    EXPECT_FALSE(device->is_added());
    EXPECT_EQ(device->sysfs_path(), "/devices/one");
    EXPECT_EQ(device->ref_count(), 1u);
}

TEST_F(DeviceTest, added_device_is_held_by_the_model_until_del) {
    auto device = make("one");
    ASSERT_TRUE(device->add().ok());
    EXPECT_TRUE(device->is_added());
    EXPECT_EQ(device->ref_count(), 2u);
    device->del();
    EXPECT_FALSE(device->is_added());
    EXPECT_EQ(device->ref_count(), 1u);
}

TEST_F(DeviceTest, parent_is_held_from_add_to_del) {
    auto parent = make("parent");
    ASSERT_TRUE(parent->add().ok());
    auto child = make("child", &*parent);
    EXPECT_EQ(parent->ref_count(), 2u);
    ASSERT_TRUE(child->add().ok());
    EXPECT_EQ(parent->ref_count(), 3u);
    EXPECT_EQ(child->sysfs_path(), "/devices/parent/child");
    child->del();
    EXPECT_EQ(parent->ref_count(), 2u);
    parent->del();
    EXPECT_EQ(parent->ref_count(), 1u);
}

TEST_F(DeviceTest, child_of_a_device_that_is_not_added_is_refused) {
    auto parent = make("parent");
    auto child = make("child", &*parent);
    EXPECT_EQ(child->add().error(), Errno::NoEnt);
    EXPECT_EQ(parent->ref_count(), 1u);
}

TEST_F(DeviceTest, name_is_taken_once_in_a_folder) {
    auto one = make("one"), again = make("one");
    ASSERT_TRUE(one->add().ok());
    EXPECT_EQ(one->add().error(), Errno::Exist);
    EXPECT_EQ(again->add().error(), Errno::Exist);
    auto below = make("one", &*one);
    EXPECT_TRUE(below->add().ok());
    below->del();
    one->del();
    EXPECT_TRUE(again->add().ok());
    again->del();
}

TEST_F(DeviceTest, name_is_taken_once_in_a_class_and_on_a_bus_and_so_is_a_number) {
    auto a = make("a"), b = make("b");
    ASSERT_TRUE(a->add().ok());
    ASSERT_TRUE(b->add().ok());
    DeviceInfo info = named("card0");
    info.parent = &*a;
    info.device_class = &model.add_class("drm");
    info.node = DeviceNode{226, 0, "dri/card0"};
    auto card = make(info);
    ASSERT_TRUE(card->add().ok());
    info.parent = &*b;
    EXPECT_EQ(make(info)->add().error(), Errno::Exist);
    info.name = "card1";
    EXPECT_EQ(make(info)->add().error(), Errno::Exist);  // the number
    info.node->minor = 1;
    auto other = make(info);
    EXPECT_TRUE(other->add().ok());
    for (const auto& device : {other, card}) device->del();

    info = named("x");
    info.bus = &model.platform_bus();
    info.parent = &*a;
    auto x = make(info);
    ASSERT_TRUE(x->add().ok());
    info.parent = &*b;
    EXPECT_EQ(make(info)->add().error(), Errno::Exist);
    for (const auto& device : {x, a, b}) device->del();
}

TEST_F(DeviceTest, devices_come_parents_first) {
    auto root = make("root");
    ASSERT_TRUE(root->add().ok());
    auto child = make("child", &*root);
    ASSERT_TRUE(child->add().ok());
    Lines names;
    for (const auto& device : model.devices()) names.push_back(device->name());
    EXPECT_EQ(names, (Lines{"platform", "faux", "root", "child"}));
    child->del();
    root->del();
}

TEST_F(DeviceTest, del_releases_devres_of_a_device_without_a_driver) {
    auto device = make("one");
    ASSERT_TRUE(device->add().ok());
    ASSERT_TRUE(device->devres().add_action("a", [&] { trace.add("a"); }).ok());
    device->del();
    EXPECT_EQ(trace.take(), Lines{"a"});
    EXPECT_EQ(device->devres().add_action("late", [] {}).error(), Errno::NoDev);
}

TEST_F(DeviceTest, del_of_a_device_that_was_never_added_releases_devres_too) {
    auto device = make("one");
    ASSERT_TRUE(device->devres().add_action("a", [&] { trace.add("a"); }).ok());
    device->del();
    EXPECT_EQ(trace.take(), Lines{"a"});
}

// The four breakers of the loop: device -> devm action -> thing -> device.

struct Loop : DeviceTest {
    /// What holds the device, and is held by its devres.
    void tie(const Ref<Device>& device) {
        auto thing = make_ref<Thing>("thing", &trace);
        thing->hold(device, "drm_device.dev");
        device->devres().add_put("drm_dev_put", std::move(thing)).value();
    }
    void expect_gone(const Ref<Device>& device) {
        EXPECT_EQ(trace.take(), Lines{"end of thing"});
        EXPECT_EQ(device->ref_count(), 1u);
    }
};

TEST_F(Loop, unbind_breaks_it) {
    testing::TestDriver driver({.name = "d", .matches = {"one"}},
                               [&](Bound& bound) -> Result<void> {
                                   tie(Ref<Device>::share(bound.device()));
                                   return {};
                               });
    testing::Registered registered(model.platform_bus(), driver);
    auto device = model.add_platform_device(named("one")).value();
    model.platform_bus().unbind("one", "d").value();
    EXPECT_EQ(trace.take(), Lines{"end of thing"});
    device->del();
}

TEST_F(Loop, group_release_breaks_it) {
    auto device = make("mock");
    ASSERT_TRUE(device->devres().open_group().ok());
    tie(device);
    EXPECT_EQ(device->devres().release_group().value(), 1u);
    expect_gone(device);
}

TEST_F(Loop, device_del_breaks_it) {
    auto device = make("mock");
    ASSERT_TRUE(device->add().ok());
    tie(device);
    device->del();
    expect_gone(device);
}

TEST_F(Loop, driver_that_always_matches_breaks_it) {
    testing::TestDriver driver({.name = "mock", .matches = {}}, [&](Bound& bound) -> Result<void> {
        tie(Ref<Device>::share(bound.device()));
        return {};
    });
    auto device = model.add_faux_device(named("mock"), &driver).value();
    EXPECT_TRUE(trace.take().empty());
    device->del();
    expect_gone(device);
}

// Linux: drivers/base/test/root-device-test.c, platform-device-test.c

TEST_F(Loop, root_device_devm_register_unregister_test) {
    auto device = model.add_root_device("root").value();
    ASSERT_TRUE(device->devres().add_action("a", [&] { trace.add("a"); }).ok());
    device->del();
    EXPECT_EQ(trace.take(), Lines{"a"});
}

TEST_F(Loop, root_device_devm_register_get_unregister_with_devm_test) {
    auto device = model.add_root_device("root").value();
    ASSERT_TRUE(device->devres().add_put("put", device).ok());
    device->del();
    EXPECT_EQ(device->ref_count(), 1u);
}

TEST_F(Loop, platform_device_devm_register_unregister_test) {
    auto device = model.add_platform_device(named("p")).value();
    ASSERT_TRUE(device->devres().add_action("a", [&] { trace.add("a"); }).ok());
    device->del();
    EXPECT_EQ(trace.take(), Lines{"a"});
}

TEST_F(Loop, platform_device_devm_register_get_unregister_with_devm_test) {
    auto device = model.add_platform_device(named("p")).value();
    ASSERT_TRUE(device->devres().add_put("put", device).ok());
    device->del();
    EXPECT_EQ(device->ref_count(), 1u);
}

TEST_F(Loop, probed_platform_device_devm_register_unregister_test) {
    testing::TestDriver driver({.name = "d", .matches = {"p"}});
    testing::Registered registered(model.platform_bus(), driver);
    auto device = model.add_platform_device(named("p")).value();
    ASSERT_TRUE(device->devres().add_action("a", [&] { trace.add("a"); }).ok());
    device->del();
    EXPECT_EQ(trace.take(), Lines{"a"});
}

TEST_F(Loop, probed_platform_device_devm_register_get_unregister_with_devm_test) {
    testing::TestDriver driver({.name = "d", .matches = {"p"}});
    testing::Registered registered(model.platform_bus(), driver);
    auto device = model.add_platform_device(named("p")).value();
    ASSERT_TRUE(device->devres().add_put("put", device).ok());
    device->del();
    EXPECT_EQ(device->ref_count(), 1u);
}

// As before Linux 6.6.

struct Before66 : ::testing::Test {
    Trace trace;
    Model model{Clock::real(), {.release_only_at_last_put = true}};
};

TEST_F(Before66, devres_of_a_device_without_a_driver_waits_for_the_last_put) {
    MaybeRef<Device> device = model.add_root_device("root").value();
    ASSERT_TRUE((*device)->devres().add_action("a", [&] { trace.add("a"); }).ok());
    (*device)->del();
    EXPECT_TRUE(trace.take().empty());
    ASSERT_TRUE((*device)->devres().add_action("late", [&] { trace.add("late"); }).ok());
    device.reset();
    EXPECT_EQ(trace.take(), (Lines{"late", "a"}));
}

TEST_F(Before66, loop_is_not_broken_by_device_del) {
    auto device = model.add_root_device("root").value();
    const auto entry = device->devres().add_put("put", device).value();
    device->del();
    EXPECT_EQ(device->ref_count(), 2u);
    device->devres().release(entry);
}

TEST_F(Before66, unbind_releases_all_the_same) {
    testing::TestDriver driver({.name = "d", .matches = {"p"}});
    testing::Registered registered(model.platform_bus(), driver);
    auto device = model.add_platform_device(named("p")).value();
    ASSERT_TRUE(device->devres().add_action("a", [&] { trace.add("a"); }).ok());
    device->del();
    EXPECT_EQ(trace.take(), Lines{"a"});
}

// Linux: drivers/base/faux.c (its faux_test never left a private branch)

using Faux = DeviceTest;

TEST_F(Faux, device_without_a_driver_of_its_own_is_bound) {
    auto device = model.add_faux_device(named("f")).value();
    EXPECT_TRUE(device->is_bound());
    EXPECT_EQ(device->driver_name(), "faux_driver");
    EXPECT_EQ(device->sysfs_path(), "/devices/faux/f");
    EXPECT_EQ(model.faux_bus().unbind("f", "faux_driver").error(), Errno::NoDev);
    device->del();
}

TEST_F(Faux, probe_and_remove_of_its_driver_run) {
    testing::TestDriver driver(
        {.name = "d", .matches = {}},
        [&](Bound& bound) -> Result<void> {
            trace.add("probe");
            return bound.device().devres().add_action("a", [&] { trace.add("a"); }).ok()
                       ? Result<void>()
                       : Errno::NoMem;
        },
        [&](const Bound&) { trace.add("remove"); });
    auto device = model.add_faux_device(named("f"), &driver).value();
    device->del();
    EXPECT_EQ(trace.take(), (Lines{"probe", "remove", "a"}));
}

TEST_F(Faux, device_is_gone_when_probe_fails) {
    const size_t before = live_object_count();
    testing::TestDriver driver({.name = "d", .matches = {}},
                               [](Bound&) -> Result<void> { return Errno::NxIo; });
    EXPECT_EQ(model.add_faux_device(named("f"), &driver).error(), Errno::NoDev);
    EXPECT_FALSE(model.faux_bus().find_device("f"));
    EXPECT_EQ(live_object_count(), before);
}

TEST_F(DeviceTest, churn_of_many_devices_leaves_nothing) {
    const size_t before = live_object_count();
    std::vector<Ref<Device>> devices;
    for (int i = 0; i < 100'000; i++)
        devices.push_back(model.add_platform_device(named("d" + std::to_string(i))).value());
    EXPECT_EQ(live_object_count(), before + 100'000);
    for (const auto& device : devices) device->del();
    devices.clear();
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard::device
