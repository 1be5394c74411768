// Matching, probe, unbind, and what may happen in the middle of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "base/wait.h"
#include "device/device_lock.h"
#include "device/test_support.h"
#include "tests/support/threads.h"

namespace plugboard::device {
namespace {

using ::testing::ElementsAre;
using testing::Lines;
using testing::named;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;
using testing::TraceWatcher;

struct Bind : ::testing::Test {
    Ref<Device> add(const std::string& name) {
        return model.add_platform_device(named(name)).value();
    }
    /// What a manage() of a test makes: says when it ends.
    struct Part {
        Part(std::string part_name, Trace& t) : name(std::move(part_name)), trace(t) {}
        ~Part() { trace.add("end of " + name); }
        Part(const Part&) = delete;
        Part& operator=(const Part&) = delete;
        const std::string name;
        Trace& trace;
    };

    Trace trace;
    Model model;
    Bus& bus = model.platform_bus();
};

TEST_F(Bind, driver_that_comes_later_binds_the_devices_that_are_there) {
    auto device = add("one");
    EXPECT_FALSE(device->is_bound());
    TestDriver driver({.name = "d", .matches = {"one"}});
    {
        Registered registered(bus, driver);
        EXPECT_TRUE(device->is_bound());
        EXPECT_EQ(device->driver_name(), "d");
        EXPECT_FALSE(device->is_gone());
    }
    EXPECT_FALSE(device->is_bound());
    EXPECT_EQ(device->driver_name(), "");
    EXPECT_TRUE(device->is_gone());
    device->del();
}

TEST_F(Bind, compatible_string_matches_as_a_name_does) {
    TestDriver driver({.name = "d", .matches = {"virtual,x"}});
    Registered registered(bus, driver);
    DeviceInfo info = named("one");
    info.compatible = {"virtual,y", "virtual,x"};
    auto device = model.add_platform_device(info).value();
    EXPECT_TRUE(device->is_bound());
    device->del();
    EXPECT_FALSE(device->is_bound());
}

TEST_F(Bind, next_driver_is_tried_when_one_says_no) {
    TestDriver picky({.name = "picky", .matches = {"one"}},
                     [](Bound&) -> Result<void> { return Errno::NoDev; });
    TestDriver easy({.name = "easy", .matches = {"one"}});
    Registered first(bus, picky), second(bus, easy);
    auto device = add("one");
    EXPECT_EQ(device->driver_name(), "easy");
    device->del();
}

TEST_F(Bind, driver_name_is_taken_once_on_a_bus) {
    TestDriver one({.name = "d", .matches = {}}), other({.name = "d", .matches = {}});
    Registered registered(bus, one);
    EXPECT_EQ(bus.add_driver(other).error(), Errno::Busy);
    EXPECT_EQ(bus.remove_driver(other).error(), Errno::NoEnt);
    EXPECT_TRUE(bus.has_driver("d"));
    EXPECT_FALSE(bus.has_driver("e"));
}

TEST_F(Bind, bind_and_unbind_say_why_not) {
    TestDriver driver({.name = "d", .matches = {"one"}});
    TestDriver defers({.name = "defers", .matches = {"two"}},
                      [](Bound&) -> Result<void> { return Errno::ProbeDefer; });
    Registered registered(bus, driver), registered_too(bus, defers);
    auto one = add("one"), two = add("two");
    EXPECT_EQ(bus.bind("none", "d").error(), Errno::NoDev);
    EXPECT_EQ(bus.bind("one", "none").error(), Errno::NoDev);
    EXPECT_EQ(bus.bind("two", "d").error(), Errno::NoDev);
    EXPECT_EQ(bus.bind("one", "d").error(), Errno::Busy);
    EXPECT_EQ(bus.bind("two", "defers").error(), Errno::Again);
    EXPECT_EQ(bus.unbind("two", "defers").error(), Errno::NoDev);
    EXPECT_EQ(bus.unbind("one", "defers").error(), Errno::NoDev);
    EXPECT_TRUE(bus.unbind("one", "d").ok());
    EXPECT_EQ(bus.unbind("one", "d").error(), Errno::NoDev);
    EXPECT_TRUE(bus.bind("one", "d").ok());
    one->del();
    two->del();
}

TEST_F(Bind, driver_with_suppressed_bind_attrs_is_not_bound_by_hand) {
    TestDriver driver({.name = "d", .matches = {"one"}, .suppress_bind_attrs = true});
    Registered registered(bus, driver);
    auto device = model.add_platform_device(named("one")).value();
    EXPECT_EQ(bus.unbind("one", "d").error(), Errno::NoDev);
    EXPECT_TRUE(bus.driver_attributes(driver).empty());
    EXPECT_TRUE(device->is_bound());
    device->del();
}

TEST_F(Bind, unbind_undoes_probe_from_its_last_line_to_its_first) {
    TestDriver driver(
        {.name = "d", .matches = {"one"}},
        [&](Bound& bound) -> Result<void> {
            TRY(bound.manage<Part>("first", trace));
            TRY(bound.manage<Part>("second", trace));
            return {};
        },
        [&](const Bound&) { trace.add("remove"); });
    Registered registered(bus, driver);
    auto device = add("one");
    EXPECT_TRUE(trace.take().empty());
    device->del();
    EXPECT_EQ(trace.take(), (Lines{"remove", "end of second", "end of first"}));
}

TEST_F(Bind, probe_that_fails_at_each_manage_in_turn_leaves_nothing) {
    constexpr int parts = 5;
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound& bound) -> Result<void> {
        for (int i = 0; i < parts; i++) TRY(bound.manage<Part>(std::to_string(i), trace));
        return {};
    });
    Registered registered(bus, driver);
    auto device = add("one");
    bus.unbind("one", "d").value();
    trace.take();
    for (int n = 1; n <= parts; n++) {
        model.fail_nth_step(static_cast<unsigned>(n));
        EXPECT_EQ(bus.bind("one", "d").error(), Errno::NoMem);
        Lines undone;
        for (int i = n - 2; i >= 0; i--) undone.push_back("end of " + std::to_string(i));
        EXPECT_EQ(trace.take(), undone);
        EXPECT_EQ(device->devres().size(), 0u);
        EXPECT_FALSE(device->is_bound());
        EXPECT_FALSE(device->enter());
    }
    model.fail_nth_step(parts + 1);
    EXPECT_TRUE(bus.bind("one", "d").ok());
    model.fail_nth_step(0);
    device->del();
}

