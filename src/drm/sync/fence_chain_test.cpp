// Chains of fences: points in order and out of it, what covers a point, and long ones.
#include "drm/sync/fence_chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <thread>

#include "drm/sync/fence_array.h"
#include "drm/sync/fence_chain_fixture.h"

namespace plugboard::drm {
namespace {

using namespace std::chrono_literals;

/// Writes down the numbers of its fences as they end.
class Timeline final : public FenceTimeline {
  public:
    void fence_ended(Fence& fence) override { ended.push_back(fence.info().seqno); }
    std::string label() const override { return "timeline"; }
    void visit_refs(RefVisitor&) const override {}

    std::vector<uint64_t> ended;
};

// Making.

TEST_F(FenceChain, first_point_begins_a_context) {
    const auto fence = make_fence();
    const auto one = add_point(std::nullopt, 5, fence), other = add_point(std::nullopt, 5, fence);
    EXPECT_EQ(one->info().seqno, 5u);
    EXPECT_EQ(one->earlier_seqno(), 0u);
    EXPECT_NE(one->info().context, fence->info().context);
    EXPECT_NE(one->info().context, other->info().context);
}

TEST_F(FenceChain, is_named_after_its_kind_until_it_signals) {
    const auto fence = make_fence();
    const auto node = add_point(std::nullopt, 1, fence);
    EXPECT_EQ(node->driver_name(), "dma_fence_chain");
    EXPECT_EQ(node->timeline_name(), "unbound");
    fence->signal();
    EXPECT_EQ(node->driver_name(), "detached-driver");
    EXPECT_EQ(node->timeline_name(), "signaled-timeline");
}

TEST_F(FenceChain, higher_point_continues_the_context) {
    const auto first = add_point(std::nullopt, 5, make_fence());
    const auto second = add_point(first, 0x1'0000'0009, make_fence());
    EXPECT_EQ(second->info().context, first->info().context);
    EXPECT_EQ(second->info().seqno, 0x1'0000'0009u);
    EXPECT_EQ(second->earlier_seqno(), 5u);
}

TEST_F(FenceChain, point_out_of_order_begins_a_context_with_the_highest_number) {
    const auto first = add_point(std::nullopt, 5, make_fence());
    for (const uint64_t point : {4u, 5u}) {
        const auto second = add_point(first, point, make_fence());
        EXPECT_NE(second->info().context, first->info().context);
        EXPECT_EQ(second->info().seqno, 5u);
        EXPECT_EQ(second->earlier_seqno(), 0u);
    }
}

TEST_F(FenceChain, point_over_a_binary_fence_begins_a_context) {
    const auto binary = make_fence(9);
    const auto node = add_point(binary, 3, make_fence());
    EXPECT_NE(node->info().context, binary->info().context);
    EXPECT_EQ(node->info().seqno, 3u);
    EXPECT_EQ(node->earlier_seqno(), 0u);
}

TEST_F(FenceChain, point_over_a_signalled_head_continues_it_all_the_same) {
    const auto fences = make_fences(2);
    const auto first = add_point(std::nullopt, 5, fences[0]);
    fences[0]->signal();
    const auto second = add_point(first, 6, fences[1]);
    EXPECT_EQ(second->info().context, first->info().context);
    EXPECT_EQ(second->earlier_seqno(), 5u);
    EXPECT_EQ(first->ref_count(), 1u);
    fences[1]->signal();
    EXPECT_TRUE(second->is_signaled());
}

// Signalling.

TEST_F(FenceChain, node_signals_with_its_fence_and_all_before_it) {
    const auto fences = make_fences(3);
    const auto nodes = make_chain(fences);
    fences[2]->signal();
    fences[0]->signal();
    EXPECT_TRUE(nodes[0]->is_signaled());
    EXPECT_FALSE(nodes[1]->is_signaled());
    EXPECT_FALSE(nodes[2]->is_signaled());
    clock.advance(5ms);
    fences[1]->signal();
    EXPECT_EQ(nodes[2]->status(), 1);
    EXPECT_EQ(nodes[2]->timestamp(), clock.now());
}

TEST_F(FenceChain, node_over_a_binary_fence_waits_for_it) {
    const auto binary = make_fence(), fence = make_fence();
    const auto node = add_point(binary, 1, fence);
    fence->signal();
    EXPECT_FALSE(node->is_signaled());
    binary->signal();
    EXPECT_TRUE(node->is_signaled());
}

TEST_F(FenceChain, node_over_its_own_fence_signals_with_it) {
    const auto fence = make_fence();
    const auto node = add_point(fence, 1, fence);
    fence->signal();
    EXPECT_TRUE(node->is_signaled());
}

TEST_F(FenceChain, point_out_of_order_waits_for_all_before_it_too) {
    const auto fences = make_fences(2);
    const auto first = add_point(std::nullopt, 5, fences[0]);
    const auto second = add_point(first, 3, fences[1]);
    fences[1]->signal();
    EXPECT_FALSE(second->is_signaled());
    fences[0]->signal();
    EXPECT_TRUE(second->is_signaled());
}

TEST_F(FenceChain, error_of_a_fence_is_not_that_of_its_node) {
    const auto fence = make_fence();
    const auto node = add_point(std::nullopt, 1, fence);
    fence->signal(Errno::Io);
    EXPECT_EQ(node->status(), 1);
}

TEST_F(FenceChain, of_a_chain_signals_with_it) {
    const auto fences = make_fences(3);
    const auto inner = make_chain({fences[0], fences[1]});
    const auto node = add_point(inner[0], 7, inner[1]);
    fences[1]->signal();
    EXPECT_FALSE(node->is_signaled());
    fences[0]->signal();
    EXPECT_TRUE(node->is_signaled());
}

TEST_F(FenceChain, deadline_is_passed_on_to_all_fences) {
    const auto binary = make_fence();
    const auto fences = make_fences(3);
    const auto array = make_array({fences[0], fences[1]});
    const auto head = add_point(add_point(binary, 1, array), 2, fences[2]);
    fences[2]->signal();
    head->set_deadline(clock.now());
    EXPECT_EQ(binary->deadline(), clock.now());
    EXPECT_EQ(fences[0]->deadline(), clock.now());
    EXPECT_EQ(fences[1]->deadline(), clock.now());
    EXPECT_EQ(fences[2]->deadline(), std::nullopt);
}

// Finding.

TEST_F(FenceChain, point_0_is_the_head_as_it_is) {
    const auto binary = make_fence();
    EXPECT_EQ(find_point(binary, 0), binary);
    const auto node = add_point(std::nullopt, 1, binary);
    EXPECT_EQ(find_point(node, 0), node);
    binary->signal();
    EXPECT_EQ(find_point(node, 0), node);
}

TEST_F(FenceChain, point_of_a_binary_fence_or_past_the_head_is_not_submitted) {
    const auto binary = make_fence();
    EXPECT_FALSE(find_point(binary, 1));
    const auto node = add_point(std::nullopt, 5, binary);
    EXPECT_FALSE(find_point(node, 6));
    EXPECT_FALSE(find_point(node, UINT64_MAX));
    binary->signal();
    EXPECT_FALSE(find_point(node, 6));
    EXPECT_FALSE(find_point(binary, 1));
}

TEST_F(FenceChain, point_is_covered_by_the_earliest_that_is_not_below_it) {
    MaybeRef<Fence> head;
    std::vector<Ref<Fence>> nodes;
    for (const uint64_t point : {10u, 20u, 30u}) {
        head = add_point(head, point, make_fence());
        nodes.push_back(*head);
    }
    EXPECT_EQ(find_point(*head, 1), nodes[0]);
    EXPECT_EQ(find_point(*head, 10), nodes[0]);
    EXPECT_EQ(find_point(*head, 11), nodes[1]);
    EXPECT_EQ(find_point(*head, 20), nodes[1]);
    EXPECT_EQ(find_point(*head, 30), nodes[2]);
}

TEST_F(FenceChain, for_a_signalled_point_that_is_gone_a_stub_stands_in) {
    const auto fences = make_fences(3);
    auto nodes = make_chain(fences);
    const Ref<Fence> head = nodes[2];
    nodes.clear();
    fences[0]->signal();
    fences[1]->signal();
    clock.advance(1s);
    for (const uint64_t point : {1u, 2u}) {
        const auto found = find_point(head, point);
        ASSERT_TRUE(found);
        EXPECT_EQ((*found)->status(), 1);
        EXPECT_EQ((*found)->info().context, FenceContext{0});
        EXPECT_EQ((*found)->timestamp(), clock.now());
    }
    EXPECT_EQ(find_point(head, 3), head);
    fences[2]->signal();
    EXPECT_EQ(find_point(head, 3), head);
}

TEST_F(FenceChain, signalled_point_over_a_pending_one_is_that_one) {
    const auto fences = make_fences(3);
    const auto nodes = make_chain(fences);
    fences[1]->signal();
    EXPECT_EQ(find_point(nodes[2], 2), nodes[0]);
    fences[0]->signal();
    EXPECT_TRUE((*find_point(nodes[2], 2))->is_signaled());
}

TEST_F(FenceChain, points_below_one_out_of_order_are_covered_by_it) {
    const auto fences = make_fences(3);
    const auto first = add_point(std::nullopt, 5, fences[0]);
    const auto second = add_point(first, 2, fences[1]);  // the number 5, in a new context
    const auto third = add_point(second, 6, fences[2]);
    for (const uint64_t point : {1u, 2u, 5u}) EXPECT_EQ(find_point(third, point), second);
    EXPECT_EQ(find_point(third, 6), third);
    // Its own fence is not enough: what lies below is of another context, and before it.
    fences[1]->signal();
    EXPECT_EQ(find_point(third, 5), first);
    fences[0]->signal();
    EXPECT_TRUE((*find_point(third, 5))->is_signaled());
}

// Asking.

TEST_F(FenceChain, last_signaled_of_a_binary_fence_is_0) {
    const auto binary = make_fence(7);
    EXPECT_EQ(last_signaled(binary), 0u);
    binary->signal();
    EXPECT_EQ(last_signaled(binary), 0u);
}

TEST_F(FenceChain, last_signaled_is_the_highest_that_is_complete_with_all_before) {
    const auto fences = make_fences(4);
    const auto nodes = make_chain(fences);
    EXPECT_EQ(last_signaled(nodes[3]), 0u);
    fences[0]->signal();
    EXPECT_EQ(last_signaled(nodes[3]), 1u);
    fences[2]->signal();
    EXPECT_EQ(last_signaled(nodes[3]), 1u);
    fences[1]->signal();
    EXPECT_EQ(last_signaled(nodes[3]), 3u);
    fences[3]->signal();
    EXPECT_EQ(last_signaled(nodes[3]), 4u);
}

TEST_F(FenceChain, last_signaled_does_not_count_what_waits_for_another_context) {
    const auto binary = make_fence();
    const auto fences = make_fences(2);
    const auto first = add_point(binary, 5, fences[0]);
    const auto head = add_point(first, 6, fences[1]);
    fences[0]->signal();
    EXPECT_EQ(last_signaled(head), 0u);
    binary->signal();
    EXPECT_EQ(last_signaled(head), 5u);
}

TEST_F(FenceChain, last_signaled_of_points_out_of_order) {
    const auto fences = make_fences(3);
    const auto first = add_point(std::nullopt, 5, fences[0]);
    const auto second = add_point(first, 2, fences[1]);
    EXPECT_EQ(last_signaled(second), 0u);
    fences[0]->signal();
    EXPECT_EQ(last_signaled(second), 0u);
    fences[1]->signal();
    EXPECT_EQ(last_signaled(second), 5u);
}

// Leaves.

TEST_F(FenceChain, leaves_are_of_its_own_fence_and_of_the_pending_ones_before_it) {
    const auto binary = make_fence();
    const auto fences = make_fences(5);
    const auto array = make_array({fences[1], fences[2]});
    const auto first = add_point(binary, 1, fences[0]);
    const auto second = add_point(first, 2, array);
    const auto third = add_point(second, 3, fences[3]);
    const auto head = add_point(third, 4, fences[4]);
    EXPECT_EQ(leaves(head),
              (std::vector{fences[4], fences[3], fences[1], fences[2], fences[0], binary}));
    fences[4]->signal();  // the head's own stays
    fences[3]->signal();
    fences[1]->signal();  // a member of a pending array stays
    fences[0]->signal();
    EXPECT_EQ(leaves(head), (std::vector{fences[4], fences[1], fences[2], binary}));
    binary->signal();
    fences[2]->signal();
    EXPECT_TRUE(head->is_signaled());
    EXPECT_EQ(leaves(head), std::vector{fences[4]});
}

TEST_F(FenceChain, merge_flattens_it) {
    const auto fences = make_fences(3);
    const auto nodes = make_chain(fences);
    fences[2]->signal();
    EXPECT_EQ(merge(std::vector{nodes[2]})->members(), (std::vector{fences[0], fences[1]}));
}

TEST_F(FenceChain, numbers_of_chains_are_compared_as_plain_64_bits) {
    const auto first = add_point(std::nullopt, 1, make_fence());
    const auto second = add_point(first, 0xffff'ffff, make_fence());
    const auto third = add_point(second, 0x1'0000'0000, make_fence());
    EXPECT_TRUE(is_later(*second, *first));
    EXPECT_TRUE(is_later(*third, *second));
    EXPECT_FALSE(is_later(*third, *third));
}

// Lifetimes.

TEST_F(FenceChain, keeps_what_it_waits_for_and_no_more) {
    const auto fences = make_fences(3);
    auto nodes = make_chain(fences);
    const Ref<Fence> head = nodes.back();
    nodes.clear();
    const size_t all = live_object_count();
    fences[0]->signal();
    EXPECT_EQ(live_object_count(), all - 1);
    fences[1]->signal();
    EXPECT_EQ(live_object_count(), all - 2);
}

TEST_F(FenceChain, does_not_grow_by_signalled_points_over_a_pending_one) {
    const auto stuck = make_fence();
    MaybeRef<Fence> head = add_point(std::nullopt, 1, stuck);
    const size_t before = live_object_count();
    for (uint64_t point = 2; point < 1000; point++)
        head = add_point(head, point, Fence::create_stub(clock, clock.now()));
    EXPECT_LE(live_object_count(), before + 2);
    EXPECT_EQ(last_signaled(*head), 0u);
    stuck->signal();
    EXPECT_EQ(last_signaled(*head), 999u);
}

TEST_F(FenceChain, walk_lets_points_in_the_middle_go) {
    const auto fences = make_fences(100);
    auto nodes = make_chain(fences);
    const Ref<Fence> head = nodes.back();
    nodes.clear();
    const size_t all = live_object_count();
    for (size_t i = 1; i < 99; i++) fences[i]->signal();
    EXPECT_EQ(last_signaled(head), 0u);
    EXPECT_EQ(live_object_count(), all - 98);
    fences[99]->signal();
    fences[0]->signal();
    EXPECT_TRUE(head->is_signaled());
}

TEST_F(FenceChain, node_that_others_passed_by_still_signals) {
    const auto fences = make_fences(3);
    const auto nodes = make_chain(fences);
    fences[1]->signal();
    EXPECT_EQ(leaves(nodes[2]), (std::vector{fences[2], fences[0]}));
    fences[0]->signal();
    EXPECT_TRUE(nodes[1]->is_signaled());
    EXPECT_FALSE(nodes[2]->is_signaled());
}

TEST_F(FenceChain, names_what_it_holds) {
    struct Edges final : RefVisitor {
        void edge(const Object& target, std::string_view reason) override {
            text += std::string(reason) + ": " + std::to_string(target.ref_count()) + "\n";
        }
        std::string text;
    } edges;
    const auto first = add_point(std::nullopt, 1, make_fence());
    const auto second = add_point(first, 2, make_fence());
    second->visit_refs(edges);
    EXPECT_EQ(edges.text, "dma_fence_chain.fence: 1\ndma_fence_chain.prev: 2\n");
}

TEST_F(FenceChain, dropped_chain_ends_from_the_newest_to_the_oldest) {
    const auto timeline = make_ref<Timeline>();
    MaybeRef<Fence> head;
    for (uint64_t point = 1; point <= 4; point++)
        head = add_point(head, point, make_fence(point, timeline));
    head.reset();
    EXPECT_EQ(timeline->ended, (std::vector<uint64_t>{4, 3, 2, 1}));
}

TEST_F(FenceChain, dropped_in_part_keeps_what_another_head_holds) {
    const auto fences = make_fences(3);
    auto nodes = make_chain(fences);
    const auto fork = add_point(nodes[1], 9, make_fence());
    nodes.clear();
    const auto after = live_object_count();
    fences[0]->signal();
    fences[1]->signal();
    EXPECT_EQ(live_object_count(), after - 2);
    fork->members().front()->signal();
    EXPECT_TRUE(fork->is_signaled());
}

}  // namespace
}  // namespace plugboard::drm
