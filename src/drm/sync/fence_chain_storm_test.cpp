// Long chains on small stacks, random ones against a plain list, and several threads at one.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "drm/sync/fence_array.h"
#include "drm/sync/fence_chain.h"
#include "drm/sync/fence_chain_fixture.h"

namespace plugboard::drm {
namespace {

/// Runs `work` where a call nested for each of 10 000 fences would not fit.
void run_with_small_stack(std::function<void()> work) {
    pthread_attr_t attributes;
    pthread_t thread{};
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    const auto start = [](void* argument) -> void* {
        (*static_cast<std::function<void()>*>(argument))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, start, &work), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
}

TEST_F(FenceChain, of_10000_signals_and_goes_on_a_small_stack) {
    run_with_small_stack([&] {
        const auto fences = make_fences(10'000);
        auto nodes = make_chain(fences);
        const Ref<Fence> head = nodes.back();
        nodes.clear();
        int called = 0;
        head->on_signal([&] { called++; });
        // All but the oldest: its signal runs along the whole chain.
        for (size_t i = 1; i < fences.size(); i++) fences[i]->signal();
        EXPECT_FALSE(head->is_signaled());
        fences[0]->signal();
        EXPECT_TRUE(head->is_signaled());
        EXPECT_EQ(called, 1);
    });
}

TEST_F(FenceChain, of_10000_is_dropped_on_a_small_stack) {
    run_with_small_stack([&] {
        const auto fences = make_fences(10'000);
        const size_t before = live_object_count();
        make_chain(fences);
        EXPECT_EQ(live_object_count(), before);
        for (const auto& fence : fences) EXPECT_EQ(fence->ref_count(), 1u);
    });
}

TEST_F(FenceChain, of_10000_over_one_fence_is_walked_and_signals) {
    run_with_small_stack([&] {
        const auto fence = make_fence();
        const auto nodes = make_chain(std::vector<Ref<Fence>>(10'000, fence));
        EXPECT_EQ(find_point(nodes.back(), 1), nodes.front());
        EXPECT_EQ(leaves(nodes.back()).size(), 10'000u);
        EXPECT_EQ(merge(std::vector{nodes.back()}), fence);
        nodes.back()->set_deadline(clock.now());
        EXPECT_EQ(fence->deadline(), clock.now());
        fence->signal();
        EXPECT_EQ(last_signaled(nodes.back()), 10'000u);
    });
}

TEST_F(FenceChain, nested_10000_deep_signals_and_goes_on_a_small_stack) {
    run_with_small_stack([&] {
        const auto fence = make_fence();
        MaybeRef<Fence> head = fence;
        for (int i = 0; i < 10'000; i++) head = add_point(head, 1, *head);
        (*head)->set_deadline(clock.now());
        EXPECT_EQ(fence->deadline(), clock.now());
        fence->signal();
        EXPECT_TRUE((*head)->is_signaled());
    });
}

TEST_F(FenceChain, answers_as_a_plain_list_would) {
    struct Node {
        FenceContext context;
        uint64_t seqno;
        Ref<Fence> fence;
    };
    for (uint32_t seed = 0; seed < 200; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 dice(seed);
        std::vector<Node> list;
        MaybeRef<Fence> head;
        const auto is_complete = [&](size_t node) {
            return std::all_of(list.begin(), list.begin() + static_cast<ptrdiff_t>(node) + 1,
                               [](const Node& each) { return each.fence->is_signaled(); });
        };
        for (int step = 0; step < 60; step++) {
            if (list.empty() || dice() % 3 == 0) {
                const uint64_t last = list.empty() ? 0 : list.back().seqno;
                const bool in_order = dice() % 5 != 0;
                const auto fence = make_fence();
                head = add_point(head, in_order ? last + 1 + dice() % 3 : last / 2, fence);
                list.push_back({(*head)->info().context, (*head)->info().seqno, fence});
            } else {
                list[dice() % list.size()].fence->signal();
            }
            uint64_t complete = 0;
            for (size_t i = 0; i < list.size(); i++) {
                if (list[i].context == list.back().context && is_complete(i))
                    complete = list[i].seqno;
            }
            EXPECT_EQ((*head)->is_signaled(), is_complete(list.size() - 1));
            EXPECT_EQ(last_signaled(*head), complete);
            const uint64_t point = 1 + dice() % (list.back().seqno + 2);
            const auto found = find_point(*head, point);
            ASSERT_EQ(found.has_value(), point <= list.back().seqno);
            if (!found) continue;
            const auto covers = std::ranges::find_if(list, [&](const Node& node) {
                return node.context == list.back().context && node.seqno >= point;
            });
            EXPECT_EQ((*found)->is_signaled(),
                      is_complete(static_cast<size_t>(covers - list.begin())));
        }
    }
}

TEST_F(FenceChain, signalled_walked_and_extended_by_several_threads) {
    for (uint32_t round = 0; round < 30; round++) {
        const auto fences = make_fences(300);
        auto nodes = make_chain(fences);
        const Ref<Fence> head = nodes.back();
        nodes.clear();
        std::vector<size_t> order(fences.size());
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), std::mt19937(round));
        MaybeRef<Fence> extended;
        std::vector<std::thread> threads;
        for (size_t half = 0; half < 2; half++) {
            threads.emplace_back([&, half] {
                for (size_t i = half; i < order.size(); i += 2) fences[order[i]]->signal();
            });
        }
        for (int i = 0; i < 2; i++) {
            threads.emplace_back([&] {
                for (uint64_t last = 0; last < 300;) {
                    const uint64_t now = last_signaled(head);
                    EXPECT_GE(now, last);
                    if (now > 0) {
                        EXPECT_TRUE((*find_point(head, now))->is_signaled());
                    }
                    last = now;
                }
            });
        }
        threads.emplace_back([&] {
            extended = head;
            for (uint64_t point = 301; point < 400; point++)
                extended = add_point(extended, point, Fence::create_stub(clock, clock.now()));
        });
        for (auto& thread : threads) thread.join();
        EXPECT_TRUE(head->is_signaled());
        EXPECT_EQ(last_signaled(head), 300u);
        for (uint64_t point = 1; point <= 300; point++)
            EXPECT_TRUE((*find_point(head, point))->is_signaled());
        EXPECT_TRUE((*extended)->is_signaled());
    }
}

}  // namespace
}  // namespace plugboard::drm
