// Random calls on a few syncobjs; each answer, and what each eventfd has been told, is compared
// with a model's.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <random>
#include <vector>

#include "drm/sync/fence.h"
#include "drm/sync/syncobj.h"
#include "drm/sync/syncobj_fixture.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

/// What the model's syncobj holds: fences that must all have signalled, and what was there before.
struct Payload {
    std::vector<size_t> fences{};  // by number
    std::shared_ptr<const Payload> before{};
    uint64_t seqno = 0;
    uint64_t context = 0;  // 0: binary
};
using PayloadPtr = std::shared_ptr<const Payload>;

class Model {
  public:
    size_t new_fence() {
        signaled_.push_back(false);
        return signaled_.size() - 1;
    }
    void signal(size_t fence) { signaled_[fence] = true; }

    bool is_complete(const Payload& payload) const {
        return std::ranges::all_of(payload.fences, [&](size_t one) { return signaled_[one]; }) &&
               (!payload.before || is_complete(*payload.before));
    }
    PayloadPtr add_point(const PayloadPtr& old, uint64_t point, std::vector<size_t> fences) {
        const uint64_t last = last_submitted(old);
        const bool is_in_order = last != 0 && point > last;
        return std::make_shared<const Payload>(
            Payload{std::move(fences), old, std::max(point, last),
                    is_in_order ? old->context : ++last_context_});
    }
    static PayloadPtr find(const PayloadPtr& head, uint64_t point) {
        if (!head || point == 0) return head;
        if (point > last_submitted(head)) return nullptr;
        PayloadPtr found = head;
        while (found->before && found->before->context == head->context &&
               found->before->seqno >= point)
            found = found->before;
        return found;
    }
    static uint64_t last_submitted(const PayloadPtr& head) {
        return head && head->context != 0 ? head->seqno : 0;
    }
    uint64_t last_signaled(const PayloadPtr& head) const {
        if (last_submitted(head) == 0) return 0;
        for (PayloadPtr one = head; one && one->context == head->context; one = one->before) {
            if (is_complete(*one)) return one->seqno;
        }
        return 0;
    }
    /// Of a payload and all before it.
    static std::vector<size_t> fences_of(const PayloadPtr& payload) {
        std::vector<size_t> all;
        for (PayloadPtr one = payload; one; one = one->before)
            all.insert(all.end(), one->fences.begin(), one->fences.end());
        return all;
    }

  private:
    std::vector<bool> signaled_;
    uint64_t last_context_ = 0;
};

/// An eventfd that waits for a point.
struct Watch {
    UniqueFd fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    size_t syncobj = 0;
    uint64_t point = 0;
    bool is_at_submit = false;
    PayloadPtr found{};  // the first that had the point
    bool is_told = false;
};

