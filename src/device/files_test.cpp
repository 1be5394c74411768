// Files, symlinks and paths against the tree that Linux 6.1 shows of its vkms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <fstream>
#include <set>
#include <sstream>

#include "device/sysfs_path.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::named;
using ::testing::UnorderedElementsAre;

constexpr const char* reference = PLUGBOARD_SOURCE_DIR "/tests/reference/linux-6.1/";

/// The lines of the kernel's tree that concern its vkms, but for what the drm layer makes by
/// itself.
std::set<std::string> linux_tree() {
    std::set<std::string> lines;
    std::ifstream file(std::string(reference) + "sysfs-tree.txt");
    std::string line;
    while (std::getline(file, line)) {
        if (line.find("vkms") == std::string::npos || line.find("controlD") != std::string::npos)
            continue;
        lines.insert(line);
    }
    return lines;
}

std::string value_of(const Device& device, const std::string& name) {
    for (const Attribute& file : device.all_attributes()) {
        if (file.name == name) return file.show().value();
    }
    return "no such file";
}

Result<void> write(const Device& device, const std::string& name, std::string_view text) {
    for (const Attribute& file : device.all_attributes()) {
        if (file.name == name) return file.store(text);
    }
    return Errno::NoEnt;
}

/// vkms with a card and two connectors, without any driver, as the kernel's module makes it.
struct Files : ::testing::Test {
    Files() {
        vkms = model.add_platform_device(named("vkms")).value();
        DeviceInfo info = named("card1");
        info.parent = &**vkms;
        info.device_class = &model.add_class("drm");
        info.devtype = "drm_minor";
        info.node = DeviceNode{226, 1, "dri/card1"};
        card = add(info);
        for (const char* name : {"card1-Virtual-1", "card1-Writeback-1"}) {
            DeviceInfo connector = named(name);
            connector.parent = &**card;
            connector.device_class = model.find_class("drm");
            connector.devtype = "drm_connector";
            for (const char* file : {"dpms", "edid", "enabled", "modes"})
                connector.attributes.push_back({.name = file, .show = nothing});
            connector.attributes.push_back({.name = "status", .mode = 0644, .show = nothing});
            connectors.push_back(add(connector));
        }
    }
    ~Files() override {
        for (const auto& connector : connectors) connector->del();
        (*card)->del();
        (*vkms)->del();
    }
    Ref<Device> add(const DeviceInfo& info) {
        auto device = Device::create(model, info).value();
        device->add().value();
        return device;
    }
    static Result<std::string> nothing() { return std::string(); }

    Model model;
    MaybeRef<Device> vkms, card;
    std::vector<Ref<Device>> connectors;
};

/// The tree as `find -printf` would print it, from the model alone.
std::set<std::string> tree_of(Model& model) {
    std::set<std::string> lines;
    const auto folders_of = [&](const std::string& path, const std::string& from) {
        for (auto slash = path.find('/', from.size()); slash != std::string::npos;
             slash = path.find('/', slash + 1))
            lines.insert("d 755 " + path.substr(0, slash) + " -> ");
    };
    for (const Ref<Device>& device : model.devices()) {
        const std::string path = device->sysfs_path().substr(1);
        folders_of(path + "/", "devices/platform/");
        for (const Attribute& file : device->all_attributes()) {
            folders_of(path + "/" + file.name, path + "/");
            lines.insert(fmt::format("f {:o} {}/{} -> ", file.mode, path, file.name));
        }
        for (const auto& [name, target] : device->all_links())
            lines.insert("l 777 " + path + "/" + name + " -> " + target);
        for (const auto& [name, target] : model_links(*device))
            lines.insert("l 777 " + name + " -> " + target);
    }
    std::erase_if(lines,
                  [](const std::string& line) { return line.find("vkms") == std::string::npos; });
    return lines;
}

TEST_F(Files, tree_is_linuxs) {
    EXPECT_EQ(linux_tree().size(), 58u);
    EXPECT_EQ(tree_of(model), linux_tree());
}

