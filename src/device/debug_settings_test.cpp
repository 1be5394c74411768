// The settings that find drivers out: Linux's CONFIG_DEBUG_TEST_DRIVER_REMOVE and
// CONFIG_DEBUG_KOBJECT_RELEASE.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;

TEST(DebugSettings, test_driver_remove_undoes_each_good_probe_and_does_it_again) {
    Trace trace;
    Model model(Clock::real(), {.test_driver_remove = true});
    TestDriver driver(
        {.name = "d", .matches = {"one"}},
        [&](Bound& bound) -> Result<void> {
            trace.add("probe");
            bound.device().devres().add_action("devm", [&] { trace.add("devm"); }).value();
            return {};
        },
        [&](const Bound&) { trace.add("remove"); });
    Registered registered(model.platform_bus(), driver);
    testing::TraceWatcher watcher(model, trace);
    const auto one = model.add_platform_device(named("one")).value();
    EXPECT_TRUE(one->is_bound());
    EXPECT_EQ(trace.take(),
              (Lines{"notify ADD_DEVICE one driver=-", "uevent ACTION=add one",
                     "notify BIND_DRIVER one driver=d", "probe", "remove", "devm", "probe",
                     "notify BOUND_DRIVER one driver=d", "uevent ACTION=bind one"}));
    one->del();
}

TEST(DebugSettings, test_driver_remove_finds_a_probe_that_works_once) {
    Model model(Clock::real(), {.test_driver_remove = true});
    bool was_probed = false;
    TestDriver driver({.name = "d", .matches = {"one"}}, [&](Bound&) -> Result<void> {
        if (std::exchange(was_probed, true)) return Errno::Busy;  // it forgot to let go
        return {};
    });
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    EXPECT_FALSE(one->is_bound());
    EXPECT_EQ(one->devres().size(), 0u);
    one->del();
}

TEST(DebugSettings, test_driver_remove_spares_a_driver_that_nobody_unbinds_by_hand) {
    Model model(Clock::real(), {.test_driver_remove = true});
    int probes = 0;
    TestDriver driver({.name = "d", .matches = {"one"}, .suppress_bind_attrs = true},
                      [&](Bound&) -> Result<void> {
                          probes++;
                          return {};
                      });
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    EXPECT_TRUE(one->is_bound());
    EXPECT_EQ(probes, 1);
    one->del();
}

TEST(DebugSettings, delay_release_keeps_a_device_beyond_its_last_reference) {
    Trace trace;
    Model model(Clock::real(), {.delay_release = true});
    MaybeRef<Device> one = Device::create(model, named("one")).value();
    (*one)->devres().add_action("devm", [&] { trace.add("devm"); }).value();
    std::atomic<bool> go = false;
    model.run_later([&] {
        while (!go) std::this_thread::yield();
    });
    one.reset();
    EXPECT_EQ(trace.take(), Lines{}) << "it has not gone yet";
    go = true;
    model.flush();
    EXPECT_EQ(trace.take(), Lines{"devm"});
}

}  // namespace
}  // namespace plugboard::device
