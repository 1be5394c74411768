#include <gtest/gtest.h>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::named;
using testing::Registered;
using testing::TestDriver;

struct BusFiles : ::testing::Test {
    Attribute file(const std::string& name) {
        for (Attribute& one : bus.attributes()) {
            if (one.name == name) return one;
        }
        for (Attribute& one : bus.driver_attributes(driver)) {
            if (one.name == name) return one;
        }
        return {};
    }
    Result<void> write(const std::string& name, std::string_view text) {
        return file(name).store(text);
    }

    /// What the log says when the bus is not removed.
    std::string why_not(Bus& own) {
        std::string said;
        const auto sink = log::set_sink([&](log::Category category, std::string_view line) {
            if (category == log::Category::Error) said += line;
        });
        EXPECT_EQ(model.remove_bus(own).error(), Errno::Busy);
        log::set_sink(sink);
        return said;
    }

    Model model;
    Bus& bus = model.platform_bus();
    TestDriver driver{{.name = "d", .matches = {"one"}}};
    Registered registered{bus, driver};
};

TEST_F(BusFiles, without_autoprobe_nothing_is_tried_until_asked) {
    EXPECT_EQ(file("drivers_autoprobe").show().value(), "1\n");
    ASSERT_TRUE(write("drivers_autoprobe", "0\n").ok());
    EXPECT_EQ(file("drivers_autoprobe").show().value(), "0\n");
    const auto one = model.add_platform_device(named("one")).value();
    bus.remove_driver(driver).value();
    bus.add_driver(driver).value();
    EXPECT_FALSE(one->is_bound());
    ASSERT_TRUE(write("drivers_probe", "one\n").ok());
    EXPECT_TRUE(one->is_bound());
    EXPECT_TRUE(write("drivers_probe", "one\n").ok()) << "bound already is well";
    EXPECT_EQ(write("drivers_probe", "two\n").error(), Errno::NoDev);
    ASSERT_TRUE(write("drivers_autoprobe", "1\n").ok());
    one->del();
}

TEST_F(BusFiles, rescan_tries_every_device) {
    bus.set_autoprobe(false);
    const auto one = model.add_platform_device(named("one")).value();
    bus.rescan();
    EXPECT_TRUE(one->is_bound());
    one->del();
}

TEST_F(BusFiles, bind_and_unbind_are_written_a_devices_name) {
    const auto one = model.add_platform_device(named("one")).value();
    EXPECT_TRUE(write("unbind", "one\n").ok());
    EXPECT_FALSE(one->is_bound());
    EXPECT_EQ(write("unbind", "one").error(), Errno::NoDev);
    EXPECT_TRUE(write("bind", "one").ok());
    EXPECT_EQ(write("bind", "one").error(), Errno::Busy);
    EXPECT_EQ(file("bind").mode, 0200u);
    one->del();
}

TEST_F(BusFiles, bus_with_users_cannot_be_removed) {
    Bus& own = model.add_bus("own");
    DeviceInfo info = named("x");
    info.bus = &own;
    MaybeRef<Device> x = Device::create(model, info).value();
    EXPECT_EQ(why_not(own), "bus own cannot go, it has users: x (deleted, 1 references)");
    (*x)->add().value();
    EXPECT_EQ(why_not(own), "bus own cannot go, it has users: x");
    (*x)->del();
    EXPECT_EQ(why_not(own), "bus own cannot go, it has users: x (deleted, 1 references)");
    x.reset();
    own.add_driver(driver).value();
    EXPECT_EQ(why_not(own), "bus own cannot go, it has users: driver d");
    own.remove_driver(driver).value();
    EXPECT_TRUE(model.remove_bus(own).ok());
    EXPECT_EQ(model.find_bus("own"), nullptr);
}

TEST_F(BusFiles, platform_devices_are_numbered_as_linux_does) {
    const auto add = [&](const char* name, int id = Model::platform_id_auto) {
        return model.add_platform_device(named(name), id).value();
    };
    const auto fixed = add("p", 3), first = add("p"), second = add("q"), third = add("p");
    EXPECT_EQ(fixed->name(), "p.3");
    EXPECT_EQ(first->name(), "p.0.auto");
    EXPECT_EQ(second->name(), "q.1.auto") << "a number is given once, whatever the name";
    EXPECT_EQ(third->name(), "p.2.auto");
    second->del();
    first->del();
    const auto again = add("r"), next = add("p"), last = add("p");
    EXPECT_EQ(again->name(), "r.0.auto") << "the lowest that is free";
    EXPECT_EQ(next->name(), "p.1.auto");
    EXPECT_EQ(last->name(), "p.3.auto");
    for (const auto& device : {fixed, third, again, next, last}) device->del();
}

TEST_F(BusFiles, automatic_number_is_free_again_when_the_device_cannot_be_added) {
    const testing::Quiet quiet;
    DeviceInfo with_node = named("p");
    with_node.node = DeviceNode{.major = 240, .minor = 1, .path = "p"};
    const auto first = model.add_platform_device(with_node, Model::platform_id_auto).value();
    EXPECT_EQ(model.add_platform_device(with_node, Model::platform_id_auto).error(), Errno::Exist);
    DeviceInfo with_files = named("p");
    with_files.attributes = {{.name = "modalias", .show = {}}};  // the bus makes one
    EXPECT_EQ(model.add_platform_device(with_files, Model::platform_id_auto).error(), Errno::Exist);
    EXPECT_EQ(model.add_platform_device(named("\n"), Model::platform_id_auto).error(),
              Errno::Inval);
    const auto by_hand = model.add_platform_device(named("p.1.auto")).value();
    EXPECT_EQ(model.add_platform_device(named("p"), Model::platform_id_auto).error(), Errno::Exist);
    by_hand->del();
    const auto second = model.add_platform_device(named("p"), Model::platform_id_auto).value();
    EXPECT_EQ(second->name(), "p.1.auto");
    for (const auto& device : {first, second}) device->del();
}

}  // namespace
}  // namespace plugboard::device