TEST_F(Files, values_are_linuxs) {
    std::ifstream file(std::string(reference) + "sysfs-values.txt");
    std::stringstream all;
    all << file.rdbuf();
    const auto expect = [&](const std::string& path, const Device& device,
                            const std::string& name) {
        const std::string header = "== " + path + "/" + name + "\n";
        const auto from = all.str().find(header);
        ASSERT_NE(from, std::string::npos) << header;
        const auto text = all.str().substr(from + header.size());
        EXPECT_EQ(value_of(device, name), text.substr(0, text.find("== "))) << path;
    };
    expect("vkms", **vkms, "modalias");
    expect("vkms", **vkms, "uevent");
    expect("vkms/drm/card1", **card, "dev");
    expect("vkms/drm/card1", **card, "uevent");
    expect("vkms/drm/card1/card1-Virtual-1", *connectors[0], "uevent");
    EXPECT_EQ(value_of(**vkms, "driver_override"), "(null)\n");
}

TEST_F(Files, bound_device_shows_its_driver) {
    testing::TestDriver driver({.name = "vkms", .matches = {"vkms"}});
    testing::Registered registered(model.platform_bus(), driver);
    EXPECT_EQ(value_of(**vkms, "uevent"), "DRIVER=vkms\nMODALIAS=platform:vkms\n");
    EXPECT_THAT((*vkms)->all_links(),
                UnorderedElementsAre(std::pair("subsystem", "../../../bus/platform"),
                                     std::pair("driver", "../../../bus/platform/drivers/vkms")));
    EXPECT_THAT(
        model_links(**vkms),
        UnorderedElementsAre(
            std::pair("bus/platform/devices/vkms", "../../../devices/platform/vkms"),
            std::pair("bus/platform/drivers/vkms/vkms", "../../../../devices/platform/vkms")));
}

TEST_F(Files, driver_override_is_the_only_name_that_matches) {
    testing::TestDriver own({.name = "own", .matches = {"vkms"}}),
        other({.name = "other", .matches = {}});
    ASSERT_TRUE(write(**vkms, "driver_override", "other\n").ok());
    EXPECT_EQ(value_of(**vkms, "driver_override"), "other\n");
    testing::Registered first(model.platform_bus(), own);
    EXPECT_FALSE((*vkms)->is_bound());
    testing::Registered second(model.platform_bus(), other);
    EXPECT_EQ((*vkms)->driver_name(), "other");
    ASSERT_TRUE(write(**vkms, "driver_override", "\n").ok());
    EXPECT_EQ(value_of(**vkms, "driver_override"), "(null)\n");
    EXPECT_EQ(write(**vkms, "driver_override", std::string(5000, 'x')).error(), Errno::Inval);
}

TEST_F(Files, power_control_takes_its_two_words) {
    EXPECT_EQ(value_of(**card, "power/control"), "auto\n");
    EXPECT_TRUE(write(**card, "power/control", "on\n").ok());
    EXPECT_EQ(value_of(**card, "power/control"), "on\n");
    EXPECT_EQ(write(**card, "power/control", "off").error(), Errno::Inval);
}

TEST_F(Files, class_device_without_a_parent_is_virtual) {
    DeviceInfo info = named("lo");
    info.device_class = &model.add_class("net");
    const auto device = add(info);
    EXPECT_EQ(device->sysfs_path(), "/devices/virtual/net/lo");
    EXPECT_THAT(device->all_links(),
                UnorderedElementsAre(std::pair("subsystem", "../../../../class/net")));
    device->del();
}

TEST(RelativeTarget, climbs_as_far_as_it_must) {
    EXPECT_EQ(relative_target("/devices/a/b", "/devices/a/c"), "../c");
    EXPECT_EQ(relative_target("/devices/a", "/devices/a/b/c"), "b/c");
    EXPECT_EQ(relative_target("/devices/a/b", "/devices/a"), "../../a");
    EXPECT_EQ(relative_target("/class/drm", "/devices/a"), "../../devices/a");
    EXPECT_EQ(relative_target("/devices/ab", "/devices/abc"), "../abc");
}

}  // namespace
}  // namespace plugboard::device