TEST_F(Bind, device_is_entered_only_while_it_is_bound) {
    TestDriver driver({.name = "d", .matches = {"one"}});
    auto device = add("one");
    EXPECT_FALSE(device->enter());
    {
        Registered registered(bus, driver);
        const Entered entered = device->enter();
        ASSERT_TRUE(entered);
        EXPECT_EQ(&entered.bound().device(), &*device);
    }
    EXPECT_FALSE(device->enter());
    device->del();
    EXPECT_FALSE(device->enter());
}

TEST_F(Bind, entered_that_is_empty_has_no_bound_in_any_build) {
    const auto device = add("one");
    EXPECT_DEATH((void)device->enter().bound(), "one: bound\\(\\) of an Entered that is empty");
    device->del();
}

TEST_F(Bind, device_that_is_bound_again_is_entered_again) {
    TestDriver driver({.name = "d", .matches = {"one"}});
    Registered registered(bus, driver);
    auto device = add("one");
    for (int i = 0; i < 3; i++) {
        EXPECT_FALSE(device->is_gone());
        EXPECT_TRUE(device->enter());
        bus.unbind("one", "d").value();
        EXPECT_TRUE(device->is_gone());
        EXPECT_FALSE(device->enter());
        bus.bind("one", "d").value();
    }
    device->del();
}

