#include "device/devres/devres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Thing;
using testing::Trace;

/// A device that nobody added: its devres is released by the last put, or by groups.
struct DevresTest : ::testing::Test {
    DevresHandle action(const std::string& name) {
        return devres().add_action(name, [this, name] { trace.add(name); }).value();
    }
    Devres& devres() { return (*device)->devres(); }

    Trace trace;
    Model model;
    MaybeRef<Device> device = Device::create(model, named("mock")).value();
};

TEST_F(DevresTest, actions_run_newest_first_at_the_last_put) {
    action("first");
    action("second");
    action("third");
    EXPECT_EQ(devres().size(), 3u);
    device.reset();
    EXPECT_EQ(trace.take(), (Lines{"third", "second", "first"}));
}

TEST_F(DevresTest, removed_action_does_not_run) {
    action("stays");
    devres().remove(action("goes"));
    EXPECT_EQ(devres().size(), 1u);
    device.reset();
    EXPECT_EQ(trace.take(), Lines{"stays"});
}

TEST_F(DevresTest, released_action_runs_now_and_once) {
    action("older");
    const DevresHandle handle = action("early");
    action("newer");
    devres().release(handle);
    EXPECT_EQ(trace.take(), Lines{"early"});
    device.reset();
    EXPECT_EQ(trace.take(), (Lines{"newer", "older"}));
}

TEST_F(DevresTest, action_may_be_added_in_a_callback_and_runs_in_the_next_pass) {
    const auto outer = devres().open_group().value();
    ASSERT_TRUE(devres()
                    .add_action("outer",
                                [this] {
                                    trace.add("outer");
                                    action("inner");
                                })
                    .ok());
    ASSERT_TRUE(devres().close_group(outer).ok());
    EXPECT_EQ(devres().release_group(outer).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"outer"});
    EXPECT_EQ(devres().size(), 1u);
    device.reset();
    EXPECT_EQ(trace.take(), Lines{"inner"});
}

TEST_F(DevresTest, nothing_may_be_added_while_the_last_put_releases) {
    ASSERT_TRUE(devres()
                    .add_action("late",
                                [this, d = &**device] {
                                    EXPECT_EQ(d->devres().add_action("x", [] {}).error(),
                                              Errno::NoDev);
                                    EXPECT_EQ(d->devres().open_group().error(), Errno::NoDev);
                                    auto reset = d->devres().add_action_or_reset(
                                        "y", [this] { trace.add("run at once"); });
                                    EXPECT_FALSE(reset.ok());
                                })
                    .ok());
    device.reset();
    EXPECT_EQ(trace.take(), Lines{"run at once"});
}

TEST_F(DevresTest, callback_may_release_another_entry_that_is_not_doomed) {
    const DevresHandle older = action("older");
    const GroupId group = devres().open_group().value();
    ASSERT_TRUE(devres()
                    .add_action("callback",
                                [&] {
                                    trace.add("callback");
                                    devres().release(older);
                                })
                    .ok());
    EXPECT_EQ(devres().release_group(group).value(), 1u);
    EXPECT_EQ(trace.take(), (Lines{"callback", "older"}));
}

TEST_F(DevresTest, callback_cannot_take_off_an_entry_that_is_doomed_with_it) {
    const GroupId group = devres().open_group().value();
    const DevresHandle older = action("older");
    ASSERT_TRUE(devres()
                    .add_action("callback",
                                [&] {
                                    devres().remove(older);
                                    devres().release(older);
                                    trace.add("callback");
                                })
                    .ok());
    EXPECT_EQ(devres().release_group(group).value(), 2u);
    EXPECT_EQ(trace.take(), (Lines{"callback", "older"}));
}

