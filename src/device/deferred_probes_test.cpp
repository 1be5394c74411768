#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>

#include "base/log.h"
#include "device/test_support.h"
#include "tests/support/threads.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;

/// A consumer whose probe needs a supplier that somebody has probed.
struct Deferred : ::testing::Test {
    Ref<Device> add(const std::string& name) {
        auto device = model.add_platform_device(named(name)).value();
        model.flush();
        return device;
    }
    Result<void> probe_consumer(Bound& bound) {
        trace.add("probe " + bound.device().name());
        if (!has_supplier) return bound.defer("waits for the supplier");
        return {};
    }

    FakeClock clock;
    Model model{clock, {.deferred_probe_timeout = std::chrono::seconds(10)}};
    Bus& bus = model.platform_bus();
    Trace trace;
    bool has_supplier = false;
    TestDriver consumer{{.name = "consumer", .matches = {"c1", "c2"}},
                        [this](Bound& bound) { return probe_consumer(bound); }};
    TestDriver supplier{{.name = "supplier", .matches = {"s"}}, [this](Bound&) -> Result<void> {
                            has_supplier = true;
                            return {};
                        }};
    Registered consumers{bus, consumer};
    Registered suppliers{bus, supplier};
};

TEST_F(Deferred, is_tried_again_when_any_device_has_bound) {
    const auto c1 = add("c1"), c2 = add("c2");
    EXPECT_FALSE(c1->is_bound());
    EXPECT_EQ(trace.take(), (Lines{"probe c1", "probe c2"}));
    const auto s = add("s");
    EXPECT_TRUE(c1->is_bound());
    EXPECT_TRUE(c2->is_bound());
    EXPECT_EQ(trace.take(), (Lines{"probe c1", "probe c2"})) << "in the order in which they waited";
    EXPECT_TRUE(model.deferred_probes().empty());
    for (const auto& device : {c1, c2, s}) device->del();
}

TEST_F(Deferred, is_listed_with_its_reason) {
    const auto c1 = add("c1");
    const auto listed = model.deferred_probes();
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].device, "c1");
    EXPECT_EQ(listed[0].reason, "waits for the supplier");
    EXPECT_EQ(model.deferred_probes_file().show().value(), "c1\twaits for the supplier\n");
    c1->del();
    EXPECT_TRUE(model.deferred_probes().empty());
}

TEST_F(Deferred, bind_during_the_probe_that_defers_is_not_missed) {
    MaybeRef<Device> s;
    TestDriver late({.name = "late", .matches = {"l"}}, [&](Bound& bound) -> Result<void> {
        if (s) return {};
        s = model.add_platform_device(named("s")).value();  // binds now, before this one waits
        return bound.defer("came too early");
    });
    Registered registered(bus, late);
    const auto l = add("l");
    EXPECT_TRUE(l->is_bound());
    l->del();
    (*s)->del();
}

TEST_F(Deferred, is_tried_again_by_hand) {
    const auto c1 = add("c1");
    EXPECT_EQ(bus.bind("c1", "consumer").error(), Errno::Again);
    has_supplier = true;
    EXPECT_TRUE(bus.probe("c1").ok());
    EXPECT_TRUE(c1->is_bound());
    EXPECT_TRUE(model.deferred_probes().empty());
    c1->del();
}

TEST_F(Deferred, is_named_in_the_log_when_no_driver_has_come_for_long) {
    Trace errors;
    const auto sink = log::set_sink([&](log::Category category, std::string_view line) {
        if (category == log::Category::Error) errors.add(std::string(line));
    });
    const auto pass = [&](int seconds) {
        clock.advance(std::chrono::seconds(seconds));
        model.flush();
    };
    const auto c1 = add("c1");
    pass(6);
    TestDriver other({.name = "other", .matches = {"other"}});
    Registered registered(bus, other);  // the time begins anew
    pass(6);
    const auto c2 = add("c2");  // and does not
    EXPECT_EQ(errors.take(), Lines{});
    pass(4);
    EXPECT_EQ(errors.take(), (Lines{"c1: deferred probe pending: waits for the supplier",
                                    "c2: deferred probe pending: waits for the supplier"}));
    pass(100);
    EXPECT_EQ(errors.take(), Lines{}) << "once is enough";
    log::set_sink(sink);
    c1->del();
    c2->del();
}

