#include "daemon/session/channel_memory.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

namespace plugboard::daemon {

using transport::MessageType;

ChannelMemory::ChannelMemory(transport::Channel& channel, const transport::Message& request)
    : channel_(channel), request_(request), body_(request.body<transport::IoctlBody>()) {}

std::span<const std::byte> ChannelMemory::find_prefetched(uint64_t address, size_t size) const {
    size_t start = 0;
    for (size_t i = 0; i < request_.range_count(); i++) {
        const transport::Range range = request_.range(i);
        if (address >= range.address && size <= range.length &&
            address - range.address <= range.length - size)
            return request_.payload().subspan(start + (address - range.address), size);
        start += range.length;
    }
    return {};
}

bool ChannelMemory::is_in_bad_argument(uint64_t address, size_t size) const {
    if (!(body_.flags & transport::ioctl_argument_is_bad)) return false;
    if (address < body_.argument) return body_.argument - address < size;
    return address - body_.argument < _IOC_SIZE(body_.command);
}

Result<void> ChannelMemory::read(std::span<std::byte> to, uapi::UserAddress from) {
    if (to.empty()) return {};
    auto address = static_cast<uint64_t>(from);
    if (is_in_bad_argument(address, to.size())) return Errno::Fault;
    if (const auto here = find_prefetched(address, to.size()); !here.empty()) {
        std::memcpy(to.data(), here.data(), here.size());
        return {};
    }
    while (!to.empty()) {
        const size_t part = std::min(to.size(), transport::max_payload);
        TRY(pull(to.first(part), address));
        to = to.subspan(part);
        address += part;
    }
    return {};
}

Result<void> ChannelMemory::pull(std::span<std::byte> to, uint64_t from) {
    const uint32_t sequence = request_.sequence();
    channel_.send(transport::Outgoing(MessageType::Pull, sequence,
                                      transport::PullBody{.range = {from, to.size()}}));
    const auto answer = channel_.receive_answer(MessageType::Data, sequence);
    if (!answer || answer->message.body<transport::DataBody>().error != 0) return Errno::Fault;
    const auto data = answer->message.payload();
    if (data.size() != to.size()) {
        channel_.end();
        return Errno::Fault;
    }
    std::memcpy(to.data(), data.data(), data.size());
    return {};
}

Result<void> ChannelMemory::write(uapi::UserAddress to, std::span<const std::byte> from) {
    if (from.empty()) return {};
    const auto address = static_cast<uint64_t>(to);
    if (from.size() > transport::max_payload) return write_now(to, from);
    if (deferred_bytes_.size() + from.size() > transport::max_payload) TRY(flush());

    const bool adjoins =
        !deferred_.empty() && deferred_.back().address + deferred_.back().length == address;
    if (!adjoins && deferred_.size() == transport::max_ranges) TRY(flush());
    if (adjoins) {
        deferred_.back().length += from.size();
    } else {
        deferred_.push_back({address, from.size()});
    }
    deferred_bytes_.insert(deferred_bytes_.end(), from.begin(), from.end());
    return {};
}

Result<void> ChannelMemory::flush() {
    const std::vector<transport::Range> ranges = std::move(deferred_);
    const std::vector<std::byte> bytes = std::move(deferred_bytes_);
    deferred_.clear();
    deferred_bytes_.clear();
    size_t start = 0;
    for (const transport::Range& range : ranges) {
        TRY(push(range.address, std::span(bytes).subspan(start, range.length)));
        start += range.length;
    }
    return {};
}

Result<void> ChannelMemory::write_now(uapi::UserAddress to, std::span<const std::byte> from) {
    auto address = static_cast<uint64_t>(to);
    while (!from.empty()) {
        const size_t part = std::min(from.size(), transport::max_payload);
        TRY(push(address, from.first(part)));
        from = from.subspan(part);
        address += part;
    }
    return {};
}

Result<void> ChannelMemory::push(uint64_t to, std::span<const std::byte> from) {
    const uint32_t sequence = request_.sequence();
    channel_.send(transport::Outgoing(MessageType::Push, sequence,
                                      transport::PushBody{.address = to}, 0, from.size()),
                  {}, from);
    const auto answer = channel_.receive_answer(MessageType::Ack, sequence);
    if (!answer || answer->message.body<transport::AckBody>().error != 0) return Errno::Fault;
    return {};
}

Result<UniqueFd> ChannelMemory::take_fd(int number) {
    const uint32_t sequence = request_.sequence();
    channel_.send(transport::Outgoing(MessageType::PullFd, sequence,
                                      transport::PullFdBody{.number = number}));
    auto answer = channel_.receive_answer(MessageType::Fd, sequence);
    if (!answer || !answer->fd.is_open()) return Errno::BadF;
    return std::move(answer->fd);
}

Result<int> ChannelMemory::install_fd(UniqueFd fd, uapi::OnExec on_exec) {
    const uint32_t sequence = request_.sequence();
    const transport::InstallFdBody body{.close_on_exec = on_exec == uapi::OnExec::Close};
    channel_.send(transport::Outgoing(MessageType::InstallFd, sequence, body), {}, {}, fd.borrow());
    const auto answer = channel_.receive_answer(MessageType::Ack, sequence);
    if (!answer) return Errno::MFile;
    const auto ack = answer->message.body<transport::AckBody>();
    if (ack.error != 0 || ack.value < 0) return Errno::MFile;
    return ack.value;
}

void ChannelMemory::reply(const Result<int>& result) {
    transport::ReplyBody body{.result = -1};
    if (result.ok()) {
        body.result = result.value();
    } else {
        body.error = static_cast<int32_t>(result.error());
    }
    channel_.send(transport::Outgoing(MessageType::Reply, request_.sequence(), body,
                                      deferred_.size(), deferred_bytes_.size()),
                  deferred_, deferred_bytes_);
}

}  // namespace plugboard::daemon
