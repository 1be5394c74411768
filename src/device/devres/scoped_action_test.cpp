#include "device/devres/scoped_action.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Trace;

/// Owns an action on a device, as a registration does.
class Owner final : public Object {
  public:
    Owner(Device& device, Trace& trace)
        : trace_(trace), action_(ScopedAction::create(device.devres(), "owner's", [&trace] {
                                     trace.add("action");
                                 }).value()) {}
    ~Owner() override { trace_.add("end of owner"); }
    std::string label() const override { return "owner"; }
    void visit_refs(RefVisitor&) const override {}

  private:
    Trace& trace_;
    ScopedAction action_;
};

struct Scoped : ::testing::Test {
    ScopedAction make() {
        return ScopedAction::create(device->devres(), "scoped", [this] { trace.add("action"); })
            .value();
    }

    Trace trace;
    Model model;
    Ref<Device> device = Device::create(model, named("mock")).value();
};

TEST_F(Scoped, action_runs_when_its_owner_goes) {
    { const ScopedAction action = make(); }
    EXPECT_EQ(trace.take(), Lines{"action"});
    EXPECT_EQ(device->devres().size(), 0u);
    device->del();
    EXPECT_EQ(trace.take(), Lines{});
}

TEST_F(Scoped, action_runs_when_the_device_goes_first) {
    const ScopedAction action = make();
    device->del();
    EXPECT_EQ(trace.take(), Lines{"action"});
    EXPECT_TRUE(action.has_run());
}

TEST_F(Scoped, action_that_cannot_be_added_does_not_run) {
    device->del();
    EXPECT_EQ(ScopedAction::create(device->devres(), "late", [] {}).error(), Errno::NoDev);
}

/// The loop that became a deadlock in Rust for Linux: the device's resource drops the last
/// reference of an object that has a resource of the same device.
TEST_F(Scoped, last_reference_of_an_owner_may_be_dropped_by_an_older_resource) {
    device->devres().add_put("put", make_ref<Owner>(*device, trace)).value();
    device->del();
    EXPECT_EQ(trace.take(), (Lines{"end of owner", "action"}));
}

TEST_F(Scoped, last_reference_of_an_owner_may_be_dropped_by_a_newer_resource) {
    MaybeRef<Owner> owner;
    device->devres().add_action("newer than nothing", [] {}).value();
    owner = make_ref<Owner>(*device, trace);
    device->devres().add_put("put", *owner).value();
    owner.reset();
    device->del();
    EXPECT_EQ(trace.take(), (Lines{"end of owner", "action"}));
}

/// The action is released first, and its owner goes while the same pass is under way.
TEST_F(Scoped, owner_may_go_after_its_action_in_one_pass) {
    struct Keeper {
        std::optional<ScopedAction> action;
    };
    auto* const keeper = device->devres().emplace<Keeper>().value();
    keeper->action = make();  // newer than its keeper: released before it
    device->del();
    EXPECT_EQ(trace.take(), Lines{"action"});
}

TEST_F(Scoped, action_runs_once_when_both_go_at_a_time) {
    for (int i = 0; i < 500; i++) {
        auto one = Device::create(model, named("one")).value();
        std::atomic<int> runs = 0;
        std::optional<ScopedAction> action(
            ScopedAction::create(one->devres(), "scoped", [&] { ++runs; }).value());
        std::thread other([&] { one->del(); });
        action.reset();
        other.join();
        ASSERT_EQ(runs, 1);
    }
}

}  // namespace
}  // namespace plugboard::device
