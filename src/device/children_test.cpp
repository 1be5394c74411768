// A device's children are gone before it stops.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/wait.h"
#include "device/test_support.h"
#include "tests/support/threads.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;

/// A hub whose probe adds a child on the same bus, and forgets it.
struct Children : ::testing::Test {
    Result<void> probe_hub(Bound& bound) {
        bound.device().devres().add_action("hub", [this] { trace.add("end of hub"); }).value();
        DeviceInfo info = named("child");
        info.bus = &bus;
        info.parent = &bound.device();
        auto child = TRY(Device::create(model, info));
        return child->add();
    }

    Trace trace;
    Model model;
    Bus& bus = model.platform_bus();
    TestDriver hub_driver{{.name = "hub", .matches = {"hub"}},
                          [this](Bound& bound) { return probe_hub(bound); },
                          [this](const Bound&) { trace.add("remove hub"); }};
    TestDriver child_driver{{.name = "child", .matches = {"child"}},
                            [](Bound&) -> Result<void> { return {}; },
                            [this](const Bound&) { trace.add("remove child"); }};
    Registered children{bus, child_driver};
    Registered hubs{bus, hub_driver};
};

TEST_F(Children, forgotten_one_is_deleted_before_its_parent_stops) {
    const auto hub = model.add_platform_device(named("hub")).value();
    ASSERT_TRUE(bus.find_device("child"));
    hub->del();
    EXPECT_EQ(trace.take(), (Lines{"remove child", "remove hub", "end of hub"}));
    EXPECT_FALSE(bus.find_device("child"));
}

TEST_F(Children, unbind_deletes_those_of_the_binding_and_no_others) {
    DeviceInfo info = named("older");
    const auto hub = Device::create(model, named("plain")).value();
    hub->add().value();
    info.parent = &*hub;
    const auto older = Device::create(model, info).value();
    older->add().value();
    const auto bound = model.add_platform_device(named("hub")).value();
    bus.unbind("hub", "hub").value();
    EXPECT_EQ(trace.take(), (Lines{"remove child", "remove hub", "end of hub"}));
    EXPECT_TRUE(older->is_added());
    hub->del();
    EXPECT_FALSE(older->is_added());
    bound->del();
}

TEST_F(Children, probe_that_fails_leaves_none) {
    TestDriver fails({.name = "fails", .matches = {"bad"}}, [&](Bound& bound) -> Result<void> {
        TRY(probe_hub(bound));
        return Errno::Io;
    });
    Registered registered(bus, fails);
    const auto bad = model.add_platform_device(named("bad")).value();
    EXPECT_FALSE(bus.find_device("child"));
    EXPECT_EQ(trace.take(), (Lines{"remove child", "end of hub"}));
    bad->del();
}

TEST_F(Children, parent_may_be_deleted_from_inside_a_child) {
    const auto hub = model.add_platform_device(named("hub")).value();
    const MaybeRef<Device> child = bus.find_device("child");
    {
        const Entered inside = (*child)->enter();
        ASSERT_TRUE(inside);
        hub->del();
        EXPECT_TRUE(hub->is_gone());
        EXPECT_TRUE(hub->is_added()) << "the worker waits for those inside";
    }
    model.flush();
    EXPECT_FALSE(hub->is_added());
    EXPECT_EQ(trace.take(), (Lines{"remove child", "remove hub", "end of hub"}));
}

TEST_F(Children, none_is_added_below_a_device_that_goes) {
    const auto parent = model.add_root_device("parent").value();
    Errno late{};
    parent->devres()
        .add_action("adds",
                    [&] {
                        DeviceInfo info = named("late");
                        info.parent = &*parent;
                        late = Device::create(model, info).value()->add().error();
                    })
        .value();
    parent->del();
    EXPECT_EQ(late, Errno::NoEnt);
}

TEST_F(Children, none_is_added_below_a_device_whose_own_add_may_fail) {
    /// Adds a child to the device that asks for its files, which are refused.
    struct AddingBus final : Bus {
        explicit AddingBus(Model& model) : Bus(model, "adding") {}
        std::vector<AttributeGroup> device_groups(const Device& device) const override {
            DeviceInfo info = named("early");
            info.parent = const_cast<Device*>(&device);
            early = Device::create(model(), info).value();
            added = (*early)->add();
            return {{.attributes = {2, Attribute{.name = "twice", .show = {}}}}};
        }
        mutable MaybeRef<Device> early;
        mutable Result<void> added;
    };
    const testing::Quiet quiet;
    auto& adding = static_cast<AddingBus&>(model.add_bus(std::make_unique<AddingBus>(model)));
    DeviceInfo info = named("parent");
    info.bus = &adding;
    EXPECT_EQ(Device::create(model, info).value()->add().error(), Errno::Exist);
    ASSERT_FALSE(adding.added.ok());
    EXPECT_EQ(adding.added.error(), Errno::NoEnt);
    EXPECT_FALSE((*adding.early)->is_added());
    adding.early.reset();
}

