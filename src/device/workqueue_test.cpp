#include "device/workqueue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;

/// What the work of a driver uses: says when it goes.
struct Registers {
    explicit Registers(Trace& of) : trace(of) {}
    ~Registers() { trace.add("registers gone"); }
    Trace& trace;
};

struct WorkqueueTest : ::testing::Test {
    Result<void> probe(Bound& bound) {
        registers = TRY(bound.manage<Registers>(trace));
        queue = TRY(bound.manage<Workqueue>(bound, "poll"));
        return {};
    }
    Workqueue& work() {
        const Entered entered = device->enter();
        return queue->get(entered.bound());
    }
    void use(const Bound& bound, const std::string& text) { registers->get(bound).trace.add(text); }

    Trace trace;
    FakeClock clock;
    Model model{clock};
    std::optional<Managed<Registers>> registers;
    std::optional<Managed<Workqueue>> queue;
    TestDriver driver{{.name = "d", .matches = {"one"}},
                      [this](Bound& bound) { return probe(bound); }};
    Registered registered{model.platform_bus(), driver};
    Ref<Device> device = model.add_platform_device(named("one")).value();
};

TEST_F(WorkqueueTest, work_is_done_in_order_with_a_proof_of_being_bound) {
    for (const char* text : {"first", "second"})
        work().run([this, text](const Bound& bound) { use(bound, text); });
    work().flush();
    EXPECT_EQ(trace.take(), (Lines{"first", "second"}));
    device->del();
}

TEST_F(WorkqueueTest, unbind_waits_for_work_that_runs_and_drops_the_rest) {
    std::atomic<bool> runs = false;
    work().run([&](const Bound& bound) {
        runs = true;
        while (!bound.device().is_gone()) std::this_thread::yield();
        use(bound, "ends its work");
    });
    work().run([&](const Bound& bound) { use(bound, "never"); });
    while (!runs) std::this_thread::yield();
    device->del();
    EXPECT_EQ(trace.take(), (Lines{"ends its work", "registers gone"}));
}

TEST_F(WorkqueueTest, timer_runs_when_its_time_has_come) {
    std::atomic<bool> ran = false;
    work().run_after(std::chrono::seconds(5), [&](const Bound&) { ran = true; });
    clock.advance(std::chrono::milliseconds(4999));
    work().flush();
    EXPECT_FALSE(ran);
    clock.advance(std::chrono::milliseconds(1));
    while (!ran) std::this_thread::yield();
    device->del();
}

TEST_F(WorkqueueTest, timer_never_runs_on_a_device_that_is_unbound) {
    work().run_after(std::chrono::seconds(5), [&](const Bound& bound) { use(bound, "never"); });
    device->del();
    clock.advance(std::chrono::seconds(10));
    EXPECT_EQ(trace.take(), Lines{"registers gone"});
}

TEST_F(WorkqueueTest, device_may_be_pulled_from_within_its_work) {
    work().run([&](const Bound& bound) {
        bound.device().del();
        use(bound, "still bound");
    });
    while (device->is_added()) std::this_thread::yield();
    model.flush();
    EXPECT_EQ(trace.take(), (Lines{"still bound", "registers gone"}));
}

TEST_F(WorkqueueTest, probe_fails_at_each_step_of_its_making_in_turn) {
    device::Bus& bus = model.platform_bus();
    const std::vector<Errno> failures = {Errno::NoMem, Errno::NoMem, Errno::Again};
    for (unsigned n = 1; n <= failures.size(); n++) {
        bus.unbind("one", "d").value();
        trace.take();
        model.fail_nth_step(n);
        EXPECT_EQ(bus.bind("one", "d").error(), failures[n - 1]) << n;
        EXPECT_EQ(trace.take(), n == 1 ? Lines{} : Lines{"registers gone"});
        EXPECT_TRUE(bus.bind("one", "d").ok());
    }
    device->del();
}

}  // namespace
}  // namespace plugboard::device
