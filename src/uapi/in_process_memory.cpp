#include "uapi/in_process_memory.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace plugboard::uapi {
namespace {

void* pointer(UserAddress address) {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(address));
}

}  // namespace

Result<void> InProcessMemory::read(std::span<std::byte> to, UserAddress from) {
    if (to.empty()) return {};
    const iovec local{to.data(), to.size()};
    const iovec remote{pointer(from), to.size()};
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != static_cast<ssize_t>(to.size()))
        return Errno::Fault;
    return {};
}

Result<void> InProcessMemory::write(UserAddress to, std::span<const std::byte> from) {
    if (from.empty()) return {};
    const iovec local{const_cast<std::byte*>(from.data()), from.size()};
    const iovec remote{pointer(to), from.size()};
    if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) != static_cast<ssize_t>(from.size()))
        return Errno::Fault;
    return {};
}

Result<void> InProcessMemory::write_now(UserAddress to, std::span<const std::byte> from) {
    return write(to, from);
}

Result<UniqueFd> InProcessMemory::take_fd(int number) {
    UniqueFd fd(fcntl(number, F_DUPFD_CLOEXEC, 0));
    if (!fd.is_open()) return Errno::BadF;
    return fd;
}

Result<int> InProcessMemory::install_fd(UniqueFd fd, OnExec on_exec) {
    const int number = fd.release();
    (void)fcntl(number, F_SETFD, on_exec == OnExec::Close ? FD_CLOEXEC : 0);
    installed_.push_back(number);
    return number;
}

void InProcessMemory::end_request(bool failed) {
    for (const int fd : installed_) {
        if (failed) ::close(fd);
    }
    installed_.clear();
}

}  // namespace plugboard::uapi
