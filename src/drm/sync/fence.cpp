#include "drm/sync/fence.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <deque>
#include <iterator>
#include <utility>

namespace plugboard::drm {
namespace {

/// A fence that is signalled, and who is to be told.
struct Signaled {
    Ref<Fence> fence;
    std::vector<Ref<Fence>> wholes{};
    std::vector<std::function<void()>> callbacks{};
};

/// This thread's signals whose wholes are being told; null: none is at it. What that signals is
/// told here and not within: a chain may be of any length.
thread_local std::deque<Signaled>* spreading = nullptr;
/// The same of callbacks, which find all wholes signalled.
thread_local std::deque<Signaled>* calling = nullptr;

void run_callbacks(std::deque<Signaled> signaled) {
    if (calling) {
        std::ranges::move(signaled, std::back_inserter(*calling));
        return;
    }
    calling = &signaled;
    while (!signaled.empty()) {
        const Signaled next = std::move(signaled.front());
        signaled.pop_front();
        for (const auto& callback : next.callbacks) callback();
        next.fence->queue().wake_all();
    }
    calling = nullptr;
}

/// What this thread's outermost last_put() has still to delete; null: none is at it.
thread_local std::deque<Fence*>* dying = nullptr;

}  // namespace

FenceContext next_fence_context() {
    static std::atomic<uint64_t> next{1};
    return FenceContext{next++};
}

Ref<Fence> Fence::create(Clock& clock, FenceInfo info, MaybeRef<FenceTimeline> timeline) {
    return make_ref<Fence>(clock, std::move(info), std::move(timeline), FenceParts{});
}

Ref<Fence> Fence::create_of(FenceInfo info, FenceParts parts) {
    assert(!parts.members.empty());
    Clock& clock = parts.members.front()->clock_;
    const MaybeRef<Fence> earlier = parts.earlier;
    Ref<Fence> fence = make_ref<Fence>(clock, std::move(info), std::nullopt, std::move(parts));
    fence->member_numbers_.reserve(fence->members_.size());
    for (const Ref<Fence>& member : fence->members_) {
        const uint64_t number = member->add_whole(*fence);
        fence->member_numbers_.push_back(number);
        if (number == 0) fence->part_signaled(*member);
    }
    if (earlier) fence->join(*earlier);
    return fence;
}

Ref<Fence> Fence::create_stub(Clock& clock, Time time) {
    Ref<Fence> stub = create(clock, {.driver = "stub", .timeline = "stub"});
    stub->signal_at(time);
    return stub;
}

Fence::Fence(Clock& clock, FenceInfo info, MaybeRef<FenceTimeline> timeline, FenceParts parts)
    : clock_(clock),
      info_(std::move(info)),
      timeline_(std::move(timeline)),
      kind_(parts.kind),
      members_(std::move(parts.members)),
      earlier_seqno_(parts.earlier_seqno),
      earlier_(std::move(parts.earlier)),
      pending_parts_(members_.size() + (earlier_ ? 1 : 0)) {}

Fence::~Fence() {
    for (size_t i = 0; i < member_numbers_.size(); i++)
        members_[i]->remove_listener(member_numbers_[i]);
    if (earlier_) (*earlier_)->remove_listener(earlier_number_);
    if (timeline_) (*timeline_)->fence_ended(*this);
}

void Fence::last_put() {
    if (dying) {
        dying->push_back(this);
        return;
    }
    // The parts of one follow it here, not within it: a chain may be of any length.
    std::deque<Fence*> all;
    dying = &all;
    for (Fence* next = this;; all.pop_front()) {
        delete next;
        if (all.empty()) break;
        next = all.front();
    }
    dying = nullptr;
}

void Fence::signal(std::optional<Errno> error) {
    signal_at(clock_.now(), error);
}

void Fence::signal_at(Time time, std::optional<Errno> error) {
    Signaled own{Ref<Fence>::share(*this)};
    {
        MutexLock lock(mutex_);
        if (status_ != 0) return;
        status_ = error ? -static_cast<int>(*error) : 1;
        timestamp_ = time;
        listeners_.take_all([&own](Listener&& listener) {
            if (!listener.whole) {
                own.callbacks.push_back(std::move(listener.callback));
            } else if (auto whole = Ref<Fence>::try_share(*listener.whole)) {
                own.wholes.push_back(*std::move(whole));
            }
        });
    }
    if (spreading) {
        spreading->push_back(std::move(own));
        return;
    }
    std::deque<Signaled> all;
    all.push_back(std::move(own));
    spreading = &all;
    for (size_t i = 0; i < all.size(); i++) {
        Signaled& next = all[i];
        for (const Ref<Fence>& whole : next.wholes) whole->part_signaled(*next.fence);
    }
    spreading = nullptr;
    run_callbacks(std::move(all));
}

bool Fence::is_signaled() const {
    return status() != 0;
}

int Fence::status() const {
    MutexLock lock(mutex_);
    return status_;
}

Time Fence::timestamp() const {
    MutexLock lock(mutex_);
    return timestamp_;
}

std::string Fence::driver_name() const {
    return is_signaled() ? "detached-driver" : info_.driver;
}

std::string Fence::timeline_name() const {
    return is_signaled() ? "signaled-timeline" : info_.timeline;
}

void Fence::set_deadline(Time deadline) {
    // One that knows has told its parts: those that are in it twice are asked once.
    if (!note_deadline(deadline)) return;
    std::vector<Ref<Fence>> wholes{Ref<Fence>::share(*this)};
    while (!wholes.empty()) {
        const Ref<Fence> whole = std::move(wholes.back());
        wholes.pop_back();
        for (const Ref<Fence>& member : whole->members_) {
            if (member->note_deadline(deadline)) wholes.push_back(member);
        }
        auto earlier = whole->linked();
        if (earlier && (*earlier)->note_deadline(deadline)) wholes.push_back(*std::move(earlier));
    }
}

void Fence::set_deadline_ns(uint64_t deadline) {
    set_deadline(Time(Nanos(std::min<uint64_t>(deadline, INT64_MAX))));
}

bool Fence::note_deadline(Time deadline) {
    MutexLock lock(mutex_);
    if (status_ != 0 || (deadline_ && *deadline_ <= deadline)) return false;
    deadline_ = deadline;
    return true;
}

std::optional<Time> Fence::deadline() const {
    MutexLock lock(mutex_);
    return deadline_;
}

uint64_t Fence::on_signal(std::function<void()> callback) {
    {
        MutexLock lock(mutex_);
        if (status_ == 0) return listeners_.add({.callback = std::move(callback)});
    }
    callback();
    return 0;
}

bool Fence::remove_callback(uint64_t number) {
    return remove_listener(number);
}

bool Fence::remove_listener(uint64_t number) {
    std::optional<Listener> removed;  // what it holds goes with no lock held
    MutexLock lock(mutex_);
    removed = listeners_.take(number);
    lock.unlock();
    return removed.has_value();
}

uint64_t Fence::add_whole(Fence& whole) {
    MutexLock lock(mutex_);
    if (status_ != 0) return 0;
    return listeners_.add({.whole = &whole});
}

/// Linux: dma_fence_array_cb_func, dma_fence_chain_cb
void Fence::part_signaled(Fence& part) {
    const int status = part.status();
    MaybeRef<Fence> earlier;  // goes with no lock held
    std::optional<Errno> error;
    {
        MutexLock lock(mutex_);
        if (kind_ == FenceKind::Array && status < 0 && !part_error_)
            part_error_ = static_cast<Errno>(-status);
        if (earlier_ && &**earlier_ == &part) earlier.swap(earlier_);
        if (--pending_parts_ > 0) return;
        error = part_error_;
    }
    signal(error);
}

MaybeRef<Fence> Fence::linked() const {
    MutexLock lock(mutex_);
    return earlier_;
}

/// Looks at the members, which stay signalled, and not at whether the chains have been told yet: so
/// no later walk finds one below where an earlier walk has seen the end.
MaybeRef<Fence> Fence::earlier() {
    MaybeRef<Fence> next = linked();
    while (next && !(*next)->is_signaled()) {
        if ((*next)->kind_ != FenceKind::Chain || !(*next)->members_.front()->is_signaled())
            return next;
        // It only waits for those before it. Who takes this one off its list puts it on theirs;
        // others walk on and leave the link alone.
        MaybeRef<Fence> beyond = (*next)->linked();
        if (beyond && leave(**next)) link(*beyond);
        next = std::move(beyond);
    }
    return std::nullopt;
}

void Fence::link(const Ref<Fence>& earlier) {
    MaybeRef<Fence> passed = earlier;  // goes with no lock held
    {
        MutexLock lock(mutex_);
        passed.swap(earlier_);
        earlier_number_ = 0;
    }
    join(earlier);
}

void Fence::join(const Ref<Fence>& earlier) {
    const uint64_t number = earlier->add_whole(*this);
    if (number == 0) return part_signaled(*earlier);
    MutexLock lock(mutex_);
    // Nobody has linked it elsewhere, for that takes the number; but it may have been told.
    if (earlier_ && &**earlier_ == &*earlier) earlier_number_ = number;
}

bool Fence::leave(Fence& earlier) {
    uint64_t number = 0;
    {
        MutexLock lock(mutex_);
        if (earlier_ && &**earlier_ == &earlier) number = earlier_number_;
    }
    return earlier.remove_listener(number);
}

void Fence::visit_refs(RefVisitor& visitor) const {
    if (timeline_) visitor.edge(*timeline_, "sync_pt.parent");
    const bool is_chain = kind_ == FenceKind::Chain;
    for (const Ref<Fence>& member : members_)
        visitor.edge(member, is_chain ? "dma_fence_chain.fence" : "dma_fence_array.fences");
    MutexLock lock(mutex_);
    if (earlier_) visitor.edge(*earlier_, "dma_fence_chain.prev");
}

std::string Fence::label() const {
    return fmt::format("fence {}:{} {} {}", static_cast<uint64_t>(info_.context), info_.seqno,
                       info_.driver, info_.timeline);
}

bool is_later(const Fence& fence, const Fence& other) {
    const uint64_t seqno = fence.info().seqno, than = other.info().seqno;
    if (fence.kind() == FenceKind::Chain) return seqno > than;
    return static_cast<int32_t>(static_cast<uint32_t>(seqno) - static_cast<uint32_t>(than)) > 0;
}

}  // namespace plugboard::drm
