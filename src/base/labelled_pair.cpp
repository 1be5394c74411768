#include "base/labelled_pair.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <cstring>

namespace plugboard {
namespace {

/// Fills the client end's send buffer with a message that nobody reads, so that it never polls OUT:
/// a DRM file is not writable. A write that no shim sees fails with EAGAIN instead of waiting for
/// ever. (The kernel would say EINVAL, which a socket cannot be made to say.)
Result<void> make_unwritable(int theirs) {
    const int smallest = 1;
    if (setsockopt(theirs, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest) < 0)
        return last_error();
    const timeval shortest{.tv_sec = 0, .tv_usec = 1};
    if (setsockopt(theirs, SOL_SOCKET, SO_SNDTIMEO, &shortest, sizeof shortest) < 0)
        return last_error();
    const std::array<char, 2048> filler{};
    for (int i = 0; i < 8; i++) {
        if (send(theirs, filler.data(), filler.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
    }
    return {};
}

int socket_type(PairType type) {
    switch (type) {
        case PairType::Stream: return SOCK_STREAM;
        case PairType::Packets: return SOCK_SEQPACKET;
        case PairType::Datagrams: return SOCK_DGRAM;
    }
    return -1;
}

constinit std::atomic<uint64_t> board_id = 0;  // 0: none yet

uint64_t random_id() {
    uint64_t id = 0;
    if (getrandom(&id, sizeof id, 0) != sizeof id || id == 0) id = static_cast<uint64_t>(getpid());
    return id;
}

}  // namespace

Result<LabelledPair> make_labelled_pair(const FdLabel& label, PairType type) {
    int ends[2];
    if (socketpair(AF_UNIX, socket_type(type) | SOCK_CLOEXEC, 0, ends) < 0) return last_error();
    LabelledPair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = fmt::format("{}{:x}/{}/{:x}", fd_label_prefix, label.board,
                                         static_cast<char>(label.kind), label.number);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (bind(ends[0], reinterpret_cast<const sockaddr*>(&address), length) < 0) return last_error();
    TRY(make_unwritable(ends[1]));
    pair.cookie = socket_cookie(ends[1]).value_or(0);
    return pair;
}

std::optional<uint64_t> socket_cookie(int fd) {
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0) return std::nullopt;
    return cookie;
}

uint64_t own_board_id() {
    uint64_t known = board_id.load();
    if (known == 0) {
        const uint64_t mine = random_id();
        known = board_id.compare_exchange_strong(known, mine) ? mine : known;
    }
    return known;
}

void renew_board_id() {
    board_id.store(random_id());
}

}  // namespace plugboard
