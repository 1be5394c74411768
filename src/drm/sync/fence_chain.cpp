#include "drm/sync/fence_chain.h"

#include <algorithm>
#include <utility>

namespace plugboard::drm {
namespace {

bool is_chain(const Fence& fence) {
    return fence.kind() == FenceKind::Chain;
}

}  // namespace

Ref<Fence> add_point(const MaybeRef<Fence>& head, uint64_t point, Ref<Fence> fence) {
    FenceInfo info{.seqno = point, .driver = "dma_fence_chain", .timeline = "unbound"};
    FenceParts parts{.kind = FenceKind::Chain};
    const bool over_chain = head && is_chain(**head);
    const uint64_t head_seqno = over_chain ? (*head)->info().seqno : 0;
    if (over_chain && point > head_seqno) {
        info.context = (*head)->info().context;
        parts.earlier_seqno = head_seqno;
    } else {
        info.context = next_fence_context();
        info.seqno = std::max(point, head_seqno);
    }
    parts.members.push_back(std::move(fence));
    parts.earlier = head;
    Ref<Fence> added = Fence::create_of(std::move(info), std::move(parts));
    added->earlier();  // lets those go at once that only wait for one before them
    return added;
}

bool has_point(const Fence& head, uint64_t point) {
    return point == 0 || (is_chain(head) && point <= head.info().seqno);
}

MaybeRef<Fence> find_point(const Ref<Fence>& head, uint64_t point) {
    if (!has_point(*head, point)) return std::nullopt;
    if (point == 0) return head;
    Ref<Fence> found = head;
    while (found->info().context == head->info().context && found->earlier_seqno() >= point) {
        auto earlier = found->earlier();
        if (!earlier) return Fence::create_stub(head->clock(), head->clock().now());
        found = *std::move(earlier);
    }
    return found;
}

uint64_t last_signaled(const Ref<Fence>& head) {
    if (!is_chain(*head)) return 0;
    if (head->is_signaled()) return head->info().seqno;
    Ref<Fence> first = head;
    while (auto earlier = first->earlier()) first = *std::move(earlier);
    // What is of another context is before all points of this one.
    return first->info().context == head->info().context ? first->earlier_seqno() : 0;
}

}  // namespace plugboard::drm
