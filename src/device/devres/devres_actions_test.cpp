#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/log.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using ::testing::ElementsAre;
using testing::Lines;
using testing::named;
using testing::Trace;

void count_up(void* data) {
    ++*static_cast<int*>(data);
}
void count_down(void* data) {
    --*static_cast<int*>(data);
}

struct DevresActions : ::testing::Test {
    DevresActions()
        : old_sink(log::set_sink([this](log::Category category, std::string_view line) {
              if (category == log::Category::Error) logged.add(std::string(line));
          })) {}
    ~DevresActions() override { log::set_sink(old_sink); }
    Devres& devres() { return device->devres(); }
    Action up() { return {count_up, &count}; }

    int count = 0;
    Trace logged;
    log::Sink old_sink;
    Model model;
    Ref<Device> device = Device::create(model, named("mock")).value();
};

TEST_F(DevresActions, the_same_one_may_be_added_many_times) {
    for (int i = 0; i < 3; i++) devres().add_action("up", up()).value();
    device->del();
    EXPECT_EQ(count, 3);
}

TEST_F(DevresActions, is_added_means_function_and_data) {
    int other = 0;
    devres().add_action("up", up()).value();
    EXPECT_TRUE(devres().is_action_added(up()));
    EXPECT_FALSE(devres().is_action_added({count_up, &other}));
    EXPECT_FALSE(devres().is_action_added({count_down, &count}));
    EXPECT_FALSE(devres().is_action_added({count_up, nullptr})) << "null is a value like others";
}

TEST_F(DevresActions, remove_takes_one_off_without_running_it) {
    devres().add_action("up", up()).value();
    devres().add_action("up", up()).value();
    ASSERT_TRUE(devres().remove_action(up()).ok());
    EXPECT_EQ(count, 0);
    device->del();
    EXPECT_EQ(count, 1);
}

TEST_F(DevresActions, release_runs_the_newest_now) {
    devres().add_action("up", up()).value();
    ASSERT_TRUE(devres().release_action(up()).ok());
    EXPECT_EQ(count, 1);
    EXPECT_FALSE(devres().is_action_added(up()));
    device->del();
    EXPECT_EQ(count, 1);
}

TEST_F(DevresActions, a_miss_is_noent_and_a_line_in_the_log) {
    EXPECT_EQ(devres().remove_action(up()).error(), Errno::NoEnt);
    EXPECT_EQ(devres().release_action(up()).error(), Errno::NoEnt);
    EXPECT_EQ(devres().destroy(up().key()).error(), Errno::NoEnt) << "the silent one";
    EXPECT_THAT(logged.take(), ElementsAre("mock: devres: there is no such action to remove",
                                           "mock: devres: there is no such action to release"));
}

TEST_F(DevresActions, or_reset_runs_at_once_what_cannot_be_added) {
    device->del();
    EXPECT_EQ(devres().add_action("up", up()).error(), Errno::NoDev);
    EXPECT_EQ(count, 0);
    EXPECT_EQ(devres().add_action_or_reset("up", up()).error(), Errno::NoDev);
    EXPECT_EQ(count, 1);
}

TEST_F(DevresActions, an_addition_fails_when_a_test_asks_for_it) {
    model.fail_nth_step(2);
    EXPECT_TRUE(devres().add_action("up", up()).ok());
    EXPECT_EQ(devres().add_action_or_reset("up", up()).error(), Errno::NoMem);
    EXPECT_EQ(count, 1);
    EXPECT_TRUE(devres().add_action("up", up()).ok());
    EXPECT_EQ(devres().size(), 2u);
}

}  // namespace
}  // namespace plugboard::device
