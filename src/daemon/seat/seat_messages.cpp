#include "daemon/seat/seat_messages.h"

#include <algorithm>
#include <cstring>

namespace plugboard::daemon {
namespace {

template <class T>
T read_at(std::span<const std::byte> bytes, size_t offset) {
    T value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

/// Up to the first NUL, or all of it.
std::string text_of(std::span<const std::byte> bytes) {
    const auto* start = reinterpret_cast<const char*>(bytes.data());
    return {start, strnlen(start, bytes.size())};
}

}  // namespace

namespace seatd {
namespace {

struct Head {
    uint16_t type = 0;
    uint16_t size = 0;  // of the body
};

constexpr size_t longest_body = sizeof(uint16_t) + longest_path;

Result<Request> parse(Head head, std::span<const std::byte> body) {
    Request request{.type = static_cast<RequestType>(head.type)};
    switch (request.type) {
        case RequestType::OpenSeat:
        case RequestType::CloseSeat:
        case RequestType::DisableSeat:
        case RequestType::Ping:
            if (!body.empty()) return Errno::Proto;
            return request;
        case RequestType::CloseDevice:
        case RequestType::SwitchSession:
            if (body.size() != sizeof(int32_t)) return Errno::Proto;
            request.number = read_at<int32_t>(body, 0);
            return request;
        case RequestType::OpenDevice: {
            if (body.size() < sizeof(uint16_t)) return Errno::Proto;
            const auto path = body.subspan(sizeof(uint16_t));
            if (read_at<uint16_t>(body, 0) != path.size()) return Errno::Proto;
            request.path = text_of(path);
            return request;
        }
    }
    return Errno::Proto;
}

template <class T>
void append(Bytes& bytes, const T& value) {
    const auto part = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), part.begin(), part.end());
}

Bytes start(ReplyType type, size_t body) {
    Bytes bytes;
    append(bytes, Head{static_cast<uint16_t>(type), static_cast<uint16_t>(body)});
    return bytes;
}

Bytes with_number(ReplyType type, int32_t number) {
    Bytes bytes = start(type, sizeof number);
    append(bytes, number);
    return bytes;
}

}  // namespace

std::span<std::byte> Input::room() {
    return std::span(bytes_).subspan(filled_);
}

Result<std::optional<Request>> Input::next() {
    static_assert(sizeof(Head) + longest_body < sizeof bytes_);
    if (filled_ < sizeof(Head)) return std::optional<Request>();
    const std::span<const std::byte> all(bytes_.data(), filled_);
    const auto head = read_at<Head>(all, 0);
    if (head.size > longest_body) return Errno::Proto;
    const size_t size = sizeof(Head) + head.size;
    if (filled_ < size) return std::optional<Request>();
    auto request = TRY(parse(head, all.subspan(sizeof(Head), head.size)));
    std::copy(bytes_.begin() + static_cast<ptrdiff_t>(size),
              bytes_.begin() + static_cast<ptrdiff_t>(filled_), bytes_.begin());
    filled_ -= size;
    return std::optional<Request>(std::move(request));
}

Bytes reply(ReplyType type) {
    return start(type, 0);
}

Bytes seat_opened() {
    const auto size = static_cast<uint16_t>(seat_name.size());
    Bytes bytes = start(ReplyType::SeatOpened, sizeof size + size);
    append(bytes, size);
    for (const char letter : seat_name) append(bytes, letter);
    return bytes;
}

Bytes device_opened(int id) {
    return with_number(ReplyType::DeviceOpened, id);
}

Bytes error(Errno error) {
    return with_number(ReplyType::Error, static_cast<int32_t>(error));
}

}  // namespace seatd

namespace weston_launch {

Result<Request> parse(std::span<const std::byte> packet) {
    constexpr int32_t open = 0, let_go = 2;
    constexpr size_t open_head = 2 * sizeof(int32_t);
    if (packet.size() < sizeof(int32_t)) return Errno::Proto;
    const auto type = read_at<int32_t>(packet, 0);
    if (type == let_go && packet.size() == sizeof type) return Request(LetGo{});
    if (type != open || packet.size() <= open_head) return Errno::Proto;
    return Request(Open{.flags = read_at<int32_t>(packet, sizeof type),
                        .path = text_of(packet.subspan(open_head))});
}

}  // namespace weston_launch

}  // namespace plugboard::daemon