TEST_F(Deferred, waits_on_when_the_probe_of_another_driver_fails) {
    const auto c1 = add("c1");
    TestDriver broken({.name = "broken", .matches = {"c1"}},
                      [](Bound&) -> Result<void> { return Errno::Io; });
    {
        const testing::Quiet quiet;
        Registered registered(bus, broken);
    }
    const auto listed = model.deferred_probes();
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].reason, "waits for the supplier");
    const auto s = add("s");
    EXPECT_TRUE(c1->is_bound());
    c1->del();
    s->del();
}

TEST_F(Deferred, one_that_another_driver_is_probing_is_not_forgotten) {
    std::atomic<bool> is_probing = false, may_fail = false;
    TestDriver broken({.name = "broken", .matches = {"c1"}}, [&](Bound&) -> Result<void> {
        is_probing = true;
        is_probing.notify_all();
        may_fail.wait(false);
        return Errno::NoDev;
    });
    const auto c1 = add("c1");
    std::thread registrar([&] { bus.add_driver(broken).value(); });
    is_probing.wait(false);
    const auto s = model.add_platform_device(named("s")).value();  // the worker takes c1
    tests::wait_until_others_sleep();
    may_fail = true;
    may_fail.notify_all();
    registrar.join();
    model.flush();
    EXPECT_TRUE(c1->is_bound());
    c1->del();
    s->del();
    bus.remove_driver(broken).value();
}

TEST_F(Deferred, probe_that_is_tried_for_ever_leaves_the_worker_to_others) {
    constexpr int limit = 1000;
    int tries = 0, tries_at_removal = limit;
    TestDriver churn({.name = "churn", .matches = {"churn"}}, [&](Bound& bound) -> Result<void> {
        if (++tries >= limit) return {};
        const auto bound_elsewhere = TRY(model.add_faux_device(named("elsewhere")));
        bound_elsewhere->del();
        return bound.defer("so each try is a reason for another");
    });
    TestDriver pulled({.name = "pulled", .matches = {"pulled"}}, {},
                      [&](const Bound&) { tries_at_removal = tries; });
    const Registered first(bus, churn), second(bus, pulled);
    const auto victim = add("pulled");
    MaybeRef<Device> churned;
    {
        const testing::HeldWorker held(model);
        churned = model.add_platform_device(named("churn")).value();
        const Entered inside = victim->enter();
        ASSERT_TRUE(inside);
        victim->del();  // the worker does it
    }
    model.flush();
    EXPECT_FALSE(victim->is_added());
    EXPECT_LT(tries_at_removal, 5);
    EXPECT_EQ(tries, limit);
    (*churned)->del();
}

TEST_F(Deferred, reason_is_forgotten_when_it_is_tried_again) {
    bool knows_why = true;
    TestDriver late({.name = "late", .matches = {"l"}}, [&](Bound& bound) -> Result<void> {
        return std::exchange(knows_why, false) ? bound.defer("at first") : Errno::ProbeDefer;
    });
    Registered registered(bus, late);
    const auto l = add("l"), s = add("s");
    EXPECT_EQ(model.deferred_probes_file().show().value(), "l\t\n");
    l->del();
    s->del();
}

