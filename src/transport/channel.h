// The daemon's end of a channel: one client thread's requests, and what is asked back during one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"
#include "transport/busy_poll.h"
#include "transport/protocol.h"

namespace plugboard::transport {

/// Kernel-given, of the message's sender.
struct Sender {
    int pid = 0;
    uint32_t uid = 0;
    uint32_t gid = 0;
};

/// Used by its session's thread only, but for shut_down(). Never waits to send: a client that does
/// not read loses the channel. Once broken or hung up it stays so.
class Channel {
  public:
    struct Received {
        Message
            message;  // borrowed: a request until the next receive(), an answer until the next one
        Sender sender;
        UniqueFd fd;  // the one that came along, if any
    };

    explicit Channel(UniqueFd socket);

    int poll_fd() const { return socket_.borrow(); }
    bool is_over() const { return over_; }
    /// The other end is closed, or either end was shut down. Any thread.
    bool is_hung_up() const;

    /// The next message; waits for it. Nothing at the end: hang-up, broken framing, surplus or lost
    /// descriptors.
    std::optional<Received> receive();
    /// The answer of `type` to what was asked during `sequence`; a Cancel on the way is remembered.
    std::optional<Received> receive_answer(MessageType type, uint32_t sequence);
    /// Looks at what has come while a request waits: a Cancel of it, the end, or nothing yet.
    void look_for_cancel(uint32_t sequence);
    /// The request with this sequence is to be interrupted; for ever once the channel is over.
    bool is_cancelled(uint32_t sequence) const { return over_ || cancelled_ == sequence; }

    template <class Body>
    bool send(const Outgoing<Body>& head, std::span<const Range> ranges = {},
              std::span<const std::byte> payload = {}, int fd = -1) {
        return send_parts(head.bytes(), ranges, payload, fd);
    }

    /// Any thread: ends every wait on the channel.
    void shut_down();
    void end();

  private:
    enum class Wait { Block, Poll };
    std::optional<Received> receive_packet(std::byte* buffer, Wait wait);
    std::optional<Received> receive_busily(std::byte* buffer);
    bool send_parts(std::span<const std::byte> head, std::span<const Range> ranges,
                    std::span<const std::byte> payload, int fd);

    UniqueFd socket_;
    BusyPoll busy_poll_ = BusyPoll::where_of_use();
    std::unique_ptr<std::byte[]> request_buffer_;
    std::unique_ptr<std::byte[]> answer_buffer_;
    bool over_ = false;
    uint64_t cancelled_ = ~uint64_t{0};  // a sequence, or none
};

}  // namespace plugboard::transport
