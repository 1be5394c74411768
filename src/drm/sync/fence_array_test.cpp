// Fences that stand for others: when they signal, what they stand for, and what becomes of them.
#include "drm/sync/fence_array.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

namespace plugboard::drm {
namespace {

using namespace std::chrono_literals;

class FenceArray : public testing::Test {
  protected:
    FenceArray() : before_(live_object_count()) {}
    ~FenceArray() override { EXPECT_EQ(live_object_count(), before_); }

    Ref<Fence> make_fence(FenceContext context = next_fence_context(), uint64_t seqno = 1) {
        return Fence::create(
            clock, {.context = context, .seqno = seqno, .driver = "vgem", .timeline = "unbound"});
    }
    std::vector<Ref<Fence>> make_fences(size_t count) {
        std::vector<Ref<Fence>> fences;
        for (size_t i = 0; i < count; i++) fences.push_back(make_fence());
        return fences;
    }
    Ref<Fence> merge_two(const Ref<Fence>& a, const Ref<Fence>& b) {
        return merge(std::vector{a, b});
    }

    FakeClock clock;

  private:
    const size_t before_;
};

TEST_F(FenceArray, signals_with_the_last_member_in_any_order) {
    const auto members = make_fences(3);
    const auto array = make_array(members);
    int called = 0;
    array->on_signal([&] { called++; });
    members[2]->signal();
    members[0]->signal();
    EXPECT_FALSE(array->is_signaled());
    clock.advance(5ms);
    members[1]->signal();
    EXPECT_EQ(array->status(), 1);
    EXPECT_EQ(array->timestamp(), clock.now());
    EXPECT_EQ(called, 1);
}

TEST_F(FenceArray, of_signalled_members_is_born_signalled) {
    const auto members = make_fences(2);
    for (const auto& member : members) member->signal();
    EXPECT_EQ(make_array(members)->status(), 1);
}

TEST_F(FenceArray, with_one_member_twice_signals_with_it) {
    const auto fence = make_fence();
    const auto array = make_array({fence, fence});
    fence->signal();
    EXPECT_EQ(array->status(), 1);
}

TEST_F(FenceArray, is_named_after_its_kind_until_it_signals) {
    const auto fence = make_fence();
    const auto array = make_array({fence}), other = make_array({fence});
    EXPECT_EQ(array->driver_name(), "dma_fence_array");
    EXPECT_EQ(array->timeline_name(), "unbound");
    EXPECT_EQ(array->info().seqno, 1u);
    EXPECT_NE(array->info().context, fence->info().context);
    EXPECT_NE(array->info().context, other->info().context);
    fence->signal();
    EXPECT_EQ(array->driver_name(), "detached-driver");
    EXPECT_EQ(array->timeline_name(), "signaled-timeline");
}

TEST_F(FenceArray, has_the_error_of_the_member_that_failed_first) {
    const auto members = make_fences(3);
    const auto array = make_array(members);
    members[1]->signal();
    members[2]->signal(Errno::Io);
    members[0]->signal(Errno::NoDev);
    EXPECT_EQ(array->status(), -EIO);
}

TEST_F(FenceArray, takes_the_error_of_a_member_that_had_failed_before) {
    const auto members = make_fences(2);
    members[1]->signal(Errno::NoEnt);
    const auto array = make_array(members);
    EXPECT_EQ(array->status(), 0);
    members[0]->signal(Errno::Io);
    EXPECT_EQ(array->status(), -ENOENT);
}

TEST_F(FenceArray, passes_its_deadline_on_to_all_members) {
    const auto members = make_fences(2);
    const auto inner = make_array({members[0]});
    const auto array = make_array({inner, members[1]});
    const Time early = clock.now() + 1ms, late = clock.now() + 2ms;
    members[1]->set_deadline(early);
    array->set_deadline(late);
    EXPECT_EQ(members[0]->deadline(), late);
    EXPECT_EQ(members[1]->deadline(), early);
    array->set_deadline(early);
    EXPECT_EQ(members[0]->deadline(), early);
}

TEST_F(FenceArray, gives_no_deadline_to_what_is_signalled) {
    const auto members = make_fences(2);
    const auto array = make_array(members);
    members[0]->signal();
    array->set_deadline(clock.now());
    EXPECT_EQ(members[0]->deadline(), std::nullopt);
    members[1]->signal();
    const auto late = make_array(members);
    late->set_deadline(clock.now());
    EXPECT_EQ(late->deadline(), std::nullopt);
}

TEST_F(FenceArray, deadline_passes_each_of_many_crossing_ways_once) {
    // Two ways at each of 64 levels: as many ways as a 64-bit number counts.
    const auto fence = make_fence();
    Ref<Fence> top = fence;
    for (int level = 0; level < 64; level++) top = make_array({top, top});
    top->set_deadline(clock.now());
    EXPECT_EQ(fence->deadline(), clock.now());
    fence->signal();
    EXPECT_TRUE(top->is_signaled());
}

TEST_F(FenceArray, dropped_while_pending_leaves_nothing_behind) {
    const auto members = make_fences(2);
    const size_t without = live_object_count();
    {
        const auto array = make_array(members);
        array->on_signal([] { FAIL(); });
        EXPECT_EQ(live_object_count(), without + 1);
        EXPECT_EQ(members[0]->ref_count(), 2u);
    }
    EXPECT_EQ(live_object_count(), without);
    EXPECT_EQ(members[0]->ref_count(), 1u);
    for (const auto& member : members) member->signal();
}

TEST_F(FenceArray, dropped_among_many_of_the_same_members_leaves_the_others_in_place) {
    const auto members = make_fences(2);
    std::vector<MaybeRef<Fence>> arrays;
    std::vector<size_t> told;
    for (size_t i = 0; i < 8; i++) {
        const auto array = make_array(members);
        array->on_signal([&told, i] { told.push_back(i); });
        arrays.push_back(array);
    }
    for (const size_t dropped : {0u, 1u, 2u, 4u, 7u}) arrays[dropped].reset();
    for (const auto& member : members) member->signal();
    EXPECT_EQ(told, (std::vector<size_t>{3, 5, 6}));
}

TEST_F(FenceArray, keeps_its_members_also_once_signalled) {
    const auto array = make_array(make_fences(2));
    for (const auto& member : array->members()) member->signal();
    EXPECT_EQ(array->members().size(), 2u);
}

TEST_F(FenceArray, names_what_it_holds) {
    struct Edges final : RefVisitor {
        void edge(const Object& target, std::string_view reason) override {
            text += std::string(reason) + ": " + target.label() + "\n";
        }
        std::string text;
    } edges;
    const auto fence = make_fence(FenceContext{7}, 3);
    make_array({fence, fence})->visit_refs(edges);
    EXPECT_EQ(edges.text,
              "dma_fence_array.fences: fence 7:3 vgem unbound\n"
              "dma_fence_array.fences: fence 7:3 vgem unbound\n");
}

TEST_F(FenceArray, callbacks_run_in_the_order_of_adding) {
    const auto fence = make_fence();
    std::string order;
    fence->on_signal([&] { order += "a"; });
    const auto array = make_array({fence, make_fence()});
    array->members()[1]->signal();
    array->on_signal([&] { order += "d"; });
    fence->on_signal([&] { order += "b"; });
    fence->on_signal([&] { order += "c"; });
    fence->signal();
    EXPECT_EQ(order, "abcd");  // what a callback signals comes after the others
}

TEST_F(FenceArray, callbacks_of_a_signal_from_a_callback_run_before_the_outer_one_ends) {
    const auto fences = make_fences(3);
    std::string order;
    fences[0]->on_signal([&] {
        order += "(";
        fences[1]->signal();
        EXPECT_TRUE(fences[1]->is_signaled());
        order += ")";
    });
    fences[1]->on_signal([&] {
        order += "1";
        fences[2]->signal();
    });
    fences[2]->on_signal([&] { order += "2"; });
    fences[0]->signal();
    EXPECT_EQ(order, "()12");
}

TEST_F(FenceArray, callbacks_find_all_that_signals_with_it_signalled) {
    const auto fences = make_fences(2);
    const auto other = make_array({fences[1]});
    fences[0]->on_signal([&] {
        fences[1]->signal();
        EXPECT_TRUE(other->is_signaled());
    });
    const auto inner = make_array({fences[0]}), outer = make_array({inner});
    fences[0]->on_signal([&] { EXPECT_TRUE(outer->is_signaled()); });
    fences[0]->signal();
    EXPECT_TRUE(other->is_signaled());
}

TEST_F(FenceArray, callback_taken_back_by_an_earlier_one_of_the_same_signal_may_still_run) {
    const auto fence = make_fence();
    uint64_t number = 0;
    bool taken_back = true, has_run = false;
    fence->on_signal([&] { taken_back = fence->remove_callback(number); });
    number = fence->on_signal([&] { has_run = true; });
    fence->signal();
    EXPECT_FALSE(taken_back);
    EXPECT_TRUE(has_run);
}

TEST_F(FenceArray, number_0_takes_no_member_back) {
    const auto fence = make_fence();
    const auto array = make_array({fence});
    EXPECT_FALSE(fence->remove_callback(0));
    fence->signal();
    EXPECT_TRUE(array->is_signaled());
}

TEST_F(FenceArray, sleeper_on_its_queue_wakes_with_the_last_member) {
    const auto members = make_fences(2);
    const auto array = make_array(members);
    members[0]->signal();
    ThreadSleeper sleeper(clock);
    std::thread signaller([&] { members[1]->signal(); });
    EXPECT_EQ(wait_until(sleeper, array->queue(), [&] { return array->is_signaled(); }),
              Wakeup::Woken);
    signaller.join();
}

TEST_F(FenceArray, dropped_while_its_members_signal) {
    for (int round = 0; round < 200; round++) {
        const auto members = make_fences(4);
        std::vector<Ref<Fence>> arrays;
        for (int i = 0; i < 8; i++) arrays.push_back(make_array(members));
        const Ref<Fence> kept = arrays[3];
        std::thread signaller([&] {
            for (const auto& member : members) member->signal();
        });
        arrays.clear();
        signaller.join();
        EXPECT_EQ(kept->status(), 1);
    }
}

TEST_F(FenceArray, leaves_of_one_that_is_none_are_itself) {
    const auto fence = make_fence();
    EXPECT_EQ(leaves(fence), std::vector{fence});
}

TEST_F(FenceArray, leaves_are_the_members_also_signalled_ones) {
    const auto members = make_fences(3);
    const auto array = make_array(members);
    members[1]->signal();
    EXPECT_EQ(leaves(array), members);
}

TEST_F(FenceArray, merge_keeps_pending_leaves_ordered_by_context) {
    const auto fences = make_fences(4);
    fences[1]->signal();
    const auto merged =
        merge_two(make_array({fences[3], fences[1]}), make_array({fences[2], fences[0]}));
    EXPECT_EQ(merged->kind(), FenceKind::Array);
    EXPECT_EQ(merged->info().seqno, 1u);
    EXPECT_EQ(merged->members(), (std::vector{fences[0], fences[2], fences[3]}));
}

TEST_F(FenceArray, merge_keeps_the_newest_of_a_context) {
    const FenceContext context = next_fence_context();
    const auto older = make_fence(context, 4), newer = make_fence(context, 5), other = make_fence();
    EXPECT_EQ(merge(std::vector{newer, other, older})->members(), (std::vector{newer, other}));
    EXPECT_EQ(merge_two(older, newer), newer);
}

TEST_F(FenceArray, merge_compares_numbers_as_signed_32_bits) {
    const FenceContext context = next_fence_context();
    const auto before = make_fence(context, 0xffffffff), after = make_fence(context, 1);
    EXPECT_EQ(merge_two(before, after), after);
    EXPECT_EQ(merge_two(after, before), after);
}

TEST_F(FenceArray, merge_of_one_pending_gives_that_very_fence) {
    const auto fences = make_fences(2);
    fences[0]->signal();
    EXPECT_EQ(merge_two(fences[0], fences[1]), fences[1]);
    EXPECT_EQ(merge_two(fences[1], fences[1]), fences[1]);
}

TEST_F(FenceArray, merge_of_signalled_ones_is_a_stub_with_the_latest_time) {
    const auto fences = make_fences(2);
    clock.advance(1s);
    fences[1]->signal(Errno::Io);
    const Time latest = clock.now() + 1s;
    clock.advance(1s);
    fences[0]->signal();
    clock.advance(1s);
    const auto stub = merge_two(fences[0], fences[1]);
    EXPECT_EQ(stub->status(), 1);
    EXPECT_EQ(stub->timestamp(), latest);
    EXPECT_EQ(stub->info().context, FenceContext{0});
    EXPECT_EQ(stub->info().seqno, 0u);
    EXPECT_EQ(stub->info().driver, "stub");
    EXPECT_EQ(stub->info().timeline, "stub");
    EXPECT_EQ(stub->driver_name(), "detached-driver");
}

}  // namespace
}  // namespace plugboard::drm
