#include "drm/sync/sw_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "drm/sync/fence.h"
#include "drm/sync/sync_file.h"

namespace plugboard::drm {
namespace {

constexpr const char* driver_name = "sw_sync";

/// Whether the timeline has come to `seqno`: their distance as signed 32 bits.
bool has_come_to(uint32_t value, uint32_t seqno) {
    return static_cast<int32_t>(seqno - value) <= 0;
}

/// Counted: held by its descriptor and by its fences. Any thread. Linux: struct sync_timeline
class SyncTimeline final : public FenceTimeline {
  public:
    /// The fence at `seqno`; each call for one that is pending gives the same.
    Ref<Fence> fence_at(uint32_t seqno);
    void advance(uint32_t steps);
    /// Nobody can signal the pending fences any more.
    void end();
    std::string info() const;

    void fence_ended(Fence& fence) override;
    std::string label() const override { return "timeline " + name_; }
    void visit_refs(RefVisitor&) const override {}

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    SyncTimeline(Clock& clock, std::string name) : clock_(clock), name_(std::move(name)) {}
    ~SyncTimeline() override = default;
    /// Widened so that they sort across the wrap: the same for one number while it is pending.
    uint64_t widened_locked(uint32_t seqno) const REQUIRES(mutex_) {
        return wide_value_ + static_cast<uint32_t>(seqno - value_);
    }

    Clock& clock_;
    const std::string name_;
    const FenceContext context_ = next_fence_context();
    mutable Mutex<LockClass<SyncTimeline>> mutex_;
    uint32_t value_ GUARDED_BY(mutex_) = 0;
    uint64_t wide_value_ GUARDED_BY(mutex_) = 0;  // value_, but does not wrap
    /// By widened number. Not held: a fence leaves with its last reference, by fence_ended().
    std::map<uint64_t, Fence*> pending_ GUARDED_BY(mutex_);
};

Ref<Fence> SyncTimeline::fence_at(uint32_t seqno) {
    MutexLock lock(mutex_);
    const bool is_pending = !has_come_to(value_, seqno);
    const uint64_t wide = widened_locked(seqno);
    if (is_pending) {
        const auto found = pending_.find(wide);
        if (found != pending_.end()) {
            if (auto fence = Ref<Fence>::try_share(*found->second)) return *std::move(fence);
        }
    }
    Ref<Fence> fence = Fence::create(
        clock_, {.context = context_, .seqno = seqno, .driver = driver_name, .timeline = name_},
        Ref<SyncTimeline>::share(*this));
    if (is_pending) pending_.insert_or_assign(wide, &*fence);
    lock.unlock();
    if (!is_pending) fence->signal();
    return fence;
}

void SyncTimeline::advance(uint32_t steps) {
    std::vector<Ref<Fence>> due;
    MutexLock lock(mutex_);
    value_ += steps;
    wide_value_ += steps;
    while (!pending_.empty() && pending_.begin()->first <= wide_value_) {
        if (auto fence = Ref<Fence>::try_share(*pending_.begin()->second))
            due.push_back(*std::move(fence));
        pending_.erase(pending_.begin());
    }
    lock.unlock();
    for (const Ref<Fence>& fence : due) fence->signal();
}

void SyncTimeline::end() {
    std::vector<Ref<Fence>> left;
    {
        MutexLock lock(mutex_);
        for (const auto& [wide, pending] : pending_) {
            if (auto fence = Ref<Fence>::try_share(*pending)) left.push_back(*std::move(fence));
        }
        pending_.clear();
    }
    for (const Ref<Fence>& fence : left) fence->signal(Errno::NoEnt);
}

void SyncTimeline::fence_ended(Fence& fence) {
    MutexLock lock(mutex_);
    const auto found = pending_.find(widened_locked(static_cast<uint32_t>(fence.info().seqno)));
    // Another one may be in its place by now.
    if (found != pending_.end() && found->second == &fence) pending_.erase(found);
}

std::string SyncTimeline::info() const {
    MutexLock lock(mutex_);
    std::string text = fmt::format("{}: {}\n", name_, value_);
    for (const auto& [wide, fence] : pending_)
        text += fmt::format("  fence active: {} / {}\n", fence->info().seqno, value_);
    return text + "\n";
}

/// The descriptor that advances a timeline.
class SwSync final : public SpecialFile {
  public:
    SwSync(device::Model& model, uint64_t number, UniqueFd ours, std::string name)
        : model_(model),
          number_(number),
          ours_(std::move(ours)),
          name_(std::move(name)),
          timeline_(make_ref<SyncTimeline>(model.clock(), name_)) {}

    SyncTimeline& timeline() const { return *timeline_; }

    FdKind kind() const override { return FdKind::SwSync; }
    Result<int> ioctl(Request& request, uint32_t command, uapi::UserAddress argument) override;
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }

