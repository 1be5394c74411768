#include "shim/forward.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/page.h"
#include "shim/board.h"
#include "shim/channels.h"
#include "shim/descriptors.h"
#include "shim/syscalls.h"
#include "transport/client.h"
#include "uapi/ioctl_table.h"

namespace plugboard::shim {
namespace {

using transport::Answer;
using transport::ClientCall;
using transport::MessageType;
using transport::Range;
using transport::Signals;

constexpr size_t event_size = 32;
constexpr size_t max_prefetched = 48 * 1024;  // with the argument it stays below max_payload

transport::FileName name_of(const FdLabel& label) {
    return {.number = label.number, .kind = static_cast<uint32_t>(label.kind)};
}

long result_of(const Answer& answer) {
    return answer.error != 0 ? -answer.error : answer.result;
}

long fd_of(const Answer& answer) {
    if (answer.error != 0) return -answer.error;
    return answer.fd >= 0 ? answer.fd : -EMFILE;
}

/// One call over a pooled channel. `send` sends its request and returns 0 or an errno.
template <class Send>
Answer call(int fd, Signals signals, bool close_on_exec, Send send) {
    int none = ENODEV;
    // A pooled channel may have died since its last use; the request has then not been looked at.
    for (int attempt = 0; attempt < 2; attempt++) {
        Channel channel(__builtin_frame_address(0));
        if (!channel.is_open()) {
            none = channel.error();
            break;
        }
        ClientCall client(channel.socket(), channel.next_sequence(), signals, &channel.busy_poll());
        client.prepare_signals();
        const int error = send(client);
        if (error == EFAULT) return {.result = -1, .error = EFAULT};
        if (error == 0) {
            const Answer answer = client.wait(fd, close_on_exec);
            if (answer.broken) channel.give_up();
            return answer;
        }
        channel.give_up();
    }
    return {.broken = none == ENODEV, .result = -1, .error = none};
}

/// open(2) checks the file's mode: the file in the tree has it, and the kernel knows how.
long check_permission(const char* path, int flags) {
    const long fd = open_file(path, (flags & O_ACCMODE) | O_CLOEXEC);
    if (fd >= 0) close_fd(static_cast<int>(fd));
    return std::min(fd, 0l);
}

Answer ask_to_open(MessageType type, std::string_view path, int flags) {
    transport::OpenBody body{.flags = static_cast<uint32_t>(flags)};
    raw_syscall(SYS_prctl, PR_GET_NAME, body.command);
    const iovec tail{const_cast<char*>(path.data()), path.size()};
    return call(-1, Signals::Ignored, (flags & O_CLOEXEC) != 0, [&](ClientCall& client) {
        return client.send(type, body, {}, {&tail, 1});
    });
}

/// The parts of an ioctl's user memory that go with the request.
class Prefetch {
  public:
    Prefetch(uint32_t command, const void* argument) {
        const size_t size = _IOC_SIZE(command);
        if (!(_IOC_DIR(command) & _IOC_WRITE) || size == 0) return;
        add(reinterpret_cast<uintptr_t>(argument), size);
        const uapi::Ioctl* row =
            _IOC_TYPE(command) == uapi::type_byte ? uapi::find_ioctl(_IOC_NR(command)) : nullptr;
        if (row && row->reads[0].count_bytes != 0 && size <= copy_.size() && size >= row->size() &&
            copy_from(argument, copy_.data(), size))
            add_arrays(*row);
    }

    /// What to send: everything, the argument alone, nothing.
    std::span<const Range> ranges(size_t most) const {
        return std::span(ranges_).first(std::min(most, count_));
    }
    std::span<const iovec> bytes(size_t most) const {
        return std::span(bytes_).first(std::min(most, count_));
    }
    bool has_argument() const { return count_ != 0; }

  private:
    static constexpr size_t max_arrays = std::tuple_size_v<decltype(uapi::Ioctl::reads)>;

    void add(uint64_t address, size_t size) {
        ranges_[count_] = {address, size};
        bytes_[count_] = {reinterpret_cast<void*>(static_cast<uintptr_t>(address)), size};
        count_++;
        total_ += size;
    }
    uint64_t field(size_t offset, size_t size) const {
        uint64_t value = 0;
        std::memcpy(&value, copy_.data() + offset, size);
        return value;
    }
    void add_arrays(const uapi::Ioctl& row) {
        Range counts{};  // the last array that is no sum: what the sums are of
        for (const uapi::UserArray& array : row.reads) {
            if (array.count_bytes == 0) break;
            const uint64_t address = field(array.pointer_offset, 8);
            uint64_t count = field(array.count_offset, array.count_bytes);
            if (array.count_is_sum) count = sum_of(counts);
            if (count > max_prefetched / array.element_bytes) continue;
            const size_t size = static_cast<size_t>(count) * array.element_bytes;
            if (!array.count_is_sum) counts = {address, size};
            if (size == 0 || total_ + size > max_prefetched) continue;
            add(address, size);
        }
    }
    static uint64_t sum_of(Range counts) {
        uint64_t sum = 0;
        std::array<uint32_t, 64> part;
        while (counts.length >= sizeof(uint32_t)) {
            const size_t size = std::min<size_t>(counts.length, sizeof part);
            const auto* address =
                reinterpret_cast<const void*>(static_cast<uintptr_t>(counts.address));
            if (!copy_from(address, part.data(), size)) return 0;
            for (size_t i = 0; i < size / sizeof(uint32_t); i++) sum += part[i];
            counts = {counts.address + size, counts.length - size};
        }
        return sum;
    }

