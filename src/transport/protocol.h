// The messages between shim and daemon: one message is one packet of a SOCK_SEQPACKET socket.
// Layout: Header, the body of its type, `range_count` Ranges, then the bytes of all ranges (or, for
// types without ranges, the tail). Little-endian, every field at its natural alignment.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace plugboard::transport {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

inline constexpr uint32_t protocol_version = 5;
inline constexpr size_t max_payload = 64 * 1024;  // bytes after header, body and ranges
// A shim keeps them on its stack, which may be a signal handler's.
inline constexpr size_t max_ranges = 16;
inline constexpr size_t max_body = 64;
inline constexpr size_t max_path = 4096;
inline constexpr uint32_t hello_sequence = 0;  // the first request of a channel

enum class MessageType : uint16_t {
    // The shim asks.
    Hello = 1,
    Open,
    Ioctl,
    Mmap,
    OpenLive,
    Write,
    OpenUevents,  // stands for a NETLINK_KOBJECT_UEVENT socket
    BindUevents,
    NameUevents,
    PollBuffer,   // the dma-buf's descriptor comes with it
    ChangeNames,  // of a folder whose names clients may change: configfs
    Cancel,  // of the request with this sequence: a signal came; its Reply follows all the same
    // The shim answers what the daemon asked during a request.
    Data,   // to Pull
    Fd,     // to PullFd
    Ack,    // to Push and InstallFd
    Proof,  // to NeedProof

    // The daemon's answer to a request.
    Reply = 64,
    // The daemon asks during a request.
    Pull,       // bytes of the client's memory
    PullFd,     // a descriptor of the client
    Push,       // writes the client's memory now
    InstallFd,  // gives a descriptor
    NeedProof,  // the descriptor of the file that the request names
};

struct Header {
    uint16_t type = 0;
    uint16_t range_count = 0;
    uint32_t sequence = 0;  // of the request that this belongs to
    uint32_t size = 0;      // of the whole message in bytes
    uint32_t reserved = 0;
};

/// Bytes at an address of the client.
struct Range {
    uint64_t address = 0;
    uint64_t length = 0;
};

/// An open file, as its label names it. See base/labelled_pair.h.
struct FileName {
    uint64_t number = 0;
    uint32_t kind = 0;  // FdKind, or:
    uint32_t reserved = 0;
};
/// The dma-buf whose descriptor comes with the request.
inline constexpr uint32_t dma_buf_kind = 'b';

struct HelloBody {
    uint32_t version = protocol_version;
    uint32_t reserved = 0;
};
/// Open (a node: "/dev/dri/card0") and OpenLive (a file of the tree); the tail is the path.
struct OpenBody {
    uint32_t flags = 0;  // of open(2)
    uint32_t reserved = 0;
    char command[16] = {};
};
/// The first range is the argument if the command carries one in, the others are arrays it points
/// at.
struct IoctlBody {
    FileName file;
    uint64_t argument = 0;
    uint32_t command = 0;
    uint32_t flags = 0;
};
inline constexpr uint32_t ioctl_argument_is_bad = 1;  // it could not be read: reading it faults

struct MmapBody {
    FileName file;
    uint64_t offset = 0;
    uint64_t length = 0;
    int32_t protection = 0;
    int32_t flags = 0;
};
/// The tail is what is written.
struct WriteBody {
    FileName file;
};
/// The descriptor comes with the reply.
struct OpenUeventsBody {
    uint32_t type = 0;   // SOCK_RAW or SOCK_DGRAM
    uint32_t flags = 0;  // O_NONBLOCK
};
enum class UeventsChange : uint32_t {
    Bind,   // takes the port and the groups
    Join,   // adds the groups
    Leave,  // takes them out
};
struct BindUeventsBody {
    FileName file;
    uint32_t change = 0;  // UeventsChange
    uint32_t port = 0;    // nl_pid; 0: any
    uint32_t groups = 0;  // nl_groups
    uint32_t reserved = 0;
};
/// The reply's result is the type, its value the port and, from bit 32 on, the groups.
struct NameUeventsBody {
    FileName file;
};
/// In place of a message that a reader was too slow for. No uevent is as short.
inline constexpr size_t uevents_lost_size = 17;

