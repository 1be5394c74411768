#include "device/mock_device.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Thing;

TEST(MockDevice, is_there_and_bound_in_one_line) {
    MockDevice mock;
    EXPECT_EQ(mock.device().name(), "mock0");
    EXPECT_TRUE(mock.device().is_bound());
    EXPECT_EQ(mock.device().driver_name(), "mock");
}

TEST(MockDevice, gives_a_bound_to_code_that_wants_one) {
    std::optional<Managed<int>> part;
    MockDevice mock([&part](Bound& bound) -> Result<void> {
        part = TRY(bound.manage<int>(7));
        return {};
    });
    EXPECT_EQ(part->get(mock.enter().bound()), 7);
}

TEST(MockDevice, gives_none_once_the_device_is_deleted) {
    MockDevice mock;
    mock.device().del();
    EXPECT_FALSE(mock.enter());
}

TEST(MockDevice, is_not_bound_when_its_probe_fails) {
    MockDevice mock([](Bound&) -> Result<void> { return Errno::Io; });
    EXPECT_FALSE(mock.device().is_bound());
    EXPECT_FALSE(mock.enter());
}

TEST(MockDevice, hands_its_info_to_the_driver_under_test) {
    std::string seen;
    FunctionDriver driver({.name = "own", .matches = {}}, [&seen](Bound& bound) -> Result<void> {
        seen =
            bound.device().name() + std::any_cast<const char*>(bound.device().info().platform_data);
        return {};
    });
    MockOptions options;
    options.info.name = "port";
    options.info.platform_data = "7";
    MockDevice mock(driver, options);
    EXPECT_EQ(seen, "port7");
    EXPECT_EQ(mock.device().driver_name(), "own");
}

TEST(MockDevice, leaves_nothing) {
    const size_t before = live_object_count();
    MockDevice mock([](Bound& bound) -> Result<void> {
        TRY(bound.manage<UniqueFd>(open("/dev/null", O_RDONLY | O_CLOEXEC)));
        return {};
    });
    EXPECT_EQ(mock.finish(), "");
    EXPECT_EQ(mock.finish(), "") << "also when asked again";
    EXPECT_EQ(live_object_count(), before);
}

TEST(MockDevice, names_the_object_that_is_left_and_who_holds_it) {
    auto holder = make_ref<Thing>("holder");  // before the mock: not its own
    {
        MockDevice mock;
        holder->hold(make_ref<Thing>("lost"), "by mistake");
        EXPECT_EQ(mock.finish(),
                  "1 object is left:\n"
                  "  lost: 1 reference\n"
                  "    holder [by mistake]\n");
        holder->drop_all();
    }
}

TEST(MockDevice, names_a_reference_on_the_device_itself) {
    MockDevice mock;
    MaybeRef<Device> kept = Ref<Device>::share(mock.device());
    EXPECT_EQ(mock.finish(),
              "1 object is left:\n"
              "  device mock0: 1 reference\n"
              "    1 unnamed: a stack, a thread, the core\n");
    kept.reset();
    EXPECT_EQ(mock.finish(), "");
}

TEST(MockDevice, names_a_loop_and_what_would_break_it) {
    MockDevice mock;
    auto* first = make_ref<Thing>("first").release();
    auto second = make_ref<Thing>("second");
    second->hold(Ref<Thing>::share(*first), "back");
    first->hold(second, "forth");
    first->put();
    { const auto dropped = std::move(second); }
    const std::string left = mock.finish();
    EXPECT_NE(left.find("2 objects are left:\n"), std::string::npos) << left;
    EXPECT_NE(left.find("first -> second [forth] -> first [back]: nothing will break this loop"),
              std::string::npos)
        << left;
    first->drop_all();
}

TEST(MockDevice, names_the_descriptor_that_is_left) {
    MockDevice mock;
    UniqueFd lost(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(mock.finish(),
              "1 descriptor is left:\n  " + std::to_string(lost.borrow()) + ": /dev/null\n");
    lost.reset();
}

TEST(MockDevice, tells_what_is_left_when_it_goes) {
    std::string told;
    UniqueFd lost;
    {
        MockOptions options;
        options.on_left = [&told](const std::string& left) { told = left; };
        MockDevice mock(std::move(options));
        lost.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    EXPECT_NE(told.find("1 descriptor is left:\n"), std::string::npos) << told;
}

TEST(MockDeviceDeathTest, ends_the_process_when_nobody_wants_to_know_what_is_left) {
    const auto leak = [] {
        MockDevice mock;
        (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
    };
    EXPECT_DEATH(leak(), "1 descriptor is left:");
}

}  // namespace
}  // namespace plugboard::device