TEST_F(Bind, unbind_waits_for_those_inside_and_wakes_sleepers_first) {
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound& bound) -> Result<void> {
        TRY(bound.manage<Part>("hardware", trace));
        return {};
    });
    Registered registered(bus, driver);
    auto device = add("one");
    std::atomic<bool> is_inside = false;
    std::thread sleeper([&] {
        const Entered entered = device->enter();
        ThreadSleeper sleep(model.clock());
        is_inside = true;
        wait_until(sleep, device->gone_queue(), [&] { return device->is_gone(); });
        trace.add("woken");
    });
    while (!is_inside) std::this_thread::yield();
    device->del();
    EXPECT_EQ(trace.take(), (Lines{"woken", "end of hardware"}));
    sleeper.join();
}

TEST_F(Bind, del_from_inside_the_gate_returns_at_once_and_the_worker_finishes) {
    TestDriver driver({.name = "d", .matches = {"one"}});
    Registered registered(bus, driver);
    auto device = add("one");
    {
        const Entered entered = device->enter();
        ASSERT_TRUE(entered);
        device->del();
        EXPECT_TRUE(device->is_gone());
        EXPECT_FALSE(device->enter());
        EXPECT_TRUE(device->is_bound());
    }
    model.flush();
    EXPECT_FALSE(device->is_bound());
    EXPECT_FALSE(device->is_added());
    EXPECT_EQ(device->ref_count(), 1u);
}

TEST_F(Bind, unbind_from_inside_the_gate_returns_at_once_and_the_worker_finishes) {
    TestDriver driver({.name = "d", .matches = {"one"}});
    Registered registered(bus, driver);
    auto device = add("one");
    {
        const Entered entered = device->enter();
        EXPECT_EQ(bus.bind("one", "d").error(), Errno::Busy);
        EXPECT_TRUE(bus.unbind("one", "d").ok());
        EXPECT_TRUE(device->is_gone());
    }
    model.flush();
    EXPECT_FALSE(device->is_bound());
    EXPECT_TRUE(device->is_added());
    device->del();
}

TEST_F(Bind, del_from_its_own_probe_ends_in_a_deleted_device) {
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound& bound) -> Result<void> {
        TRY(bound.manage<Part>("part", trace));
        bound.device().del();
        return {};
    });
    Registered registered(bus, driver);
    auto device = add("one");
    model.flush();
    EXPECT_FALSE(device->is_added());
    EXPECT_FALSE(device->is_bound());
    EXPECT_EQ(trace.take(), Lines{"end of part"});
}

TEST_F(Bind, unbind_from_its_own_remove_does_not_deadlock) {
    TestDriver driver({.name = "d", .matches = {"one"}}, {},
                      [&](const Bound&) { (void)bus.unbind("one", "d"); });
    Registered registered(bus, driver);
    auto device = add("one");
    bus.unbind("one", "d").value();
    model.flush();
    EXPECT_FALSE(device->is_bound());
    device->del();
}

