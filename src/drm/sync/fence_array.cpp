#include "drm/sync/fence_array.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <utility>

namespace plugboard::drm {
namespace {

void add_members(std::vector<Ref<Fence>>& to, const Ref<Fence>& fence) {
    if (fence->kind() == FenceKind::Array) {
        to.insert(to.end(), fence->members().begin(), fence->members().end());
    } else {
        to.push_back(fence);
    }
}

}  // namespace

Ref<Fence> make_array(std::vector<Ref<Fence>> fences) {
    return Fence::create_of({.context = next_fence_context(),
                             .seqno = 1,
                             .driver = "dma_fence_array",
                             .timeline = "unbound"},
                            {.kind = FenceKind::Array, .members = std::move(fences)});
}

Ref<Fence> merge(std::span<const Ref<Fence>> fences) {
    assert(!fences.empty());
    std::map<FenceContext, Ref<Fence>> newest;
    Time latest{};
    for (const Ref<Fence>& fence : fences) {
        for (const Ref<Fence>& leaf : leaves(fence)) {
            if (leaf->is_signaled()) {
                latest = std::max(latest, leaf->timestamp());
                continue;
            }
            const auto [known, is_first] = newest.try_emplace(leaf->info().context, leaf);
            if (!is_first && is_later(*leaf, *known->second)) known->second = leaf;
        }
    }
    if (newest.empty()) return Fence::create_stub(fences.front()->clock(), latest);
    if (newest.size() == 1) return newest.begin()->second;
    std::vector<Ref<Fence>> members;
    members.reserve(newest.size());
    for (const auto& [context, fence] : newest) members.push_back(fence);
    return make_array(std::move(members));
}

std::vector<Ref<Fence>> leaves(const Ref<Fence>& fence) {
    std::vector<Ref<Fence>> found;
    for (MaybeRef<Fence> next = fence; next; next = (*next)->earlier()) {
        const bool is_chain = (*next)->kind() == FenceKind::Chain;
        add_members(found, is_chain ? (*next)->members().front() : *next);
    }
    return found;
}

}  // namespace plugboard::drm