/// Probes that add a child to their device, which binds, and then defer.
struct DeferredParents : Deferred {
    Result<void> probe_parent(Bound& bound) {
        if (++tries > 10) return {};  // an end for those who would never stop
        DeviceInfo info = named(bound.device().name() + "'s child");
        info.bus = &bus;
        info.parent = &bound.device();
        info.compatible = {"child"};
        const auto made = TRY(Device::create(model, std::move(info)));
        TRY(made->add());
        return defers ? Result<void>(bound.defer("too early")) : Result<void>();
    }

    int tries = 0;
    bool defers = true;
    TestDriver child{{.name = "child", .matches = {"child"}}};
    TestDriver parent{{.name = "parent", .matches = {"p1", "p2"}},
                      [this](Bound& bound) { return probe_parent(bound); }};
    Registered children{bus, child};
    Registered parents{bus, parent};
};

TEST_F(DeferredParents, their_children_that_bind_are_no_reason_to_try_again) {
    const auto p1 = add("p1");
    EXPECT_EQ(tries, 1);
    const auto p2 = add("p2");
    EXPECT_EQ(tries, 2) << "nor to try another such parent";
    const auto s = add("s");
    EXPECT_EQ(tries, 4);
    EXPECT_EQ(model.deferred_probes().size(), 2u);
    for (const auto& device : {p1, p2, s}) device->del();
}

TEST_F(DeferredParents, their_children_count_once_they_have_bound_themselves) {
    bool has_child = false;
    TestDriver user({.name = "user", .matches = {"u"}}, [&](Bound& bound) -> Result<void> {
        const MaybeRef<Device> found = bus.find_device("p1's child");
        has_child = found && (*found)->is_bound();
        return has_child ? Result<void>() : Result<void>(bound.defer("waits for the child"));
    });
    Registered registered(bus, user);
    const auto u = add("u"), p1 = add("p1");
    EXPECT_FALSE(u->is_bound());
    defers = false;
    bus.rescan();
    model.flush();
    EXPECT_TRUE(p1->is_bound());
    EXPECT_TRUE(u->is_bound());
    u->del();
    p1->del();
}

TEST_F(DeferredParents, bound_child_that_its_owner_keeps_counts_once_the_probe_has_failed) {
    MaybeRef<Device> kept;
    TestDriver fails({.name = "fails", .matches = {"f"}}, [&](Bound& bound) -> Result<void> {
        DeviceInfo info = named("kept");
        info.bus = &bus;
        info.parent = &bound.device();
        info.compatible = {"child"};
        info.is_deleted_by_owner = true;
        kept = TRY(Device::create(model, std::move(info)));
        TRY((*kept)->add());
        return Errno::NoDev;
    });
    TestDriver user({.name = "user", .matches = {"u"}}, [&](Bound& bound) -> Result<void> {
        return kept && (*kept)->is_bound() ? Result<void>() : Result<void>(bound.defer("waits"));
    });
    const Registered first(bus, fails), second(bus, user);
    const auto u = add("u"), f = add("f");
    EXPECT_FALSE(f->is_bound());
    EXPECT_TRUE(u->is_bound());
    u->del();
    (*kept)->del();
    f->del();
}

TEST_F(DeferredParents, child_that_stays_when_the_probe_fails_counts) {
    const auto old = add("old");
    DeviceInfo info = named("kept");
    info.bus = &bus;
    info.parent = &*old;
    const auto kept = Device::create(model, info).value();
    kept->add().value();
    int probes = 0;
    TestDriver of_kept({.name = "of_kept", .matches = {"kept"}});
    TestDriver of_old({.name = "of_old", .matches = {"old"}}, [&](Bound& bound) -> Result<void> {
        if (++probes > 1) return {};
        bus.add_driver(of_kept).value();
        return bound.defer("has not seen it");
    });
    {
        Registered registered(bus, of_old);
        model.flush();
        EXPECT_TRUE(kept->is_bound());
        EXPECT_TRUE(old->is_bound());
        EXPECT_EQ(probes, 2);
    }
    old->del();
    bus.remove_driver(of_kept).value();
}

}  // namespace
}  // namespace plugboard::device