    std::array<std::byte, 256> copy_;
    std::array<Range, 1 + max_arrays> ranges_;
    std::array<iovec, 1 + max_arrays> bytes_;
    size_t count_ = 0;
    size_t total_ = 0;
};

Signals signals_of(uint32_t command) {
    if (_IOC_TYPE(command) != uapi::type_byte) return Signals::Ignored;
    const uapi::Ioctl* row = uapi::find_ioctl(_IOC_NR(command));
    if (!row) return Signals::Ignored;
    switch (row->interruption) {
        case uapi::Interruption::Never: return Signals::Ignored;
        case uapi::Interruption::Eintr: return Signals::Eintr;
        case uapi::Interruption::Restart: return Signals::Restart;
    }
    return Signals::Ignored;
}

}  // namespace

long open_node(const Target& target, int flags) {
    const auto path = node_path(*target.node());
    if (target.place() == Place::Tree) {
        if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return -EEXIST;
        if (flags & O_DIRECTORY) return -ENOTDIR;
        if (const long error = check_permission(target.path(), flags); error < 0) return error;
    }
    const Answer answer = ask_to_open(MessageType::Open, path.view(), flags);
    return answer.broken ? -ENXIO : fd_of(answer);
}

long open_live(const Target& target, int flags) {
    if (flags & O_DIRECTORY) return -ENOTDIR;
    const Answer answer = ask_to_open(MessageType::OpenLive, target.virtual_path(), flags);
    return answer.broken ? -ENXIO : fd_of(answer);
}

long change_names(transport::NameChange change, std::string_view path, std::string_view target,
                  long target_error) {
    const transport::ChangeNamesBody body{.change = static_cast<uint32_t>(change),
                                          .path_size = static_cast<uint32_t>(path.size()),
                                          .target_error = static_cast<int32_t>(-target_error)};
    const std::array<iovec, 2> tail{iovec{const_cast<char*>(path.data()), path.size()},
                                    iovec{const_cast<char*>(target.data()), target.size()}};
    const Answer answer = call(-1, Signals::Ignored, true, [&](ClientCall& client) {
        return client.send(MessageType::ChangeNames, body, {}, tail);
    });
    return answer.broken ? -ENXIO : result_of(answer);
}

long forward_ioctl(int fd, const FdLabel& label, uint32_t command, void* argument) {
    const Prefetch prefetch(command, argument);
    transport::IoctlBody body{.file = name_of(label),
                              .argument = reinterpret_cast<uintptr_t>(argument),
                              .command = command};
    const Answer answer = call(fd, signals_of(command), true, [&](ClientCall& client) {
        // A bad pointer must fault where the handler reads it, not before: send less, and be asked.
        int error = EFAULT;
        for (const size_t most : {size_t{8}, size_t{1}}) {
            error =
                client.send(MessageType::Ioctl, body, prefetch.ranges(most), prefetch.bytes(most));
            if (error != EFAULT) return error;
        }
        body.flags = transport::ioctl_argument_is_bad;
        return client.send(MessageType::Ioctl, body);
    });
    return result_of(answer);
}

long forward_buffer_ioctl(int fd, uint32_t command, void* argument) {
    // The text that SET_NAME points at may end anywhere: the daemon asks for it.
    const bool is_text = _IOC_NR(command) == _IOC_NR(DMA_BUF_SET_NAME);
    const Prefetch prefetch(is_text ? 0 : command, argument);
    const transport::IoctlBody body{.file = {.kind = transport::dma_buf_kind},
                                    .argument = reinterpret_cast<uintptr_t>(argument),
                                    .command = command};
    // SYNC waits for fences.
    const auto signals = command == DMA_BUF_IOCTL_SYNC ? Signals::Restart : Signals::Ignored;
    const Answer answer = call(fd, signals, true, [&](ClientCall& client) {
        return client.send(MessageType::Ioctl, body, prefetch.ranges(1), prefetch.bytes(1), fd);
    });
    return result_of(answer);
}

long poll_buffer(int fd, int events, transport::WantsDescriptor wants, const sigset_t* mask,
                 BufferReadiness& readiness) {
    using transport::WantsDescriptor;
    const transport::PollBufferBody body{.events = static_cast<uint32_t>(events),
                                         .wants_descriptor = static_cast<uint32_t>(wants)};
    const Answer answer = call(fd, Signals::Ignored, true, [&](ClientCall& client) {
        if (mask) client.sleep_with(*mask);
        return client.send(MessageType::PollBuffer, body, {}, {}, fd);
    });
    readiness = {.is_interrupted = answer.interrupted};
    if (answer.error != 0) return -answer.error;
    const bool is_given = wants == WantsDescriptor::Always ||
                          (wants == WantsDescriptor::IfPending && answer.result == 0);
    if (is_given && answer.fd < 0) return -EMFILE;
    readiness.ready = answer.result;
    readiness.later = answer.fd;
    return 0;
}

long forward_mmap(int fd, const FdLabel& label, void* address, size_t length, int protection,
                  int flags, off64_t offset) {
    if (length == 0 || offset % static_cast<off64_t>(page_size) != 0) return -EINVAL;
    if (length > SIZE_MAX - page_size) return -ENOMEM;
    const transport::MmapBody body{.file = name_of(label),
                                   .offset = static_cast<uint64_t>(offset),
                                   .length = (length + page_size - 1) & ~(page_size - 1),
                                   .protection = protection,
                                   .flags = flags};
    const Answer answer = call(fd, Signals::Ignored, true, [&](ClientCall& client) {
        return client.send(MessageType::Mmap, body);
    });
    const long memory = fd_of(answer);
    if (memory < 0) return memory;
    // A buffer has all its pages from here on, as in the kernel; to fault in each by itself, in
    // each mapping again, costs a renderer that maps for every frame more than the drawing.
    const long mapped =
        raw_syscall(SYS_mmap, address, length, protection, flags | MAP_POPULATE, memory, 0l);
    close_fd(static_cast<int>(memory));
    return mapped;
}

long forward_write(int fd, const FdLabel& label, const void* bytes, size_t size) {
    if (label.kind == FdKind::Card) return -EINVAL;
    const iovec tail{const_cast<void*>(bytes), std::min(size, transport::max_payload)};
    const transport::WriteBody body{.file = name_of(label)};
    const Answer answer = call(fd, Signals::Ignored, true, [&](ClientCall& client) {
        return client.send(MessageType::Write, body, {}, {&tail, 1});
    });
    return result_of(answer);
}

long open_uevents(int type, int flags) {
    const transport::OpenUeventsBody body{
        .type = static_cast<uint32_t>(type),
        .flags = (flags & SOCK_NONBLOCK) ? static_cast<uint32_t>(O_NONBLOCK) : 0};
    const Answer answer =
        call(-1, Signals::Ignored, (flags & SOCK_CLOEXEC) != 0,
             [&](ClientCall& client) { return client.send(MessageType::OpenUevents, body); });
    return answer.broken ? -EPROTONOSUPPORT : fd_of(answer);
}

long change_uevents(int fd, const FdLabel& label, transport::UeventsChange change, uint32_t port,
                    uint32_t groups) {
    const transport::BindUeventsBody body{.file = name_of(label),
                                          .change = static_cast<uint32_t>(change),
                                          .port = port,
                                          .groups = groups};
    return result_of(call(fd, Signals::Ignored, true, [&](ClientCall& client) {
        return client.send(MessageType::BindUevents, body);
    }));
}

long name_uevents(int fd, const FdLabel& label, UeventsName& name) {
    const transport::NameUeventsBody body{.file = name_of(label)};
    const Answer answer = call(fd, Signals::Ignored, true, [&](ClientCall& client) {
        return client.send(MessageType::NameUevents, body);
    });
    name = {.type = answer.result,
            .port = static_cast<uint32_t>(answer.value),
            .groups = static_cast<uint32_t>(answer.value >> 32)};
    return std::min(result_of(answer), 0l);
}

long read_events(int fd, void* to, size_t size) {
    const auto address = reinterpret_cast<uintptr_t>(to);
    if (address + size < address || address + size > uintptr_t{1} << 47) return -EFAULT;
    long count = 0;
    if (size >= event_size) {
        count = raw_syscall(SYS_read, fd, to, size - size % event_size);
    } else {
        // Not even one event fits: wait for one as drm_read() does, and leave it there.
        std::byte first;
        count = raw_syscall(SYS_recvfrom, fd, &first, sizeof first, MSG_PEEK, nullptr, nullptr);
        if (count > 0) return 0;
    }
    return count == 0 || count == -ECONNRESET ? -ENODEV : count;
}

}  // namespace plugboard::shim
