#include "transport/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "base/passed_fd.h"
#include "base/raw_syscall.h"

namespace plugboard::transport {
namespace {

constexpr size_t kernel_mask_size = sizeof(unsigned long);  // of the kernel's sigset_t
static_assert(_NSIG <= 8 * sizeof(unsigned long) + 1);

void* address_of(uint64_t address) {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(address));
}

}  // namespace

struct ClientCall::Head {
    alignas(16) std::array<std::byte, max_head> bytes;
    std::span<const std::byte> first(long size) const {
        const size_t count = static_cast<size_t>(size);
        return std::span(bytes).first(count < bytes.size() ? count : bytes.size());
    }
};

void ClientCall::prepare_signals() {
    if (signals_ != Signals::Eintr) return;
    const unsigned long all = ~0ul;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old_mask_, kernel_mask_size);
    blocked_ = true;
}

void ClientCall::restore_signals() {
    if (!blocked_) return;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old_mask_, nullptr, kernel_mask_size);
    blocked_ = false;
}

int ClientCall::send_parts(std::span<const std::byte> head, std::span<const Range> ranges,
                           std::span<const iovec> payload, int fd) {
    std::array<iovec, max_parts> parts;
    size_t count = 0;
    parts[count++] = {const_cast<std::byte*>(head.data()), head.size()};
    if (!ranges.empty()) parts[count++] = {const_cast<Range*>(ranges.data()), ranges.size_bytes()};
    for (const iovec& part : payload) parts[count++] = part;
    msghdr header{};
    header.msg_iov = parts.data();
    header.msg_iovlen = count;
    PassedFd passed;
    if (fd >= 0) passed.put(header, fd);
    for (;;) {
        const long sent = raw_syscall(SYS_sendmsg, socket_.load(), &header, MSG_NOSIGNAL);
        if (sent >= 0) return 0;
        if (sent != -EINTR) return static_cast<int>(-sent);
    }
}

void ClientCall::cancel() {
    cancelled_ = true;
    send(MessageType::Cancel, CancelBody{});
}

long ClientCall::receive(msghdr& header, int flags) {
    const long size = raw_syscall(SYS_recvmsg, socket_.load(), &header, flags);
    if (size != -ECONNRESET) return size;
    // A daemon that closed with a message of ours unread: told once, then what it had sent.
    return raw_syscall(SYS_recvmsg, socket_.load(), &header, flags);
}

