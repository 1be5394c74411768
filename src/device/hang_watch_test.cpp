#include "device/hang_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/log.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using ::testing::MatchesRegex;
using testing::named;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;

struct Hang : ::testing::Test {
    Hang()
        : old_sink(log::set_sink([this](log::Category category, std::string_view line) {
              if (category == log::Category::Error) errors.add(std::string(line));
          })) {}
    ~Hang() override { log::set_sink(old_sink); }
    /// The next line that comes while time passes: the wait may not have begun yet.
    std::string next_line() {
        for (;;) {
            clock.advance(std::chrono::seconds(2));
            std::this_thread::yield();
            if (const Lines lines = errors.take(); !lines.empty()) return lines.front();
        }
    }

    Trace errors;
    log::Sink old_sink;
    FakeClock clock;
    Model model{clock};
    TestDriver driver{{.name = "d", .matches = {"gpu0"}}};
    Registered registered{model.platform_bus(), driver};
};

TEST_F(Hang, unbind_that_waits_says_for_whom_and_how_long) {
    const auto device = model.add_platform_device(named("gpu0")).value();
    std::thread unbinding;
    {
        const Entered commit =
            device->enter({.what = "commit", .hook = "Screen::commit", .pid = 4711});
        const Entered silent = device->enter();
        clock.advance(std::chrono::milliseconds(1200));
        unbinding = std::thread([&] { model.platform_bus().unbind("gpu0", "d").value(); });
        while (!device->is_gone()) std::this_thread::yield();
        for (int i = 0; i < 2; i++) {
            EXPECT_THAT(next_line(),
                        MatchesRegex("unbind of gpu0 waits for: commit of pid 4711, [0-9]+[.]2 s, "
                                     "in hook Screen::commit; 1 inside who do not say what for"));
        }
    }
    unbinding.join();
    EXPECT_FALSE(device->is_bound());
    device->del();
}

TEST_F(Hang, what_is_waited_for_is_told_as_far_as_it_is_known) {
    const Nanos since = std::chrono::milliseconds(3210);
    EXPECT_EQ(describe({.what = "commit", .hook = "Screen::commit", .pid = 4711}, since),
              "commit of pid 4711, 3.2 s, in hook Screen::commit");
    EXPECT_EQ(describe({.what = "frame"}, since), "frame, 3.2 s");
}

TEST_F(Hang, what_ends_in_time_is_not_worth_a_line) {
    const auto device = model.add_platform_device(named("gpu0")).value();
    std::thread deleting;
    {
        const Entered commit = device->enter({.what = "commit"});
        deleting = std::thread([&] { device->del(); });
        while (!device->is_gone()) std::this_thread::yield();
        clock.advance(std::chrono::milliseconds(1900));
    }
    deleting.join();
    EXPECT_EQ(errors.take(), Lines{});
}

}  // namespace
}  // namespace plugboard::device
