#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using ::testing::ElementsAre;
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

TEST_F(Deferred, is_named_in_the_log_when_nothing_has_come_for_long) {
    Trace errors;
    const auto sink = log::set_sink([&](log::Category category, std::string_view line) {
        if (category == log::Category::Error) errors.add(std::string(line));
    });
    const auto c1 = add("c1");
    clock.advance(std::chrono::seconds(6));
    const auto c2 = add("c2");  // begins anew
    clock.advance(std::chrono::seconds(6));
    model.flush();
    EXPECT_EQ(errors.take(), Lines{});
    clock.advance(std::chrono::seconds(5));
    for (Lines lines; lines.size() < 2;) {
        model.flush();
        lines = errors.take();
        if (lines.empty()) continue;
        EXPECT_THAT(lines, ElementsAre("c1: deferred probe pending: waits for the supplier",
                                       "c2: deferred probe pending: waits for the supplier"));
    }
    log::set_sink(sink);
    c1->del();
    c2->del();
}

TEST_F(Deferred, probe_that_fails_otherwise_waits_for_nothing) {
    const auto c1 = add("c1");
    TestDriver broken({.name = "broken", .matches = {"c1"}},
                      [](Bound&) -> Result<void> { return Errno::Io; });
    bus.remove_driver(consumer).value();
    Registered registered(bus, broken);
    EXPECT_TRUE(model.deferred_probes().empty());
    c1->del();
}

}  // namespace
}  // namespace plugboard::device