TEST_F(DevresTest, callback_cannot_take_off_its_own_entry) {
    struct Own {
        Devres& devres;
        DevresHandle handle = nullptr;
        int runs = 0;
    } own{devres()};
    const Action action{[](void* data) {
                            auto* const of = static_cast<Own*>(data);
                            of->runs++;
                            EXPECT_EQ(of->devres.remove(of->handle), nullptr);
                            of->devres.release(of->handle);
                        },
                        &own};
    own.handle = devres().add_action("by handle", action).value();
    devres().release(own.handle);
    own.handle = devres().add_action("by key", action).value();
    ASSERT_TRUE(devres().release_action(action).ok());
    own.handle = devres().add_action("by the last put", action).value();
    device.reset();
    EXPECT_EQ(own.runs, 3);
}

TEST_F(DevresTest, callback_of_the_last_put_may_take_and_drop_a_reference_on_the_device) {
    Device* borrowed = &**device;
    ASSERT_TRUE(
        devres().add_action("self", [=] { auto again = Ref<Device>::share(*borrowed); }).ok());
    action("older");
    device.reset();
    EXPECT_EQ(trace.take(), Lines{"older"});
}

TEST_F(DevresTest, put_action_drops_its_reference_in_order) {
    action("older");
    ASSERT_TRUE(devres().add_put("put", make_ref<Thing>("thing", &trace)).ok());
    action("newer");
    device.reset();
    EXPECT_EQ(trace.take(), (Lines{"newer", "end of thing", "older"}));
}

TEST_F(DevresTest, put_action_that_is_refused_drops_its_reference_at_once) {
    (*device)->del();
    EXPECT_EQ(devres().add_put("put", make_ref<Thing>("thing", &trace)).error(), Errno::NoDev);
    EXPECT_EQ(trace.take(), Lines{"end of thing"});
}

TEST_F(DevresTest, put_action_is_an_edge_of_the_device) {
    struct Edges final : RefVisitor {
        void edge(const Object& target, std::string_view reason) override {
            lines.push_back(target.label() + " " + std::string(reason));
        }
        Lines lines;
    } edges;
    ASSERT_TRUE(devres().add_put("drm_dev_put", make_ref<Thing>("card0")).ok());
    (*device)->visit_refs(edges);
    EXPECT_EQ(edges.lines, Lines{"card0 devm action \"drm_dev_put\""});
}

// Groups. Linux has no test of them.

constexpr int tag_1 = 0, tag_2 = 0;
const GroupId id_1 = &tag_1, id_2 = &tag_2;

TEST_F(DevresTest, group_releases_only_what_lies_between_its_markers) {
    action("before");
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("in");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    action("after");
    EXPECT_EQ(devres().release_group(id_1).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"in"});
    EXPECT_EQ(devres().size(), 2u);
    EXPECT_EQ(devres().release_group(id_1).error(), Errno::NoEnt);
}

TEST_F(DevresTest, group_that_overlaps_keeps_its_markers_but_loses_what_is_inside_the_other) {
    // A [1 B [2 C 1] D 2] E
    action("A");
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("B");
    ASSERT_TRUE(devres().open_group(id_2).ok());
    action("C");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    action("D");
    ASSERT_TRUE(devres().close_group(id_2).ok());
    action("E");
    EXPECT_EQ(devres().release_group(id_1).value(), 2u);
    EXPECT_EQ(trace.take(), (Lines{"C", "B"}));
    EXPECT_EQ(devres().release_group(id_1).error(), Errno::NoEnt);
    EXPECT_EQ(devres().release_group(id_2).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"D"});
    device.reset();
    EXPECT_EQ(trace.take(), (Lines{"E", "A"}));
}

TEST_F(DevresTest, release_of_the_younger_of_two_overlapping_groups_keeps_the_older) {
    // [1 B [2 C 1] D 2]: the range of 2 has 1's close marker only
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("B");
    ASSERT_TRUE(devres().open_group(id_2).ok());
    action("C");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    action("D");
    ASSERT_TRUE(devres().close_group(id_2).ok());
    EXPECT_EQ(devres().release_group(id_2).value(), 2u);
    EXPECT_EQ(trace.take(), (Lines{"D", "C"}));
    EXPECT_EQ(devres().release_group(id_1).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"B"});
}

