// The names in a device's folder.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::named;
using testing::Quiet;
using testing::Registered;
using testing::TestDriver;

/// What add() says of a device that has files or links of these names.
Errno added_with(Model& model, DeviceInfo info, const std::vector<std::string>& files,
                 const std::vector<std::string>& links = {}) {
    for (const std::string& name : files) {
        info.attributes.push_back(
            {.name = name, .show = []() -> Result<std::string> { return std::string(); }});
    }
    for (const std::string& name : links) info.links.emplace_back(name, "../target");
    const auto device = Device::create(model, std::move(info)).value();
    const auto added = device->add();
    if (!added.ok()) {
        EXPECT_FALSE(device->is_added());
        EXPECT_TRUE(device->all_attributes().empty());
        return added.error();
    }
    device->del();
    return Errno{};
}

TEST(Names, of_a_devices_own_files_that_the_core_makes_itself_are_refused) {
    Model model;
    DeviceInfo info = named("one");
    info.node = DeviceNode{226, 1, "dri/card1"};
    info.bus = &model.platform_bus();
    for (const char* taken : {"uevent", "dev", "power/control", "subsystem", "driver", "modalias"})
        EXPECT_EQ(added_with(model, info, {"good", taken}), Errno::Exist) << taken;
    info.bus = nullptr;
    info.device_class = &model.add_class("drm");
    const auto parent = model.add_root_device("parent").value();
    info.parent = &*parent;
    EXPECT_EQ(added_with(model, info, {"device"}), Errno::Exist);
    parent->del();
}

TEST(Names, that_the_core_does_not_make_for_this_device_are_free) {
    Model model;
    DeviceInfo info = named("one");
    info.pm_not_required = true;
    EXPECT_EQ(added_with(model, info, {"dev", "power/control", "subsystem", "driver", "device"}),
              Errno{});
}

TEST(Names, of_a_devices_own_files_and_links_are_all_different) {
    Model model;
    EXPECT_EQ(added_with(model, named("one"), {"same", "same"}), Errno::Exist);
    EXPECT_EQ(added_with(model, named("one"), {"same"}, {"same"}), Errno::Exist);
    EXPECT_EQ(added_with(model, named("one"), {}, {"same", "same"}), Errno::Exist);
    EXPECT_EQ(added_with(model, named("one"), {}, {"uevent"}), Errno::Exist);
    EXPECT_EQ(added_with(model, named("one"), {"stats/a", "stats/b", "statsc"}, {"stat"}), Errno{});
}

TEST(Names, of_a_file_and_a_folder_are_different) {
    Model model;
    EXPECT_EQ(added_with(model, named("one"), {"power"}), Errno::Exist);
    EXPECT_EQ(added_with(model, named("one"), {"stats/a", "stats"}), Errno::Exist);
    EXPECT_EQ(added_with(model, named("one"), {"uevent/a"}), Errno::Exist);
}

TEST(Names, of_groups_that_the_core_makes_itself_are_refused) {
    Model model;
    DeviceInfo info = named("one");
    for (const auto& [folder, name] : {std::pair("", "uevent"), std::pair("power", "control")}) {
        Attribute file{.name = name, .show = []() -> Result<std::string> { return std::string(); }};
        info.groups = {{.folder = folder, .attributes = {std::move(file)}}};
        EXPECT_EQ(added_with(model, info, {}), Errno::Exist) << name;
    }
}

/// What adding a child says.
Errno child_added_with(Device& parent, const std::string& name, Class* device_class = nullptr) {
    DeviceInfo info = named(name);
    info.parent = &parent;
    info.device_class = device_class;
    const auto child = Device::create(parent.model(), std::move(info)).value();
    const auto added = child->add();
    child->del();
    return added.ok() ? Errno{} : added.error();
}

TEST(Names, of_a_child_and_of_its_parents_files_are_different) {
    Model model;
    DeviceInfo info = named("parent");
    info.attributes = {{.name = "size", .show = {}}, {.name = "drm/file", .show = {}}};
    info.links = {{"link", "../target"}};
    info.groups = {{.folder = "stats", .attributes = {{.name = "reads", .show = {}}}}};
    const auto parent = model.add_platform_device(std::move(info)).value();
    for (const char* taken :
         {"uevent", "power", "subsystem", "driver", "modalias", "size", "drm", "link", "stats"})
        EXPECT_EQ(child_added_with(*parent, taken), Errno::Exist) << taken;
    EXPECT_EQ(child_added_with(*parent, "card0", &model.add_class("drm")), Errno::Exist)
        << "the folder of its class would be there";
    Class& input = model.add_class("input");
    for (const char* free : {"sizes", "stat", "dev", "reads"}) {
        EXPECT_EQ(child_added_with(*parent, free), Errno{}) << free;
        EXPECT_EQ(child_added_with(*parent, free, &input), Errno{}) << free;
    }
    EXPECT_EQ(child_added_with(*parent, "size", &input), Errno{}) << "in the folder of its class";
    parent->del();
}

TEST(Names, of_a_drivers_files_and_of_children_are_different) {
    struct WithFiles final : Driver {
        WithFiles() : Driver({.name = "d", .matches = {"parent"}}) {}
        Result<void> probe(Bound&) override { return {}; }
        std::vector<AttributeGroup> device_groups(const Device&) const override {
            return {{.attributes = {{.name = file, .show = {}}}}};
        }
        std::string file;
    } driver;
    const Quiet quiet;
    Model model;
    Bus& bus = model.platform_bus();
    const Registered registered(bus, driver);
    bus.set_autoprobe(false);
    const auto parent = model.add_platform_device(named("parent")).value();
    std::vector<Ref<Device>> children;
    Class& input = model.add_class("input");
    for (Class* device_class : {static_cast<Class*>(nullptr), &input}) {
        DeviceInfo info = named("child");
        info.parent = &*parent;
        info.device_class = device_class;
        children.push_back(Device::create(model, std::move(info)).value());
        children.back()->add().value();
    }
    for (const char* taken : {"child", "child/file", "input", "input/file"}) {
        driver.file = taken;
        EXPECT_EQ(bus.bind("parent", "d").error(), Errno::Exist) << taken;
    }
    driver.file = "children";
    EXPECT_TRUE(bus.bind("parent", "d").ok());
    EXPECT_EQ(child_added_with(*parent, "children"), Errno::Exist);
    parent->del();
}

}  // namespace
}  // namespace plugboard::device