TEST_F(Bind, children_are_added_in_probe_and_deleted_by_unbind) {
    TraceWatcher watcher(model, trace);
    TestDriver child_driver({.name = "child_driver", .matches = {"child"}});
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound& bound) -> Result<void> {
        DeviceInfo info = named("child");
        info.parent = &bound.device();
        info.bus = &bus;
        auto child = TRY(Device::create(model, info));
        TRY(child->add());
        TRY(bound.device().devres().add_action_or_reset("child", [child] { child->del(); }));
        return {};
    });
    Registered registered(bus, driver), registered_too(bus, child_driver);
    auto device = add("one");
    EXPECT_EQ(bus.find_device("child").value()->sysfs_path(), "/devices/platform/one/child");
    EXPECT_EQ(trace.take(),
              (Lines{"notify ADD_DEVICE one driver=-", "uevent ACTION=add one",
                     "notify BIND_DRIVER one driver=d", "notify ADD_DEVICE child driver=-",
                     "uevent ACTION=add child", "notify BIND_DRIVER child driver=child_driver",
                     "notify BOUND_DRIVER child driver=child_driver", "uevent ACTION=bind child",
                     "notify BOUND_DRIVER one driver=d", "uevent ACTION=bind one"}));
    bus.unbind("one", "d").value();
    EXPECT_EQ(
        trace.take(),
        (Lines{"notify UNBIND_DRIVER one driver=d", "notify DEL_DEVICE child driver=child_driver",
               "notify UNBIND_DRIVER child driver=child_driver",
               "notify UNBOUND_DRIVER child driver=-", "uevent ACTION=unbind child",
               "notify REMOVED_DEVICE child driver=-", "uevent ACTION=remove child",
               "notify UNBOUND_DRIVER one driver=-", "uevent ACTION=unbind one"}));
    device->del();
}

TEST_F(Bind, driver_removal_unbinds_the_newest_bound_first) {
    TestDriver driver({.name = "d", .matches = {"a", "b", "c"}}, {},
                      [&](const Bound& bound) { trace.add(bound.device().name()); });
    auto b = add("b"), a = add("a"), c = add("c");
    bus.add_driver(driver).value();
    bus.unbind("b", "d").value();
    bus.bind("b", "d").value();
    trace.take();
    bus.remove_driver(driver).value();
    EXPECT_EQ(trace.take(), (Lines{"b", "c", "a"}));
    for (const auto& device : {a, b, c}) device->del();
}

TEST_F(Bind, driver_removal_waits_for_unbinds_that_run) {
    /// Stops the thread that has just unbound a device.
    struct Stopped final : Watcher {
        void notify(const char* event, Device&) override {
            if (std::string_view(event) != "UNBOUND_DRIVER") return;
            is_there = true;
            is_there.notify_all();
            may_go.wait(false);
        }
        std::atomic<bool> is_there{false}, may_go{false};
    } stopped;
    auto driver = std::make_unique<TestDriver>(DriverInfo{.name = "d", .matches = {"one"}});
    bus.add_driver(*driver).value();
    auto device = add("one");
    model.add_watcher(stopped);
    std::thread deleter([&] { device->del(); });
    stopped.is_there.wait(false);
    auto removed = std::async(std::launch::async, [&] {
        bus.remove_driver(*driver).value();
        driver.reset();
    });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(removed));
    stopped.may_go = true;
    stopped.may_go.notify_all();
    deleter.join();
    removed.wait();
    model.remove_watcher(stopped);
    EXPECT_EQ(driver, nullptr);
}

TEST_F(Bind, device_that_is_deleted_is_not_probed_and_not_added_again) {
    TestDriver driver({.name = "d", .matches = {"one"}});
    auto device = add("one");
    device->del();
    device->del();
    Registered registered(bus, driver);
    EXPECT_FALSE(device->is_bound());
    EXPECT_EQ(bus.bind("one", "d").error(), Errno::NoDev);
    EXPECT_EQ(device->add().error(), Errno::NoDev);
}

TEST_F(Bind, device_with_resources_is_not_probed) {
    auto device = add("one");
    auto entry = device->devres().add_action("x", [] {}).value();
    TestDriver driver({.name = "d", .matches = {"one"}});
    Registered registered(bus, driver);
    EXPECT_FALSE(device->is_bound());
    EXPECT_EQ(bus.bind("one", "d").error(), Errno::Busy);
    device->devres().remove(entry);
    EXPECT_TRUE(bus.bind("one", "d").ok());
    device->del();
}

