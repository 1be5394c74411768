// The shim's end of a channel: one call, from its request to its reply.
// For use inside any process: needs no C++ runtime, allocates nothing, keeps errno.
#pragma once

#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "transport/busy_poll.h"
#include "transport/protocol.h"

namespace plugboard::transport {

/// What a signal does to the call while it waits. See uapi::Interruption.
enum class Signals : uint8_t { Ignored, Eintr, Restart };

struct Answer {
    bool broken = false;       // the daemon is gone, or does not speak our language
    bool interrupted = false;  // by a signal's handler: see sleep_with()
    int result = 0;
    int error = 0;  // errno; 0: success
    uint64_t value = 0;
    int fd = -1;
};

/// Lives on the caller's stack. Reads and writes user memory only through the kernel, so a bad
/// pointer gives EFAULT, never SIGSEGV.
class ClientCall {
  public:
    /// `socket` may be moved to another number during the call. `busy_poll`: the channel's; null:
    /// each wait sleeps.
    ClientCall(const std::atomic<int>& socket, uint32_t sequence, Signals signals,
               BusyPoll* busy_poll = nullptr)
        : socket_(socket), sequence_(sequence), signals_(signals), busy_poll_(busy_poll) {}
    ~ClientCall() { restore_signals(); }
    ClientCall(const ClientCall&) = delete;
    ClientCall& operator=(const ClientCall&) = delete;

    /// 0; EFAULT: part of it cannot be read and nothing was sent; else the channel is broken.
    template <class Body>
    int send(MessageType type, const Body& body, std::span<const Range> ranges = {},
             std::span<const iovec> payload = {}, int fd = -1) {
        size_t bytes = 0;
        for (const iovec& part : payload) bytes += part.iov_len;
        const Outgoing<Body> out(type, sequence_, body, ranges.size(), bytes);
        return send_parts(out.bytes(), ranges, payload, fd);
    }
    /// Blocks signals until the end of the call if they must not be lost between send and wait.
    void prepare_signals();
    /// For who has blocked signals for longer than this call, which must be Ignored: `mask` is the
    /// thread's whenever the call sleeps.
    void sleep_with(const sigset_t& mask) { sleep_mask_ = &mask; }
    /// Serves what the daemon asks until the reply. `own_fd` proves possession where asked for. A
    /// descriptor in the reply is close-on-exec if wanted so.
    Answer wait(int own_fd, bool close_on_exec);

  private:
    static constexpr size_t max_parts = max_ranges + 2;
    struct Head;  // the start of the next message
    int send_parts(std::span<const std::byte> head, std::span<const Range> ranges,
                   std::span<const iovec> payload, int fd);
    long receive(msghdr& header, int flags);
    long peek(Head& head);
    long peek_busily(msghdr& header);
    void cancel();
    void restore_signals();
    void drop();
    /// Takes the message whose first `head` bytes are known, the rest going to `ranges`.
    long take(Head& head, size_t head_size, std::span<const Range> ranges, bool close_on_exec,
              int* fd);
    void answer_pull(const Message& message);
    void answer_pull_fd(const Message& message);
    void answer_push(Head& head, const Message& message, size_t size);
    void answer_install(Head& head, const Message& message);
    Answer finish(Head& head, const Message& message, bool close_on_exec);
    void close_installed();

    const std::atomic<int>& socket_;
    const uint32_t sequence_;
    const Signals signals_;
    BusyPoll* const busy_poll_;
    bool blocked_ = false;
    bool cancelled_ = false;
    bool interrupted_ = false;
    unsigned long old_mask_ = 0;
    const sigset_t* sleep_mask_ = nullptr;
    std::array<int, 64> installed_;
    size_t installed_count_ = 0;
};

/// A connected channel to the board's socket, close-on-exec; HELLO is done and tells the board's
/// id. Minus the errno: of connect(2), ENODEV when the daemon is gone, EMFILE, ENFILE or ENOMEM
/// when it has no room for another channel.
int connect_channel(const char* socket_path, uint64_t& board);

}  // namespace plugboard::transport