    std::string label() const override { return fmt::format("sw_sync {} {}", number_, name_); }
    void visit_refs(RefVisitor& visitor) const override {
        visitor.edge(timeline_, "file.private_data");
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    ~SwSync() override = default;

    Result<void> create_fence(Request& request, uapi::UserAddress argument);
    Result<void> increment(Request& request, uapi::UserAddress argument);
    Result<void> get_deadline(Request& request, uapi::UserAddress argument);

    device::Model& model_;
    const uint64_t number_;
    const UniqueFd ours_;
    const std::string name_;
    const Ref<SyncTimeline> timeline_;
};

Result<int> SwSync::ioctl(Request& request, uint32_t command, uapi::UserAddress argument) {
    Result<void> done;
    switch (command) {
        case sw_sync_create_fence: done = create_fence(request, argument); break;
        case sw_sync_inc: done = increment(request, argument); break;
        case sw_sync_get_deadline: done = get_deadline(request, argument); break;
        default:
            return request.refuse(core, Errno::NoTty, "0x{:x} is no ioctl of sw_sync", command);
    }
    TRY(request.name_fault(core, done));
    return 0;
}

Result<void> SwSync::create_fence(Request& request, uapi::UserAddress argument) {
    uapi::UserMemory& memory = request.memory();
    auto data = memory.read_value<SwSyncCreateFence>(argument);
    if (!data.ok()) {
        TRY(request.expect_free_fd());  // Linux takes the number first
        return data.error();
    }
    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    auto fd = model_.service<SpecialFiles>().export_fence(timeline_->fence_at(data->value),
                                                          std::move(charge));
    const auto number =
        fd.ok() ? memory.install_fd(*std::move(fd), uapi::OnExec::Close) : fd.error();
    if (!number.ok())
        return request.refuse(core, number.error(), "SW_SYNC_CREATE_FENCE: no free descriptor");
    data->fence = *number;
    return memory.write_value(argument, *data);
}

Result<void> SwSync::increment(Request& request, uapi::UserAddress argument) {
    timeline_->advance(TRY(request.memory().read_value<uint32_t>(argument)));
    return {};
}

Result<void> SwSync::get_deadline(Request& request, uapi::UserAddress argument) {
    uapi::UserMemory& memory = request.memory();
    auto data = TRY(memory.read_value<SwSyncGetDeadline>(argument));
    if (data.deadline_ns || data.pad)
        return request.refuse(core, Errno::Inval,
                              "SW_SYNC_GET_DEADLINE: deadline_ns {} and pad {} must be 0",
                              data.deadline_ns, data.pad);
    const auto fd = memory.take_fd(data.fence_fd);
    const auto fence = fd.ok() ? model_.service<SpecialFiles>().import_fence(*fd)
                               : Result<Ref<Fence>>(Errno::Inval);
    if (!fence.ok())
        return request.refuse(core, Errno::Inval,
                              "SW_SYNC_GET_DEADLINE: fence_fd {} is not a sync_file",
                              data.fence_fd);
    if ((*fence)->info().driver != driver_name)
        return request.refuse(core, Errno::Inval,
                              "SW_SYNC_GET_DEADLINE: fence_fd {} is a fence of {}", data.fence_fd,
                              (*fence)->info().driver);
    const std::optional<Time> deadline = (*fence)->deadline();
    if (!deadline)
        return request.refuse(core, Errno::NoEnt,
                              "SW_SYNC_GET_DEADLINE: fence_fd {} has no deadline", data.fence_fd);
    data.deadline_ns = static_cast<uint64_t>(deadline->time_since_epoch().count());
    return memory.write_value(argument, data);
}

}  // namespace

Result<UniqueFd> open_sw_sync(device::Model& model, std::string comm, uint32_t user) {
    auto charge = Accounts::instance().of(user).charge(Resource::SyncFiles);
    if (!charge.ok()) return Errno::NFile;
    comm.resize(std::min<size_t>(comm.size(), 15));
    return model.service<SpecialFiles>().add(
        FdKind::SwSync, PairType::Stream,
        [&](uint64_t number, UniqueFd ours) -> Ref<SpecialFile> {
            return make_ref<SwSync>(model, number, std::move(ours), std::move(comm));
        },
        [](SpecialFile& file) { static_cast<SwSync&>(file).timeline().end(); }, *std::move(charge));
}

std::string sync_info(device::Model& model) {
    std::string text = "objs:\n--------------\n";
    for (const Ref<SpecialFile>& file : model.service<SpecialFiles>().all(FdKind::SwSync))
        text += static_cast<const SwSync&>(*file).timeline().info();
    return text + "fences:\n--------------\n";
}

}  // namespace plugboard::drm
