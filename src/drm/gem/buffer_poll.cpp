#include "drm/gem/buffer_poll.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "drm/sync/fence_array.h"
#include "drm/sync/sync_file.h"

namespace plugboard::drm::gem {
namespace {

/// What one descriptor waits for: the fences that stand for POLLIN, and for POLLOUT.
class BufferPoll final : public SpecialFile {
  public:
    BufferPoll(uint64_t number, UniqueFd ours) : number_(number), ours_(std::move(ours)) {}

    /// Makes the client's end ready for the event once the fences have signalled.
    void wait(int event, std::vector<Ref<Fence>> fences) {
        if (fences.empty()) return make_ready(event);
        const Ref<Fence> fence =
            fences.size() == 1 ? std::move(fences.front()) : make_array(std::move(fences));
        const uint64_t callback = fence->on_signal(
            [self = Ref<BufferPoll>::share(*this), event] { self->make_ready(event); });
        MutexLock lock(mutex_);
        waits_.push_back({fence, callback});
    }
    /// The last copy is closed. Breaks the loop of fences and file.
    void stop() {
        std::vector<Wait> waits;
        {
            MutexLock lock(mutex_);
            waits.swap(waits_);
        }
        for (const Wait& wait : waits) wait.fence->remove_callback(wait.callback);
    }

    FdKind kind() const override { return FdKind::BufferPoll; }
    Result<int> ioctl(Request&, uint32_t, uapi::UserAddress) override { return Errno::NoTty; }
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }
    std::string label() const override { return fmt::format("poll {} of a dma-buf", number_); }
    void visit_refs(RefVisitor& visitor) const override {
        MutexLock lock(mutex_);
        for (const Wait& wait : waits_) visitor.edge(wait.fence, "pending fence of a dma-buf");
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    ~BufferPoll() override = default;
    struct Wait {
        Ref<Fence> fence;
        uint64_t callback;
    };

    void make_ready(int event) {
        if (event == POLLIN) {
            const char byte = 1;
            (void)::send(ours_.borrow(), &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
            return;
        }
        // What keeps the client's end from being writable is in our queue.
        std::array<char, 4096> filler;
        while (::recv(ours_.borrow(), filler.data(), filler.size(), MSG_DONTWAIT) > 0) {
        }
    }

    const uint64_t number_;
    const UniqueFd ours_;
    mutable Mutex<LockClass<BufferPoll>> mutex_;
    std::vector<Wait> waits_ GUARDED_BY(mutex_);
};

}  // namespace

Result<BufferState> poll(Request& request, DmaBuf& buffer, SpecialFiles& files, int events,
                         bool wants_later) {
    BufferState state;
    auto writers = buffer.fences(waits_of(false));
    auto all = buffer.fences(waits_of(true));
    if ((events & POLLIN) && writers.empty()) state.ready |= POLLIN;
    if ((events & POLLOUT) && all.empty()) state.ready |= POLLOUT;
    if (!wants_later && state.ready == (events & (POLLIN | POLLOUT))) return state;

    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    MaybeRef<BufferPoll> made;
    state.later = TRY(files.add(
        FdKind::BufferPoll, PairType::Stream,
        [&](uint64_t number, UniqueFd ours) -> Ref<SpecialFile> {
            made = make_ref<BufferPoll>(number, std::move(ours));
            return *made;
        },
        [](SpecialFile& file) { static_cast<BufferPoll&>(file).stop(); }, std::move(charge)));
    (*made)->wait(POLLIN, std::move(writers));
    (*made)->wait(POLLOUT, std::move(all));
    return state;
}

}  // namespace plugboard::drm::gem