/// -EAGAIN: nothing came in the time that there is for it.
long ClientCall::peek_busily(msghdr& header) {
    // A handler that runs in between would not be seen, so calls that one may end sleep at once.
    if (!busy_poll_ || signals_ != Signals::Ignored) return -EAGAIN;
    long size = -EAGAIN;
    busy_poll_->poll([&] {
        size = receive(header, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
        return size != -EAGAIN && size != -EINTR;
    });
    return size;
}

long ClientCall::peek(Head& head) {
    iovec part{head.bytes.data(), head.bytes.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    const long early = peek_busily(header);
    if (early >= 0) return early;
    for (;;) {
        pollfd ready{socket_.load(), POLLIN, 0};
        if (sleep_mask_) {
            while (raw_syscall(SYS_ppoll, &ready, 1, nullptr, sleep_mask_, kernel_mask_size) ==
                   -EINTR)
                interrupted_ = true;
        } else if (signals_ == Signals::Eintr && !cancelled_) {
            const long polled =
                raw_syscall(SYS_ppoll, &ready, 1, nullptr, &old_mask_, kernel_mask_size);
            if (polled == -EINTR) cancel();
        }
        const long size = receive(header, MSG_PEEK | MSG_TRUNC);
        if (size != -EINTR) return size;
        // Reached under Restart only if the handler has no SA_RESTART; else the kernel went on.
        if (signals_ == Signals::Restart && !cancelled_) cancel();
    }
}

void ClientCall::drop() {
    msghdr header{};
    receive(header, MSG_DONTWAIT);
}

long ClientCall::take(Head& head, size_t head_size, std::span<const Range> ranges,
                      bool close_on_exec, int* fd) {
    std::array<iovec, max_parts> parts;
    size_t count = 0;
    parts[count++] = {head.bytes.data(), head_size};
    for (const Range& range : ranges) parts[count++] = {address_of(range.address), range.length};
    msghdr header{};
    header.msg_iov = parts.data();
    header.msg_iovlen = count;
    PassedFd passed;
    if (fd) passed.expect(header);
    const int flags = MSG_DONTWAIT | (close_on_exec ? MSG_CMSG_CLOEXEC : 0);
    const long size = receive(header, flags);
    if (fd) *fd = size >= 0 ? PassedFd::found(header) : -1;
    return size;
}

void ClientCall::answer_pull(const Message& message) {
    const Range range = message.body<PullBody>().range;
    drop();
    const iovec part{address_of(range.address), range.length};
    if (range.length <= max_payload && send(MessageType::Data, DataBody{}, {}, {&part, 1}) == 0)
        return;
    send(MessageType::Data, DataBody{.error = EFAULT});
}

void ClientCall::answer_pull_fd(const Message& message) {
    const int number = message.body<PullFdBody>().number;
    drop();
    const int error = number < 0 ? EBADF : send(MessageType::Fd, FdBody{}, {}, {}, number);
    if (error != 0) send(MessageType::Fd, FdBody{.error = error});
}

void ClientCall::answer_push(Head& head, const Message& message, size_t size) {
    const size_t head_size = Outgoing<PushBody>::size();
    const Range range{message.body<PushBody>().address, size - head_size};
    const long taken = take(head, head_size, {&range, 1}, true, nullptr);
    send(MessageType::Ack, AckBody{.error = taken < 0 ? static_cast<int>(-taken) : 0});
}

void ClientCall::answer_install(Head& head, const Message& message) {
    const bool close_on_exec = message.body<InstallFdBody>().close_on_exec != 0;
    int fd = -1;
    const bool room = installed_count_ < installed_.size();
    take(head, Outgoing<InstallFdBody>::size(), {}, close_on_exec, room ? &fd : nullptr);
    if (fd >= 0) installed_[installed_count_++] = fd;
    send(MessageType::Ack, AckBody{.error = fd < 0 ? EMFILE : 0, .value = fd});
}

Answer ClientCall::finish(Head& head, const Message& message, bool close_on_exec) {
    if (busy_poll_) busy_poll_->note_message(monotonic_ns());
    const auto body = message.body<ReplyBody>();
    Answer answer{.interrupted = interrupted_,
                  .result = body.result,
                  .error = body.error,
                  .value = body.value};
    std::array<Range, max_ranges> ranges;
    const size_t count = message.range_count();
    for (size_t i = 0; i < count; i++) ranges[i] = message.range(i);
    const size_t head_size = Outgoing<ReplyBody>::size() + count * sizeof(Range);
    const long taken =
        take(head, head_size, std::span(ranges).first(count), close_on_exec, &answer.fd);
    if (taken < 0) answer.error = static_cast<int>(-taken);
    if (answer.error != 0) {
        answer.result = -1;
        close_installed();
    }
    return answer;
}

void ClientCall::close_installed() {
    for (size_t i = 0; i < installed_count_; i++) raw_syscall(SYS_close, installed_[i]);
    installed_count_ = 0;
}

Answer ClientCall::wait(int own_fd, bool close_on_exec) {
    Head head;
    for (;;) {
        const long size = peek(head);
        if (size <= 0) break;
        const auto message = decode_head(head.first(size), static_cast<size_t>(size));
        if (!message) break;
        if (message->sequence() != sequence_) {
            drop();
            continue;
        }
        switch (message->type()) {
            case MessageType::Pull: answer_pull(*message); continue;
            case MessageType::PullFd: answer_pull_fd(*message); continue;
            case MessageType::Push:
                answer_push(head, *message, static_cast<size_t>(size));
                continue;
            case MessageType::InstallFd: answer_install(head, *message); continue;
            case MessageType::NeedProof:
                drop();
                // A descriptor closed meanwhile proves nothing, which the daemon says.
                if (send(MessageType::Proof, ProofBody{}, {}, {}, own_fd) != 0)
                    send(MessageType::Proof, ProofBody{});
                continue;
            case MessageType::Reply: return finish(head, *message, close_on_exec);
            default: break;
        }
        break;
    }
    close_installed();
    return {.broken = true, .interrupted = interrupted_, .result = -1, .error = ENODEV};
}

int connect_channel(const char* socket_path, uint64_t& board) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    size_t length = 0;
    for (; socket_path[length] != '\0'; length++) {
        if (length + 1 >= sizeof address.sun_path) return -ENAMETOOLONG;
        address.sun_path[length] = socket_path[length];
    }
    const long made = raw_syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (made < 0) return static_cast<int>(made);
    const std::atomic<int> fd(static_cast<int>(made));
    long connected;
    do {
        connected = raw_syscall(SYS_connect, fd.load(), &address, sizeof address);
    } while (connected == -EINTR);
    ClientCall call(fd, hello_sequence, Signals::Ignored);
    if (connected >= 0) {
        // A daemon that has no room answers without waiting for it, and may be gone already.
        call.send(MessageType::Hello, HelloBody{});
        const Answer answer = call.wait(-1, true);
        board = answer.value;
        if (answer.error == 0) return fd.load();
        connected = -answer.error;
    }
    raw_syscall(SYS_close, fd.load());
    return static_cast<int>(connected);
}

}  // namespace plugboard::transport
