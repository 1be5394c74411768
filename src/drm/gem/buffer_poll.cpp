#include "drm/gem/buffer_poll.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "drm/sync/sync_file.h"

namespace plugboard::drm::gem {
namespace {

Usage usage_of(int event) {
    return waits_of(event == POLLOUT);
}

/// What one descriptor waits for: for each event the first fence that is in its way.
class BufferPoll final : public SpecialFile {
  public:
    BufferPoll(uint64_t number, UniqueFd ours, Ref<DmaBuf> buffer)
        : number_(number), ours_(std::move(ours)), buffer_(std::move(buffer)) {}

    /// Makes the client's end ready for the event once no fence is in its way.
    void wait(int event) {
        const MaybeRef<Fence> fence = buffer_->first_fence(usage_of(event));
        if (!fence) return make_ready(event);
        {
            MutexLock lock(mutex_);
            if (is_stopped_) return;
            wait_of(event) = {fence, 0};
        }
        const uint64_t callback = (*fence)->on_signal(
            [self = Ref<BufferPoll>::share(*this), event] { self->wait(event); });
        bool is_stopped = false;
        {
            MutexLock lock(mutex_);
            is_stopped = is_stopped_;
            // By now it may have signalled, and another one be waited for.
            if (Wait& wait = wait_of(event); wait.fence == fence) wait.callback = callback;
        }
        if (is_stopped) (*fence)->remove_callback(callback);
    }
    /// The last copy is closed. Breaks the loop of fences and file.
    void stop() {
        std::array<Wait, 2> waits;
        {
            MutexLock lock(mutex_);
            is_stopped_ = true;
            waits.swap(waits_);
        }
        for (const Wait& wait : waits) {
            if (wait.fence) (*wait.fence)->remove_callback(wait.callback);
        }
    }

    FdKind kind() const override { return FdKind::BufferPoll; }
    Result<int> ioctl(Request&, uint32_t, uapi::UserAddress) override { return Errno::NoTty; }
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }
    std::string label() const override { return fmt::format("poll {} of a dma-buf", number_); }
    void visit_refs(RefVisitor& visitor) const override {
        visitor.edge(buffer_, "dma_buf_poll.dmabuf");
        MutexLock lock(mutex_);
        for (const Wait& wait : waits_) {
            if (wait.fence) visitor.edge(*wait.fence, "dma_buf_poll.fence");
        }
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    ~BufferPoll() override = default;
    struct Wait {
        MaybeRef<Fence> fence{};
        uint64_t callback = 0;
    };
    Wait& wait_of(int event) REQUIRES(mutex_) { return waits_[event == POLLOUT ? 1 : 0]; }

    void make_ready(int event) {
        if (event == POLLIN) {
            const char byte = 1;
            (void)::send(ours_.borrow(), &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
            return;
        }
        // What keeps the client's end from being writable is in our queue: a few reads of it. A
        // client that goes on writing gets what it wants.
        std::array<char, 4096> filler;
        for (int i = 0; i < 16; i++) {
            if (::recv(ours_.borrow(), filler.data(), filler.size(), MSG_DONTWAIT) <= 0) return;
        }
    }

    const uint64_t number_;
    const UniqueFd ours_;
    const Ref<DmaBuf> buffer_;
    mutable Mutex<LockClass<BufferPoll>> mutex_;
    std::array<Wait, 2> waits_ GUARDED_BY(mutex_);
    bool is_stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace

Result<BufferState> poll(Request& request, const Ref<DmaBuf>& buffer, SpecialFiles& files,
                         int events, Later later) {
    BufferState state;
    for (const int event : {POLLIN, POLLOUT}) {
        if ((events & event) && !buffer->first_fence(usage_of(event))) state.ready |= event;
    }
    const bool is_wanted =
        later == Later::Always || (later == Later::IfPending && state.ready == 0);
    if (!is_wanted) return state;

    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    MaybeRef<BufferPoll> made;
    state.later = TRY(files.add(
        FdKind::BufferPoll, PairType::Stream,
        [&](uint64_t number, UniqueFd ours) -> Ref<SpecialFile> {
            made = make_ref<BufferPoll>(number, std::move(ours), buffer);
            return *made;
        },
        [](SpecialFile& file) { static_cast<BufferPoll&>(file).stop(); }, std::move(charge)));
    (*made)->wait(POLLIN);
    (*made)->wait(POLLOUT);
    return state;
}

}  // namespace plugboard::drm::gem