TEST_F(DevresTest, nested_group_goes_with_the_outer_one) {
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("F");
    ASSERT_TRUE(devres().open_group(id_2).ok());
    action("G");
    ASSERT_TRUE(devres().close_group(id_2).ok());
    action("H");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    action("stays");
    EXPECT_EQ(devres().release_group(id_1).value(), 3u);
    EXPECT_EQ(trace.take(), (Lines{"H", "G", "F"}));
    EXPECT_EQ(devres().release_group(id_2).error(), Errno::NoEnt);
}

TEST_F(DevresTest, open_group_swallows_everything_added_later_and_open_groups_in_it) {
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("I");
    ASSERT_TRUE(devres().open_group(id_2).ok());
    action("J");
    EXPECT_EQ(devres().release_group(id_1).value(), 2u);
    EXPECT_EQ(trace.take(), (Lines{"J", "I"}));
    EXPECT_EQ(devres().size(), 0u);
}

TEST_F(DevresTest, null_names_the_newest_group_that_is_not_closed) {
    const GroupId outer = devres().open_group().value();
    action("outer");
    const GroupId inner = devres().open_group().value();
    action("inner");
    ASSERT_TRUE(devres().close_group().ok());  // the inner one
    EXPECT_EQ(devres().close_group(inner).error(), Errno::Inval);
    EXPECT_EQ(devres().release_group().value(), 2u);  // the outer one
    EXPECT_EQ(devres().size(), 0u);
    EXPECT_NE(outer, inner);
}

TEST_F(DevresTest, removed_group_leaves_its_entries) {
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("K");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    ASSERT_TRUE(devres().remove_group(id_1).ok());
    EXPECT_EQ(devres().size(), 1u);
    EXPECT_EQ(devres().release_group(id_1).error(), Errno::NoEnt);
    EXPECT_EQ(devres().remove_group(id_1).error(), Errno::NoEnt);
}

TEST_F(DevresTest, id_used_twice_names_the_newest) {
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("old");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("new");
    ASSERT_TRUE(devres().close_group(id_1).ok());
    EXPECT_EQ(devres().release_group(id_1).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"new"});
    EXPECT_EQ(devres().release_group(id_1).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"old"});
}

TEST_F(DevresTest, unknown_group_is_no_error_when_the_list_is_empty) {
    EXPECT_EQ(devres().release_group(id_1).value(), 0u);
    EXPECT_EQ(devres().close_group(id_1).error(), Errno::NoEnt);
    action("something");
    EXPECT_EQ(devres().release_group(id_1).error(), Errno::NoEnt);
}

TEST_F(DevresTest, last_put_releases_what_groups_hold_and_the_groups) {
    ASSERT_TRUE(devres().open_group(id_1).ok());
    action("in");
    ASSERT_TRUE(devres().open_group(id_2).ok());
    ASSERT_TRUE(devres().close_group(id_1).ok());
    action("in the open one");
    device.reset();
    EXPECT_EQ(trace.take(), (Lines{"in the open one", "in"}));
}

TEST_F(DevresTest, a_groups_opening_fails_when_a_test_asks_for_it) {
    model.fail_nth_step(2);
    action("counted");
    EXPECT_EQ(devres().open_group().error(), Errno::NoMem);
    const auto group = devres().open_group().value();
    action("inside");
    EXPECT_EQ(devres().release_group(group).value(), 1u);
    EXPECT_EQ(trace.take(), Lines{"inside"});
}

TEST_F(DevresTest, handle_of_an_entry_that_was_taken_off_does_nothing) {
    const Action up{[](void*) {}, nullptr};
    const DevresHandle handle = devres().add_action("up", up).value();
    const auto mine = devres().remove(up.key()).value();
    EXPECT_EQ(devres().remove(handle), nullptr);
    devres().release(handle);
    EXPECT_EQ(devres().size(), 0u);
    EXPECT_EQ(mine->name(), "up");
}

}  // namespace
}  // namespace plugboard::device
