#include "transport/protocol.h"

namespace plugboard::transport {
namespace {

enum class Tail { None, Bytes, Ranges };

struct Traits {
    size_t body = 0;
    Tail tail = Tail::None;
};

template <class Body>
constexpr Traits traits(Tail tail = Tail::None) {
    static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= max_body);
    static_assert(std::is_empty_v<Body> || sizeof(Body) % 8 == 0);
    return {std::is_empty_v<Body> ? 0 : sizeof(Body), tail};
}

/// Nothing for a type that is not known.
constexpr std::optional<Traits> traits_of(MessageType type) {
    switch (type) {
        case MessageType::Hello: return traits<HelloBody>();
        case MessageType::Open: return traits<OpenBody>(Tail::Bytes);
        case MessageType::Ioctl: return traits<IoctlBody>(Tail::Ranges);
        case MessageType::Mmap: return traits<MmapBody>();
        case MessageType::OpenLive: return traits<OpenBody>(Tail::Bytes);
        case MessageType::Write: return traits<WriteBody>(Tail::Bytes);
        case MessageType::OpenUevents: return traits<OpenUeventsBody>();
        case MessageType::BindUevents: return traits<BindUeventsBody>();
        case MessageType::NameUevents: return traits<NameUeventsBody>();
        case MessageType::PollBuffer: return traits<PollBufferBody>();
        case MessageType::ChangeNames: return traits<ChangeNamesBody>(Tail::Bytes);
        case MessageType::Cancel: return traits<CancelBody>();
        case MessageType::Data: return traits<DataBody>(Tail::Bytes);
        case MessageType::Fd: return traits<FdBody>();
        case MessageType::Ack: return traits<AckBody>();
        case MessageType::Proof: return traits<ProofBody>();
        case MessageType::Reply: return traits<ReplyBody>(Tail::Ranges);
        case MessageType::Pull: return traits<PullBody>();
        case MessageType::PullFd: return traits<PullFdBody>();
        case MessageType::Push: return traits<PushBody>(Tail::Bytes);
        case MessageType::InstallFd: return traits<InstallFdBody>();
        case MessageType::NeedProof: return traits<NeedProofBody>();
    }
    return std::nullopt;
}

/// Bytes of payload that the ranges announce; nothing when over the cap.
std::optional<size_t> sum_of_ranges(const std::byte* ranges, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        Range range;
        std::memcpy(&range, ranges + i * sizeof range, sizeof range);
        if (range.length > max_payload - sum) return std::nullopt;
        sum += range.length;
    }
    return sum;
}

}  // namespace

std::optional<Message> decode_head(std::span<const std::byte> start, size_t size) {
    Message message;
    if (start.size() < sizeof(Header) || size > max_message) return std::nullopt;
    std::memcpy(&message.header_, start.data(), sizeof(Header));
    const Header& header = message.header_;
    const auto traits = traits_of(static_cast<MessageType>(header.type));
    if (!traits || header.size != size || header.range_count > max_ranges) return std::nullopt;
    if (header.range_count != 0 && traits->tail != Tail::Ranges) return std::nullopt;

    const size_t head = sizeof(Header) + traits->body + header.range_count * sizeof(Range);
    if (start.size() < head || size < head) return std::nullopt;
    message.body_ = start.data() + sizeof(Header);
    message.ranges_ = message.body_ + traits->body;

    const size_t payload = size - head;
    switch (traits->tail) {
        case Tail::None:
            if (payload != 0) return std::nullopt;
            break;
        case Tail::Bytes:
            if (payload > max_payload) return std::nullopt;
            break;
        case Tail::Ranges: {
            const auto sum = sum_of_ranges(message.ranges_, header.range_count);
            if (!sum || *sum != payload) return std::nullopt;
            break;
        }
    }
    return message;
}

std::optional<Message> decode(std::span<const std::byte> packet) {
    auto message = decode_head(packet, packet.size());
    if (!message) return std::nullopt;
    const size_t head = static_cast<size_t>(message->ranges_ - packet.data()) +
                        message->range_count() * sizeof(Range);
    message->payload_ = packet.subspan(head);
    return message;
}

}  // namespace plugboard::transport
