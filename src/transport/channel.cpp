#include "transport/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <utility>

#include "base/passed_fd.h"

namespace plugboard::transport {
namespace {

constexpr size_t max_passed_fds = 4;  // more than the one that is allowed, to be closed again

/// Room for credentials and descriptors of one packet.
union Control {
    cmsghdr align;
    std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * max_passed_fds)> bytes;
};

/// What came beside the bytes. False when it is not as agreed: at most one descriptor.
bool take_control(msghdr& header, Sender& sender, UniqueFd& fd) {
    size_t fds = 0;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials;
            std::memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
            sender = {credentials.pid, credentials.uid, credentials.gid};
        }
        if (part->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int number;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
            fd.reset(number);  // a surplus one closes the one before
            fds++;
        }
    }
    return fds <= 1 && (header.msg_flags & MSG_CTRUNC) == 0;
}

}  // namespace

Channel::Channel(UniqueFd socket)
    : socket_(std::move(socket)),
      request_buffer_(new std::byte[max_message + 1]),
      answer_buffer_(new std::byte[max_message + 1]) {
    const int on = 1;
    setsockopt(socket_.borrow(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    // A reply of full size must fit, or a client that is only slow would lose its channel.
    const int room = 4 * static_cast<int>(max_message);
    setsockopt(socket_.borrow(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

bool Channel::is_hung_up() const {
    pollfd socket{socket_.borrow(), 0, 0};
    return poll(&socket, 1, 0) > 0 && (socket.revents & POLLHUP) != 0;
}

void Channel::shut_down() {
    ::shutdown(socket_.borrow(), SHUT_RDWR);
}

void Channel::end() {
    over_ = true;
    shut_down();
}

std::optional<Channel::Received> Channel::receive_packet(std::byte* buffer, Wait wait) {
    if (over_) return std::nullopt;
    Control control;
    iovec part{buffer, max_message + 1};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    const int flags = MSG_CMSG_CLOEXEC | (wait == Wait::Poll ? MSG_DONTWAIT : 0);
    ssize_t size;
    do {
        size = recvmsg(socket_.borrow(), &header, flags);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && wait == Wait::Poll && errno == EAGAIN) return std::nullopt;
    if (size <= 0) {
        end();
        return std::nullopt;
    }

    Received received;
    const bool control_ok = take_control(header, received.sender, received.fd);
    auto message = decode({buffer, static_cast<size_t>(size)});
    if (!control_ok || !message || (header.msg_flags & MSG_TRUNC) != 0) {
        end();
        return std::nullopt;
    }
    received.message = *message;
    return received;
}

/// Nothing: none came in the time that there is for it, or the end.
std::optional<Channel::Received> Channel::receive_busily(std::byte* buffer) {
    std::optional<Received> received;
    busy_poll_.poll([&] {
        received = receive_packet(buffer, Wait::Poll);
        return received || over_;
    });
    return received;
}

std::optional<Channel::Received> Channel::receive() {
    auto received = receive_busily(request_buffer_.get());
    if (!received) received = receive_packet(request_buffer_.get(), Wait::Block);
    busy_poll_.note_message(monotonic_ns());
    return received;
}

std::optional<Channel::Received> Channel::receive_answer(MessageType type, uint32_t sequence) {
    for (;;) {
        auto received = receive_packet(answer_buffer_.get(), Wait::Block);
        if (!received) return std::nullopt;
        const Message& message = received->message;
        if (message.type() == MessageType::Cancel) {
            cancelled_ = message.sequence();
            continue;
        }
        if (message.type() == type && message.sequence() == sequence) return received;
        end();
        return std::nullopt;
    }
}

void Channel::look_for_cancel(uint32_t sequence) {
    while (!is_cancelled(sequence)) {
        const auto received = receive_packet(answer_buffer_.get(), Wait::Poll);
        if (!received) return;
        if (received->message.type() != MessageType::Cancel) return end();
        cancelled_ = received->message.sequence();
    }
}

bool Channel::send_parts(std::span<const std::byte> head, std::span<const Range> ranges,
                         std::span<const std::byte> payload, int fd) {
    if (over_) return false;
    std::array<iovec, 3> parts{iovec{const_cast<std::byte*>(head.data()), head.size()},
                               iovec{const_cast<Range*>(ranges.data()), ranges.size_bytes()},
                               iovec{const_cast<std::byte*>(payload.data()), payload.size()}};
    msghdr header{};
    header.msg_iov = parts.data();
    header.msg_iovlen = parts.size();
    PassedFd passed;
    if (fd >= 0) passed.put(header, fd);
    ssize_t sent;
    do {
        sent = sendmsg(socket_.borrow(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) end();
    return sent >= 0;
}

}  // namespace plugboard::transport