TEST_F(Children, none_is_added_while_its_parent_is_unbound) {
    std::vector<Result<void>> added;
    const auto try_to_add = [&](Device& parent) {
        DeviceInfo info = named("late");
        info.parent = &parent;
        auto late = Device::create(model, info).value();
        added.push_back(late->add());
        late->del();
    };
    TestDriver driver(
        {.name = "late", .matches = {"p"}},
        [&](Bound& bound) -> Result<void> {
            Device* parent = &bound.device();
            TRY(parent->devres().add_action("adds", [&, parent] { try_to_add(*parent); }));
            return {};
        },
        [&](const Bound& bound) { try_to_add(bound.device()); });
    Registered registered(bus, driver);
    const auto parent = model.add_platform_device(named("p")).value();
    bus.unbind("p", "late").value();
    ASSERT_EQ(added.size(), 2u) << "in remove() and at the release of devres";
    for (const auto& one : added) EXPECT_EQ(one.error(), Errno::NoEnt);
    try_to_add(*parent);
    EXPECT_TRUE(added.back().ok()) << "the parent has no driver, and is there";
    parent->del();
}

TEST_F(Children, who_waits_for_one_inside_its_parent_does_not_keep_the_unbind) {
    const auto hub = model.add_platform_device(named("hub")).value();
    const MaybeRef<Device> child = bus.find_device("child");
    std::atomic<bool> is_inside = false;
    std::thread waiter([&] {
        const Entered inside = hub->enter();
        is_inside = true;
        is_inside.notify_all();
        ThreadSleeper sleeper(model.clock());
        const WaitQueue::Entry entry((*child)->gone_queue(), sleeper);
        while (!(*child)->is_gone()) (void)sleeper.sleep({}, Interrupts::Ignored);
    });
    is_inside.wait(false);
    bus.unbind("hub", "hub").value();
    waiter.join();
    EXPECT_EQ(trace.take(), (Lines{"remove child", "remove hub", "end of hub"}));
    hub->del();
}

TEST_F(Children, parent_is_not_bound_from_inside_one) {
    const auto hub = model.add_platform_device(named("plain")).value();
    DeviceInfo info = named("child");
    info.bus = &bus;
    info.parent = &*hub;
    const auto child = Device::create(model, info).value();
    child->add().value();
    TestDriver plain({.name = "plain", .matches = {"plain"}});
    std::thread deleter;
    {
        const Entered inside = child->enter();
        ASSERT_TRUE(inside);
        deleter = std::thread([&] { hub->del(); });
        tests::wait_until_others_sleep();  // it has hub's lock, and waits for who is inside the
                                           // child
        EXPECT_TRUE(child->is_gone());
        bus.add_driver(plain).value();
        EXPECT_EQ(bus.bind("plain", "plain").error(), Errno::Busy);
        EXPECT_TRUE(bus.probe("plain").ok());
        bus.rescan();
    }
    deleter.join();
    bus.remove_driver(plain).value();
    model.flush();
}

TEST_F(Children, one_that_is_marked_gone_with_its_parent_is_not_probed_any_more) {
    int probes = 0;
    TestDriver of_plain({.name = "of_plain", .matches = {"plain"}}, [&](Bound&) -> Result<void> {
        probes++;
        return {};
    });
    TestDriver owner({.name = "owner", .matches = {"owner"}}, [&](Bound& bound) -> Result<void> {
        DeviceInfo info = named("plain");
        info.bus = &bus;
        info.parent = &bound.device();
        return TRY(Device::create(model, std::move(info)))->add();
    });
    const Registered owners(bus, owner);
    const auto parent = model.add_platform_device(named("owner")).value();
    const MaybeRef<Device> child = bus.find_device("plain");
    {
        const Entered inside = parent->enter();
        ASSERT_TRUE(inside);
        bus.unbind("owner", "owner").value();  // the worker waits for this thread to leave
        tests::wait_until_others_sleep();
        ASSERT_TRUE((*child)->is_gone());
        bus.add_driver(of_plain).value();
        EXPECT_EQ(bus.bind("plain", "of_plain").error(), Errno::NoDev);
        EXPECT_TRUE((*child)->is_gone());
    }
    model.flush();
    EXPECT_FALSE((*child)->is_added());
    EXPECT_EQ(probes, 0);
    parent->del();
    bus.remove_driver(of_plain).value();
}

TEST_F(Children, all_are_marked_gone_before_the_first_is_deleted) {
    const auto hub = model.add_root_device("root").value();
    std::vector<Ref<Device>> both;
    for (const char* name : {"older", "child"}) {
        DeviceInfo info = named(name);
        info.bus = &bus;
        info.parent = &*hub;
        both.push_back(Device::create(model, std::move(info)).value());
        both.back()->add().value();
    }
    std::thread deleter;
    {
        const Entered inside = both[1]->enter();
        ASSERT_TRUE(inside);
        deleter = std::thread([&] { hub->del(); });
        tests::wait_until_others_sleep();
        EXPECT_TRUE(both[1]->is_gone());
        EXPECT_TRUE(both[0]->is_gone());
        EXPECT_TRUE(both[0]->is_added());
    }
    deleter.join();
}

TEST_F(Children, grandchildren_go_first_from_any_thread) {
    for (int i = 0; i < 100; i++) {
        const auto top = model.add_root_device("top").value();
        std::vector<Ref<Device>> below;
        Device* parent = &*top;
        for (const char* name : {"a", "b", "c"}) {
            DeviceInfo info = named(name);
            info.parent = parent;
            below.push_back(Device::create(model, info).value());
            below.back()->add().value();
            parent = &*below.back();
        }
        std::thread other([&] { below[1]->del(); });
        top->del();
        EXPECT_FALSE(below[2]->is_added());
        EXPECT_FALSE(below[0]->is_added());
        other.join();
    }
}

}  // namespace
}  // namespace plugboard::device