class SyncobjStorm {
  public:
    explicit SyncobjStorm(uint32_t seed) : dice_(seed) {
        for (uint32_t& handle : handles_) {
            drm_syncobj_create create{};
            EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_CREATE, create), 0);
            handle = create.handle;
        }
    }
    /// An eventfd and the fence that it waits for keep each other until the fence signals.
    ~SyncobjStorm() {
        for (const Ref<Fence>& fence : fences_) fence->signal();
    }
    SyncobjStorm(const SyncobjStorm&) = delete;
    SyncobjStorm& operator=(const SyncobjStorm&) = delete;

    void step() {
        change();
        for (size_t i = 0; i < handles_.size(); i++) {
            EXPECT_EQ(query(i, 0), model_.last_signaled(payloads_[i]));
            EXPECT_EQ(query(i, DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED),
                      Model::last_submitted(payloads_[i]));
        }
        wait_for_some_point();
        look_at_watches();
    }

  private:
    size_t pick(size_t count) { return dice_() % count; }
    uint64_t pick_point(size_t i) { return 1 + pick(Model::last_submitted(payloads_[i]) + 3); }
    Syncobj& object(size_t i) { return **find_syncobj(client_.file(), handles_[i]); }

    void set(size_t i, PayloadPtr payload) {
        payloads_[i] = std::move(payload);
        for (Watch& watch : watches_) {
            if (watch.syncobj == i && !watch.found)
                watch.found = Model::find(payloads_[i], watch.point);
        }
    }
    void change() {
        const size_t i = pick(handles_.size());
        switch (pick(8)) {
            case 0: return add_pending_point(i);
            case 1: return replace(i);
            case 2: return reset(i);
            case 3: return signal_point(i);
            case 4: return transfer(i);
            case 5: return add_watch(i);
            default: return signal_fence();
        }
    }
    Ref<Fence> new_fence() {
        fences_.push_back(Fence::create(
            clock_,
            {.context = next_fence_context(), .seqno = 1, .driver = "test", .timeline = "line"}));
        return fences_.back();
    }
    void add_pending_point(size_t i) {
        const uint64_t point = pick_point(i);
        set(i, model_.add_point(payloads_[i], point, {model_.new_fence()}));
        object(i).add_point(point, new_fence());
    }
    void replace(size_t i) {
        set(i, std::make_shared<const Payload>(Payload{.fences = {model_.new_fence()}}));
        object(i).replace(new_fence());
    }
    void reset(size_t i) {
        set(i, nullptr);
        drm_syncobj_array array{reinterpret_cast<uint64_t>(&handles_[i]), 1, 0};
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_RESET, array), 0);
    }
    void signal_point(size_t i) {
        uint64_t point = pick_point(i);
        set(i, model_.add_point(payloads_[i], point, {}));
        drm_syncobj_timeline_array array{reinterpret_cast<uint64_t>(&handles_[i]),
                                         reinterpret_cast<uint64_t>(&point), 1, 0};
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, array), 0);
    }
    /// To point 0 goes only what point 0 is: of others a stub may stand in.
    void transfer(size_t from) {
        const size_t to = pick(handles_.size());
        const uint64_t to_point = pick(2) == 0 ? 0 : pick_point(to);
        const uint64_t from_point = to_point == 0 ? 0 : pick_point(from);
        const PayloadPtr found = Model::find(payloads_[from], from_point);
        drm_syncobj_transfer argument{handles_[from], handles_[to], from_point, to_point, 0, 0};
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_TRANSFER, argument), found ? 0 : EINVAL);
        if (!found) return;
        set(to, to_point == 0 ? found
                              : model_.add_point(payloads_[to], to_point, Model::fences_of(found)));
    }
    void add_watch(size_t i) {
        Watch watch;
        watch.syncobj = i;
        watch.point = pick(4) == 0 ? 0 : pick_point(i);
        watch.is_at_submit = pick(2) == 0;
        watch.found = Model::find(payloads_[i], watch.point);
        drm_syncobj_eventfd argument{
            handles_[i], watch.is_at_submit ? uint32_t{DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE} : 0,
            watch.point, watch.fd.borrow(), 0};
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_EVENTFD, argument), 0);
        watches_.push_back(std::move(watch));
    }
    void signal_fence() {
        if (fences_.empty()) return;
        const size_t fence = pick(fences_.size());
        model_.signal(fence);
        fences_[fence]->signal();
    }

    uint64_t query(size_t i, uint32_t flags) {
        uint64_t point = 77;
        drm_syncobj_timeline_array array{reinterpret_cast<uint64_t>(&handles_[i]),
                                         reinterpret_cast<uint64_t>(&point), 1, flags};
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_QUERY, array), 0);
        return point;
    }
    void wait_for_some_point() {
        const size_t i = pick(handles_.size());
        uint64_t point = pick(4) == 0 ? 0 : pick_point(i);
        constexpr std::array<uint32_t, 3> all_flags{0, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
                                                    DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE};
        drm_syncobj_timeline_wait wait{};
        wait.handles = reinterpret_cast<uint64_t>(&handles_[i]);
        wait.points = reinterpret_cast<uint64_t>(&point);
        wait.count_handles = 1;
        wait.flags = all_flags[pick(all_flags.size())];
        const PayloadPtr found = Model::find(payloads_[i], point);
        const bool is_ready = found && (wait.flags == all_flags[2] || model_.is_complete(*found));
        const int late = !found && wait.flags == 0 ? EINVAL : ETIME;
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, wait), is_ready ? 0 : late);
    }
    void look_at_watches() {
        for (Watch& watch : watches_) {
            const bool is_due =
                watch.found && (watch.is_at_submit || model_.is_complete(*watch.found));
            uint64_t count = 0;
            const bool has_come = read(watch.fd.borrow(), &count, sizeof(count)) > 0;
            EXPECT_EQ(has_come, is_due && !watch.is_told);
            EXPECT_EQ(count, has_come ? 1u : 0u);
            watch.is_told |= has_come;
        }
    }

    std::mt19937 dice_;
    FakeClock clock_;
    tests::Board board_{card_with_syncobj(), clock_};
    tests::Client client_{board_.drm()};
    std::array<uint32_t, 3> handles_{};
    std::array<PayloadPtr, 3> payloads_{};
    std::vector<Ref<Fence>> fences_;
    std::vector<Watch> watches_;
    Model model_;
};

TEST(SyncobjStorm, answers_as_the_model_does) {
    const size_t before = live_object_count();
    for (uint32_t seed = 0; seed < 50; seed++) {
        SCOPED_TRACE(seed);
        SyncobjStorm storm(seed);
        for (int i = 0; i < 60 && !testing::Test::HasFailure(); i++) storm.step();
    }
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard::drm