/// IfPending: none of the events is ready.
enum class WantsDescriptor : uint32_t { IfPending, Always, Never };
/// The reply's result is what of `events` is ready, of POLLIN and POLLOUT. The descriptor that may
/// come with it becomes ready with the fences that are pending now.
struct PollBufferBody {
    uint32_t events = 0;
    uint32_t wants_descriptor = 0;  // WantsDescriptor
};

enum class NameChange : uint32_t { MakeFolder, RemoveFolder, MakeLink, RemoveLink };
/// The tail is the path and, after it, for MakeLink what the link leads to. Both are paths of the
/// tree, with symbolic links in them.
struct ChangeNamesBody {
    uint32_t change = 0;  // NameChange
    uint32_t path_size = 0;
    int32_t target_error = 0;  // errno; MakeLink: why there is no target in the tree
    uint32_t reserved = 0;
};

struct CancelBody {};
/// The tail is the memory's content; empty with an error.
struct DataBody {
    int32_t error = 0;
    uint32_t reserved = 0;
};
struct FdBody {
    int32_t error = 0;
    uint32_t reserved = 0;
};
struct AckBody {
    int32_t error = 0;
    int32_t value = 0;  // InstallFd: the number it got
};
struct ProofBody {};
/// Ranges: what is written to the client's memory, in this order.
struct ReplyBody {
    int32_t result = 0;
    int32_t error = 0;   // errno; 0: success
    uint64_t value = 0;  // Hello: board id; Mmap: size of the buffer; NameUevents: its address
};
struct PullBody {
    Range range;
};
struct PullFdBody {
    int32_t number = 0;
    uint32_t reserved = 0;
};
/// The tail goes to `address`.
struct PushBody {
    uint64_t address = 0;
};
struct InstallFdBody {
    uint32_t close_on_exec = 1;
    uint32_t reserved = 0;
};
struct NeedProofBody {
    FileName file;
};

inline constexpr size_t max_message =
    sizeof(Header) + max_body + max_ranges * sizeof(Range) + max_payload;

/// A decoded message; borrows the bytes that decode() was given.
class Message {
  public:
    MessageType type() const { return static_cast<MessageType>(header_.type); }
    uint32_t sequence() const { return header_.sequence; }
    /// Body is the one of type(); see Traits in protocol.cpp.
    template <class Body>
    Body body() const {
        static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= max_body);
        Body body{};
        if constexpr (!std::is_empty_v<Body>) std::memcpy(&body, body_, sizeof body);
        return body;
    }
    size_t range_count() const { return header_.range_count; }
    Range range(size_t index) const {
        Range range;
        std::memcpy(&range, ranges_ + index * sizeof range, sizeof range);
        return range;
    }
    /// The bytes of all ranges, one after the other, or the tail.
    std::span<const std::byte> payload() const { return payload_; }

  private:
    friend std::optional<Message> decode(std::span<const std::byte> packet);
    friend std::optional<Message> decode_head(std::span<const std::byte> start, size_t size);
    Header header_;
    const std::byte* body_ = nullptr;
    const std::byte* ranges_ = nullptr;
    std::span<const std::byte> payload_;
};

/// The one place where a packet is judged: known type, sizes that add up, caps kept. Nothing when
/// the framing is broken: that channel is over.
std::optional<Message> decode(std::span<const std::byte> packet);
/// The same for a packet of `size` bytes of which only the start is there: header, body and ranges.
/// payload() is empty.
std::optional<Message> decode_head(std::span<const std::byte> start, size_t size);

/// Most bytes that decode_head() needs.
inline constexpr size_t max_head = sizeof(Header) + max_body + max_ranges * sizeof(Range);

/// Header and body as they go out; the caller appends ranges and payload as further parts.
template <class Body>
struct Outgoing {
    Header header;
    Body body;

    Outgoing(MessageType type, uint32_t sequence, const Body& content, size_t ranges = 0,
             size_t payload = 0)
        : body(content) {
        header.type = static_cast<uint16_t>(type);
        header.range_count = static_cast<uint16_t>(ranges);
        header.sequence = sequence;
        header.size = static_cast<uint32_t>(size() + ranges * sizeof(Range) + payload);
    }
    static constexpr size_t size() {
        return sizeof(Header) + (std::is_empty_v<Body> ? 0 : sizeof(Body));
    }
    std::span<const std::byte> bytes() const {
        return {reinterpret_cast<const std::byte*>(this), size()};
    }
};

}  // namespace plugboard::transport
