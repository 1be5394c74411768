// Several at the same device: drivers that come while it is probed, from inside it, or from inside
// another.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "device/test_support.h"
#include "tests/support/threads.h"

namespace plugboard::device {
namespace {

using testing::HeldWorker;
using testing::named;
using testing::Registered;
using testing::TestDriver;

/// Something that threads wait for.
class Flag {
  public:
    void raise() {
        is_up_ = true;
        is_up_.notify_all();
    }
    void wait() const { is_up_.wait(false); }

  private:
    std::atomic<bool> is_up_{false};
};

struct BindRace : ::testing::Test {
    Ref<Device> add(const std::string& name, Device* parent = nullptr) {
        DeviceInfo info = named(name);
        info.bus = &bus;
        info.parent = parent;
        const auto device = Device::create(model, std::move(info)).value();
        device->add().value();
        return device;
    }

    Model model;
    Bus& bus = model.add_bus("race");
};

TEST_F(BindRace, driver_that_comes_during_the_probe_of_another_is_tried_when_that_fails) {
    Flag is_probing, may_fail;
    TestDriver fails({.name = "fails", .matches = {"one"}}, [&](Bound&) -> Result<void> {
        is_probing.raise();
        may_fail.wait();
        return Errno::NoDev;
    });
    TestDriver late({.name = "late", .matches = {"one"}});
    const auto one = add("one");
    bus.set_autoprobe(false);
    const Registered first(bus, fails);
    bus.set_autoprobe(true);
    auto bound = std::async(std::launch::async, [&] { return bus.bind("one", "fails"); });
    is_probing.wait();
    auto added = std::async(std::launch::async, [&] { return bus.add_driver(late); });
    tests::wait_until_others_sleep();
    may_fail.raise();
    EXPECT_EQ(bound.get().error(), Errno::NoDev);
    EXPECT_TRUE(added.get().ok());
    EXPECT_EQ(one->driver_name(), "late");
    one->del();
    bus.remove_driver(late).value();
}

TEST_F(BindRace, probes_that_add_drivers_do_not_wait_for_each_other) {
    std::atomic<int> inside = 0;
    TestDriver more({.name = "more", .matches = {"one", "two"}});
    TestDriver yet_more({.name = "yet_more", .matches = {"one", "two"}});
    TestDriver adds({.name = "adds", .matches = {"one", "two"}}, [&](Bound& bound) -> Result<void> {
        inside++;
        while (inside < 2) std::this_thread::yield();
        bus.add_driver(bound.device().name() == "one" ? more : yet_more).value();
        return Errno::NoDev;
    });
    bus.set_autoprobe(false);
    const auto one = add("one"), two = add("two");
    const Registered registered(bus, adds);
    bus.set_autoprobe(true);
    std::thread other([&] { (void)bus.bind("one", "adds"); });
    (void)bus.bind("two", "adds");
    other.join();
    model.flush();
    EXPECT_TRUE(one->is_bound());
    EXPECT_TRUE(two->is_bound());
    one->del();
    two->del();
    bus.remove_driver(more).value();
    bus.remove_driver(yet_more).value();
}

TEST_F(BindRace, driver_that_an_interface_brings_is_tried_on_the_device_it_hears_of) {
    struct Brings final : ClassInterface {
        Brings(Bus& of, Driver& brought) : bus(of), driver(brought) {}
        void device_added(Device&) override { bus.add_driver(driver).value(); }
        Bus& bus;
        Driver& driver;
    };
    TestDriver driver({.name = "d", .matches = {"one"}});
    Brings brings(bus, driver);
    Class& input = model.add_class("input");
    input.add_interface(brings);
    DeviceInfo info = named("one");
    info.bus = &bus;
    info.device_class = &input;
    const auto one = Device::create(model, std::move(info)).value();
    one->add().value();
    model.flush();
    EXPECT_TRUE(one->is_bound());
    one->del();
    input.remove_interface(brings);
    bus.remove_driver(driver).value();
}

TEST_F(BindRace, from_inside_a_child_a_new_driver_is_tried_by_the_worker_and_no_other_again) {
    int tries = 0;
    TestDriver fails({.name = "fails", .matches = {"hub"}}, [&](Bound&) -> Result<void> {
        tries++;
        return Errno::NoDev;
    });
    TestDriver of_child({.name = "of_child", .matches = {"child"}});
    TestDriver fits({.name = "fits", .matches = {"hub"}});
    const Registered first(bus, fails), second(bus, of_child);
    const auto hub = add("hub");
    const auto child = add("child", &*hub);
    ASSERT_EQ(tries, 1);
    {
        HeldWorker held(model);
        const Entered inside = child->enter();
        ASSERT_TRUE(inside);
        bus.add_driver(fits).value();
        EXPECT_FALSE(hub->is_bound());
    }
    model.flush();
    EXPECT_TRUE(hub->is_bound());
    EXPECT_EQ(tries, 1);
    hub->del();
    bus.remove_driver(fits).value();
}

TEST_F(BindRace, unbind_from_inside_a_child_is_of_the_binding_that_it_saw) {
    TestDriver x({.name = "x", .matches = {"hub"}}), y({.name = "y", .matches = {"hub"}});
    TestDriver of_child({.name = "of_child", .matches = {"child"}});
    const auto hub = add("hub");
    const auto child = add("child", &*hub);  // outlives bindings of the hub
    const Registered children(bus, of_child), first(bus, x), second(bus, y);
    ASSERT_EQ(hub->driver_name(), "x");
    {
        HeldWorker held(model);
        {
            const Entered inside = child->enter();
            ASSERT_TRUE(inside);
            EXPECT_TRUE(bus.unbind("hub", "x").ok());
            EXPECT_FALSE(hub->is_gone()) << "another may be bound before the worker comes";
        }
        bus.unbind("hub", "x").value();
        bus.bind("hub", "y").value();
    }
    model.flush();
    EXPECT_EQ(hub->driver_name(), "y");
    EXPECT_FALSE(hub->is_gone());
    hub->del();
}

}  // namespace
}  // namespace plugboard::device
