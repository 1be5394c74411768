#include "drm/sync/syncobj_eventfd.h"

#include <fmt/format.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/mutex.h"
#include "drm/file.h"
#include "drm/handlers.h"
#include "drm/sync/syncobj.h"

namespace plugboard::drm {
namespace {

bool is_eventfd(const UniqueFd& fd) {
    std::array<char, 64> link{};
    const std::string path = fmt::format("/proc/thread-self/fd/{}", fd.borrow());
    const ssize_t size = readlink(path.c_str(), link.data(), link.size());
    return size > 0 &&
           std::string_view(link.data(), static_cast<size_t>(size)) == "anon_inode:[eventfd]";
}

/// Has the kernel itself add to an eventfd, as it does when an operation of its own has ended: a
/// write() to one that is full and blocks would not return. Linux: Documentation of io_submit(2),
/// IOCB_FLAG_RESFD. Any thread.
class KernelTeller {
  public:
    static KernelTeller& instance() {
        static KernelTeller* teller = new KernelTeller;  // outlives every entry
        return *teller;
    }

    /// False: the kernel does not do such operations for us.
    bool tell(const UniqueFd& eventfd) {
        // An eventfd is readable or writable at any time, or both: this ends as it begins.
        iocb any{};
        any.aio_lio_opcode = IOCB_CMD_POLL;
        any.aio_fildes = static_cast<uint32_t>(eventfd.borrow());
        any.aio_buf = POLLIN | POLLOUT;
        any.aio_flags = IOCB_FLAG_RESFD;
        any.aio_resfd = any.aio_fildes;
        iocb* all[] = {&any};
        MutexLock lock(mutex_);
        if (context_ == 0 || syscall(SYS_io_submit, context_, 1L, all) != 1) return false;
        io_event done{};
        syscall(SYS_io_getevents, context_, 1L, 1L, &done, nullptr);
        return true;
    }

  private:
    KernelTeller() {
        if (syscall(SYS_io_setup, 1U, &context_) != 0) context_ = 0;
    }

    Mutex<LockClass<KernelTeller>> mutex_;
    aio_context_t context_ GUARDED_BY(mutex_) = 0;
};

/// Where that is forbidden: nothing is lost but what a full counter could not take.
void write_if_there_is_room(const UniqueFd& eventfd) {
    pollfd room{.fd = eventfd.borrow(), .events = POLLOUT, .revents = 0};
    const uint64_t one = 1;
    if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT)) [[maybe_unused]]
        const ssize_t written = write(eventfd.borrow(), &one, sizeof(one));
}

}  // namespace

Ref<EventfdEntry> EventfdEntry::create(UniqueFd fd, uint64_t point, bool at_submit, Charge charge) {
    return make_ref<EventfdEntry>(std::move(fd), point, at_submit, std::move(charge));
}

void EventfdEntry::tell() const {
    if (!KernelTeller::instance().tell(fd_)) write_if_there_is_room(fd_);
}

void start(const Ref<EventfdEntry>& entry, const Ref<Fence>& fence) {
    if (entry->is_at_submit()) {
        entry->tell();
        return;
    }
    fence->on_signal([entry, fence] { entry->tell(); });
}

Result<void> ioctl_syncobj_eventfd(Request& request, Device&, File& file,
                                   drm_syncobj_eventfd& argument) {
    constexpr auto available = static_cast<uint32_t>(DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE);
    if (argument.flags & ~available)
        return request.refuse(core, Errno::Inval, "flags 0x{:x}: not AVAILABLE", argument.flags);
    if (argument.pad != 0)
        return request.refuse(core, Errno::Inval, "pad {} is not 0", argument.pad);
    const Ref<Syncobj> syncobj = TRY(look_up_syncobj(request, file, argument.handle));
    auto fd = request.memory().take_fd(argument.fd);
    if (!fd.ok()) return request.refuse(core, fd.error(), "fd {} is not open", argument.fd);
    if (!is_eventfd(*fd))
        return request.refuse(core, Errno::Inval, "fd {} is no eventfd", argument.fd);
    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    syncobj->add_eventfd(EventfdEntry::create(
        *std::move(fd), argument.point, (argument.flags & available) != 0, std::move(charge)));
    return {};
}

}  // namespace plugboard::drm