TEST_F(Bind, managed_part_is_reached_with_a_bound_of_its_device) {
    std::optional<Managed<Part>> part;
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound& bound) -> Result<void> {
        part = TRY(bound.manage<Part>("part", trace));
        EXPECT_EQ(part->get(bound).name, "part");
        return {};
    });
    Registered registered(bus, driver);
    auto device = add("one");
    if (const Entered entered = device->enter()) {
        EXPECT_EQ(part->get(entered.bound()).name, "part");
    }
    device->del();
}

#ifndef NDEBUG
TEST_F(Bind, bound_of_another_device_is_noticed) {
    std::optional<Managed<Part>> part;
    TestDriver driver({.name = "d", .matches = {"one", "two"}}, [&](Bound& bound) -> Result<void> {
        part = TRY(bound.manage<Part>("part", trace));
        return {};
    });
    Registered registered(bus, driver);
    auto one = add("one"), two = add("two");  // `part` is two's
    const auto misuse = [&] {
        const Entered entered = one->enter();
        (void)part->get(entered.bound());
    };
    EXPECT_DEATH(misuse(), "proves");
    one->del();
    two->del();
}

TEST_F(Bind, locking_a_parent_under_its_child_is_noticed) {
    auto parent = add("parent");
    DeviceInfo info = named("child");
    info.parent = &*parent;
    auto child = Device::create(model, info).value();
    const auto misuse = [&] {
        const DeviceLocked inner(*child);
        const DeviceLocked outer(*parent);
    };
    EXPECT_DEATH(misuse(), "lock parents before their children");
    parent->del();
}
#endif

/// Made by a create() that may fail, once as a value, once as a pointer.
struct Made {
    static Result<Made> create(int number) {
        if (number < 0) return Errno::Range;
        return Made{number};
    }
    int number;
};
struct MadeOnHeap {
    static Result<std::unique_ptr<MadeOnHeap>> create(int number) {
        if (number < 0) return Errno::Range;
        return std::make_unique<MadeOnHeap>(number);
    }
    explicit MadeOnHeap(int n) : number(n) {}
    MadeOnHeap(const MadeOnHeap&) = delete;
    MadeOnHeap& operator=(const MadeOnHeap&) = delete;
    int number;
};

TEST_F(Bind, manage_uses_create_and_passes_its_error_on) {
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound& bound) -> Result<void> {
        EXPECT_EQ(TRY(bound.manage<Made>(1)).get(bound).number, 1);
        EXPECT_EQ(TRY(bound.manage<MadeOnHeap>(2)).get(bound).number, 2);
        EXPECT_EQ(bound.manage<Made>(-1).error(), Errno::Range);
        EXPECT_EQ(bound.manage<MadeOnHeap>(-1).error(), Errno::Range);
        EXPECT_EQ(bound.device().devres().size(), 2u);
        return {};
    });
    Registered registered(bus, driver);
    add("one")->del();
}

TEST_F(Bind, bind_unbind_add_and_del_may_race) {
    TestDriver driver({.name = "d", .matches = {"one"}}, [](Bound& bound) -> Result<void> {
        TRY(bound.manage<std::string>("part"));
        return {};
    });
    std::atomic<bool> stop = false;
    std::thread binder([&] {
        while (!stop) {
            (void)bus.unbind("one", "d");
            (void)bus.bind("one", "d");
        }
    });
    std::thread user([&] {
        while (!stop) {
            const auto device = bus.find_device("one");
            if (!device) continue;
            const Entered entered = (*device)->enter();
            if (entered) (void)entered.bound().device().name();
        }
    });
    std::thread registrar([&] {
        while (!stop) Registered registered(bus, driver);
    });
    for (int i = 0; i < 300; i++) {
        auto device = add("one");
        std::this_thread::yield();
        {
            const Entered entered = device->enter();
            device->del();
        }
        model.flush();
    }
    stop = true;
    for (std::thread* thread : {&binder, &user, &registrar}) thread->join();
    EXPECT_FALSE(bus.find_device("one"));
}

}  // namespace
}  // namespace plugboard::device
