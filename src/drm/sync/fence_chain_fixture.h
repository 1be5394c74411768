// For tests: chains of fences that nothing is left of at the end.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ref.h"
#include "drm/sync/fence_chain.h"

namespace plugboard::drm {

class FenceChain : public testing::Test {
  protected:
    FenceChain() : before_(live_object_count()) {}
    ~FenceChain() override { EXPECT_EQ(live_object_count(), before_); }

    Ref<Fence> make_fence(uint64_t seqno = 1, MaybeRef<FenceTimeline> timeline = std::nullopt) {
        return Fence::create(clock,
                             {.context = next_fence_context(),
                              .seqno = seqno,
                              .driver = "vgem",
                              .timeline = "unbound"},
                             std::move(timeline));
    }
    std::vector<Ref<Fence>> make_fences(size_t count) {
        std::vector<Ref<Fence>> fences;
        for (size_t i = 0; i < count; i++) fences.push_back(make_fence(i + 1));
        return fences;
    }
    /// The nodes of the points 1.. with these fences.
    static std::vector<Ref<Fence>> make_chain(const std::vector<Ref<Fence>>& fences) {
        std::vector<Ref<Fence>> nodes;
        MaybeRef<Fence> head;
        for (const auto& fence : fences) {
            head = add_point(head, nodes.size() + 1, fence);
            nodes.push_back(*head);
        }
        return nodes;
    }

    FakeClock clock;

  private:
    const size_t before_;
};

}  // namespace plugboard::drm
