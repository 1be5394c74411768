// The bytes between a seat and its clients: seatd's protocol, which libseat speaks, and that of
// weston 10's weston_launch launcher.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace plugboard::daemon {

// --- seatd: a stream of messages, each a head and its body, in the machine's byte order ---

namespace seatd {

inline constexpr size_t longest_path = 256;  // with its NUL
inline constexpr std::string_view seat_name = "seat0";

enum class RequestType : uint16_t {
    OpenSeat = 1,
    CloseSeat = 2,
    OpenDevice = 3,
    CloseDevice = 4,
    DisableSeat = 5,  // "I have let go": the answer to ReplyType::DisableSeat
    SwitchSession = 6,
    Ping = 7,
};

enum class ReplyType : uint16_t {
    SeatOpened = 0x8001,
    SeatClosed = 0x8002,
    DeviceOpened = 0x8003,  // with a descriptor
    DeviceClosed = 0x8004,
    DisableSeat = 0x8005,  // not asked for
    EnableSeat = 0x8006,   // not asked for
    Pong = 0x8007,
    Error = 0xffff,
};

struct Request {
    RequestType type = RequestType::Ping;
    int number = 0;      // of the device, or the session
    std::string path{};  // of the device
};

/// What a client has sent and what has not been taken of it yet. Never grows beyond a few messages.
class Input {
  public:
    /// How many bytes there is room for now; at least one after next() has given nothing.
    std::span<std::byte> room();
    void received(size_t count) { filled_ += count; }
    /// The next whole message; nothing: it has not come yet. Proto: not a message of this protocol.
    Result<std::optional<Request>> next();

  private:
    std::array<std::byte, 1024> bytes_{};
    size_t filled_ = 0;
};

using Bytes = std::vector<std::byte>;
Bytes reply(ReplyType type);
Bytes seat_opened();
Bytes device_opened(int id);
Bytes error(Errno error);

}  // namespace seatd

// --- weston_launch: a packet a message; its numbers are those of weston 10 ---

namespace weston_launch {

inline constexpr size_t longest_packet = 8 + 4096;

struct Open {
    int flags = 0;  // of open(2)
    std::string path;
};
struct LetGo {};  // the answer to Event::Deactivate

using Request = std::variant<Open, LetGo>;
/// Proto: not a message of this protocol.
Result<Request> parse(std::span<const std::byte> packet);

enum class Event : int32_t { Activate = 0, Deactivate = 1 };

/// The answer to Open: goes with a descriptor unless it is an error.
struct OpenReply {
    int32_t type = 3;
    int32_t result = 0;  // negative: refused
};

}  // namespace weston_launch

}  // namespace plugboard::daemon
