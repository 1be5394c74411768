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

/// A timeline and the descriptor that advances it. Linux: struct sync_timeline
class SwSync final : public SpecialFile {
  public:
    SwSync(device::Model& model, uint64_t number, UniqueFd ours, std::string name)
        : model_(model), number_(number), ours_(std::move(ours)), name_(std::move(name)) {}

    /// The last copy is closed: nobody can signal the pending fences any more.
    void close();
    std::string info() const;

    FdKind kind() const override { return FdKind::SwSync; }
    Result<int> ioctl(Request& request, uint32_t command, uapi::UserAddress argument) override;
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }

    std::string label() const override { return fmt::format("sw_sync {} {}", number_, name_); }
    void visit_refs(RefVisitor& visitor) const override {
        MutexLock lock(mutex_);
        for (const auto& [distance, fence] : pending_)
            visitor.edge(*fence, "sync_timeline.pt_list");
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    ~SwSync() override = default;

    Ref<Fence> fence_at(uint32_t seqno);
    void advance(uint32_t steps);
    Result<void> create_fence(Request& request, uapi::UserAddress argument);
    Result<void> increment(Request& request, uapi::UserAddress argument);
    Result<void> get_deadline(Request& request, uapi::UserAddress argument);

    device::Model& model_;
    const uint64_t number_;
    const UniqueFd ours_;
    const std::string name_;
    const FenceContext context_ = next_fence_context();
    mutable Mutex<LockClass<SwSync>> mutex_;
    uint32_t value_ GUARDED_BY(mutex_) = 0;
    /// Widened so that they sort across the wrap: value_ plus the distance when they were made.
    std::map<uint64_t, Ref<Fence>> pending_ GUARDED_BY(mutex_);
    uint64_t wide_value_ GUARDED_BY(mutex_) = 0;  // value_, but does not wrap
};

Ref<Fence> SwSync::fence_at(uint32_t seqno) {
    MaybeRef<Fence> fence;
    MutexLock lock(mutex_);
    const uint64_t wide = wide_value_ + static_cast<uint32_t>(seqno - value_);
    const bool is_pending = !has_come_to(value_, seqno);
    if (is_pending) {
        const auto found = pending_.find(wide);
        if (found != pending_.end()) return found->second;
    }
    fence = Fence::create(
        model_.clock(),
        {.context = context_, .seqno = seqno, .driver = driver_name, .timeline = name_});
    if (is_pending) pending_.emplace(wide, *fence);
    lock.unlock();
    if (!is_pending) (*fence)->signal();
    return *fence;
}

void SwSync::advance(uint32_t steps) {
    std::vector<Ref<Fence>> due;
    MutexLock lock(mutex_);
    value_ += steps;
    wide_value_ += steps;
    while (!pending_.empty() && pending_.begin()->first <= wide_value_) {
        due.push_back(pending_.begin()->second);
        pending_.erase(pending_.begin());
    }
    lock.unlock();
    for (const Ref<Fence>& fence : due) fence->signal();
}

void SwSync::close() {
    std::map<uint64_t, Ref<Fence>> pending;
    {
        MutexLock lock(mutex_);
        pending.swap(pending_);
    }
    for (const auto& [seqno, fence] : pending) fence->signal(Errno::NoEnt);
}

std::string SwSync::info() const {
    MutexLock lock(mutex_);
    std::string text = fmt::format("{}: {}\n", name_, value_);
    for (const auto& [wide, fence] : pending_)
        text += fmt::format("  fence active: {} / {}\n", fence->info().seqno, value_);
    return text + "\n";
}

Result<int> SwSync::ioctl(Request& request, uint32_t command, uapi::UserAddress argument) {
    switch (command) {
        case sw_sync_create_fence: TRY(create_fence(request, argument)); return 0;
        case sw_sync_inc: TRY(increment(request, argument)); return 0;
        case sw_sync_get_deadline: TRY(get_deadline(request, argument)); return 0;
        default: return Errno::NoTty;
    }
}

Result<void> SwSync::create_fence(Request& request, uapi::UserAddress argument) {
    uapi::UserMemory& memory = request.memory();
    auto data = TRY(memory.read_value<SwSyncCreateFence>(argument));
    const Ref<Fence> fence = fence_at(data.value);
    UniqueFd fd = TRY(model_.service<SpecialFiles>().export_fence(fence));
    data.fence = TRY(memory.install_fd(std::move(fd)));
    return memory.write_value(argument, data);
}

Result<void> SwSync::increment(Request& request, uapi::UserAddress argument) {
    advance(TRY(request.memory().read_value<uint32_t>(argument)));
    return {};
}

Result<void> SwSync::get_deadline(Request& request, uapi::UserAddress argument) {
    uapi::UserMemory& memory = request.memory();
    auto data = TRY(memory.read_value<SwSyncGetDeadline>(argument));
    if (data.deadline_ns || data.pad)
        return request.refuse(log::Category::Core, Errno::Inval,
                              "SW_SYNC_GET_DEADLINE: deadline_ns {} and pad {} must be 0",
                              data.deadline_ns, data.pad);
    const auto fd = memory.take_fd(data.fence_fd);
    const auto fence = fd.ok() ? model_.service<SpecialFiles>().import_fence(*fd)
                               : Result<Ref<Fence>>(Errno::Inval);
    if (!fence.ok())
        return request.refuse(log::Category::Core, Errno::Inval,
                              "SW_SYNC_GET_DEADLINE: fence_fd {} is not a sync_file",
                              data.fence_fd);
    if ((*fence)->info().driver != driver_name)
        return request.refuse(log::Category::Core, Errno::Inval,
                              "SW_SYNC_GET_DEADLINE: fence_fd {} is a fence of {}", data.fence_fd,
                              (*fence)->info().driver);
    const std::optional<Time> deadline = (*fence)->deadline();
    if (!deadline)
        return request.refuse(log::Category::Core, Errno::NoEnt,
                              "SW_SYNC_GET_DEADLINE: fence_fd {} has no deadline", data.fence_fd);
    data.deadline_ns = static_cast<uint64_t>(deadline->time_since_epoch().count());
    return memory.write_value(argument, data);
}

}  // namespace

Result<UniqueFd> open_sw_sync(device::Model& model, std::string comm) {
    comm.resize(std::min<size_t>(comm.size(), 15));
    return model.service<SpecialFiles>().add(
        FdKind::SwSync, PairType::Stream,
        [&](uint64_t number, UniqueFd ours) -> Ref<SpecialFile> {
            return make_ref<SwSync>(model, number, std::move(ours), std::move(comm));
        },
        [](SpecialFile& file) { static_cast<SwSync&>(file).close(); });
}

std::string sync_info(device::Model& model) {
    std::string text = "objs:\n--------------\n";
    for (const Ref<SpecialFile>& file : model.service<SpecialFiles>().all(FdKind::SwSync))
        text += static_cast<const SwSync&>(*file).info();
    return text + "fences:\n--------------\n";
}

}  // namespace plugboard::drm
