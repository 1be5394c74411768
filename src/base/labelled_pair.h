// A socket pair whose one end goes to a client: it carries a name to be known by in any process.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard {

/// What the name of a memfd begins with that is the content of a file of the board's tree, as it
/// was when a client opened it; the file's path follows.
inline constexpr std::string_view live_file_name = "plugboard:";

/// What a client's descriptor is; a letter in its label.
enum class FdKind : char {
    Card = 'c',  // an open file of a DRM node
    SyncFile = 's',
    SwSync = 't',  // a sw_sync timeline
    Syncobj = 'o',
    Attribute = 'a',   // a sysfs or debugfs file opened for writing
    Stream = 'd',      // a live file that is only read: crc/data
    BufferPoll = 'p',  // what a dma-buf's pending fences are polled with
    Uevents = 'u',     // stands for a NETLINK_KOBJECT_UEVENT socket
};

/// "\0plugboard/<board>/<kind>/<number>" as the client's getpeername() sees it. A label names, it
/// gives no right: anybody can read it in /proc/net/unix.
struct FdLabel {
    FdKind kind = FdKind::Card;
    uint64_t board = 0;
    uint64_t number = 0;

    friend bool operator==(const FdLabel&, const FdLabel&) = default;
};

inline constexpr std::string_view fd_label_prefix = "plugboard/";

/// Reads what follows the leading NUL; nothing when it is no label. Allocates nothing.
constexpr std::optional<FdLabel> parse_fd_label(std::string_view name);

/// The label in what getpeername() gave; nothing when it is another address. Allocates nothing.
inline std::optional<FdLabel> label_of(const sockaddr_un& address, socklen_t length);

enum class PairType { Stream, Packets, Datagrams };

struct LabelledPair {
    UniqueFd ours;
    UniqueFd theirs;      // close-on-exec; never polls OUT, and a plain write gives EAGAIN
    uint64_t cookie = 0;  // SO_COOKIE of theirs: survives dup, fork and passing; not to be guessed
};

/// MFile, NFile, NoMem.
Result<LabelledPair> make_labelled_pair(const FdLabel& label, PairType type);

/// SO_COOKIE, or nothing when it is no socket.
std::optional<uint64_t> socket_cookie(int fd);

/// The board id in the labels that this process makes: at random, from the first use on.
uint64_t own_board_id();
/// Another one, for the next board of a process: its descriptors are not taken for the last one's.
void renew_board_id();

namespace internal {
constexpr std::optional<uint64_t> parse_hex(std::string_view digits) {
    if (digits.empty() || digits.size() > 16) return std::nullopt;
    uint64_t value = 0;
    for (const char c : digits) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return std::nullopt;
        value = value << 4 | static_cast<uint64_t>(digit);
    }
    return value;
}
}  // namespace internal

constexpr std::optional<FdLabel> parse_fd_label(std::string_view name) {
    if (!name.starts_with(fd_label_prefix)) return std::nullopt;
    name.remove_prefix(fd_label_prefix.size());
    const auto first = name.find('/');
    if (first == std::string_view::npos || name.size() < first + 4 || name[first + 2] != '/')
        return std::nullopt;
    const auto board = internal::parse_hex(name.substr(0, first));
    const auto number = internal::parse_hex(name.substr(first + 3));
    if (!board || !number) return std::nullopt;
    return FdLabel{static_cast<FdKind>(name[first + 1]), *board, *number};
}

inline std::optional<FdLabel> label_of(const sockaddr_un& address, socklen_t length) {
    constexpr size_t start = offsetof(sockaddr_un, sun_path) + 1;
    if (length <= start || length > sizeof address || address.sun_family != AF_UNIX ||
        address.sun_path[0] != '\0')
        return std::nullopt;
    return parse_fd_label({address.sun_path + 1, length - start});
}

}  // namespace plugboard
