// Packets made of the input, on a channel to a board with one card: the daemon answers or hangs up,
// serves the next client, and keeps nothing of this one.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/passed_fd.h"
#include "daemon/board.h"
#include "fuzz/input.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/unix_address.h"
#include "transport/protocol.h"

namespace plugboard::fuzz {
namespace {

using transport::MessageType;

constexpr MessageType types[] = {
    MessageType::Hello,      MessageType::Open,        MessageType::Ioctl,
    MessageType::Mmap,       MessageType::OpenLive,    MessageType::Write,
    MessageType::OpenUevents, MessageType::BindUevents, MessageType::NameUevents, MessageType::PollBuffer,
    MessageType::ChangeNames, MessageType::Cancel,     MessageType::Data,        MessageType::Fd,
    MessageType::Ack,        MessageType::Proof,       MessageType::Reply};

class Host {
  public:
    Host() {
        auto board = daemon::Board::create(daemon::Config{}, folder_.path());
        if (!board.ok()) found(board.problem().headline());
        board_ = std::move(board.value());
        objects_ = board_->leftovers().objects;
    }
    ~Host() { board_->end(); }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    UniqueFd connect() {
        UniqueFd channel(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        const tests::UnixAddress address(folder_.path() + "/shim");
        if (::connect(channel.borrow(), address.get(), address.size()) != 0)
            found("the board does not listen");
        return channel;
    }
    void expect_nothing_left() {
        const daemon::Leftovers left = board_->leftovers();
        if (left.objects == objects_) return;
        found(fmt::format("{} objects are left, {}", left.objects - objects_,
                          left.labels.empty() ? "" : left.labels[0]));
    }

  private:
    const tests::TemporaryFolder folder_;
    std::unique_ptr<daemon::Board> board_;
    size_t objects_ = 0;
};

/// Takes packets off the input.
class Script {
  public:
    Script(const uint8_t* bytes, size_t size) : bytes_(bytes, bytes + size) {}

    bool is_over() const { return at_ >= bytes_.size(); }
    uint8_t byte() { return is_over() ? uint8_t{0} : bytes_[at_++]; }
    /// A packet with a good header mostly, and a body of the input's bytes.
    std::vector<std::byte> packet(uint32_t sequence) {
        const uint8_t kind = byte();
        size_t size = byte();
        if (kind & 0x80) size *= 64;
        transport::Header header{
            .type = static_cast<uint16_t>(types[kind % std::size(types)]),
            .range_count = static_cast<uint16_t>(kind & 0x40 ? byte() % 20 : 0),
            .sequence = sequence,
            .size = static_cast<uint32_t>(sizeof(transport::Header) + size),
            .reserved = 0};
        std::vector<std::byte> packet(sizeof(header) + size);
        if (kind & 0x20) {  // a bad header
            header.size += byte();
            header.type = static_cast<uint16_t>(header.type + byte());
            header.reserved = byte();
        }
        std::memcpy(packet.data(), &header, sizeof(header));
        for (size_t i = sizeof(header); i < packet.size() && !is_over(); i++)
            packet[i] = std::byte{byte()};
        return packet;
    }

  private:
    const std::vector<uint8_t> bytes_;
    size_t at_ = 0;
};

void send_packet(int channel, const std::vector<std::byte>& packet, bool with_fd) {
    const UniqueFd fd(with_fd ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1);
    // A daemon that has hung up is an answer, too.
    (void)send_with_fd(channel, packet, fd.borrow(), MSG_NOSIGNAL);
}

/// What has come by then. False: nothing, or the channel's end.
bool read_answer(int channel, int milliseconds = 2) {
    pollfd ready{.fd = channel, .events = POLLIN, .revents = 0};
    int count = 0;
    do {
        count = poll(&ready, 1, milliseconds);
    } while (count < 0 && errno == EINTR);  // libFuzzer's timer
    if (count <= 0) return false;
    std::array<char, 4096> bytes{};
    UniqueFd passed;
    return receive_with_fd(channel, bytes, passed, MSG_DONTWAIT) > 0;
}

/// What the daemon is at for this client comes to its end, so that the next input finds none of it.
void hang_up(int channel) {
    constexpr int patience = 60'000;  // ms
    shutdown(channel, SHUT_WR);
    while (read_answer(channel, patience)) continue;
    pollfd ended{.fd = channel, .events = 0, .revents = 0};
    if (poll(&ended, 1, 0) != 1) found("the client has hung up, its session goes on");
}

void play(Host& host, Script script) {
    const UniqueFd channel = host.connect();
    uint32_t sequence = transport::hello_sequence;
    // Half of the inputs are greeted, so that more than HELLO is looked at.
    if (script.byte() % 2 == 0) {
        std::vector<std::byte> hello(sizeof(transport::Header) + sizeof(transport::HelloBody));
        const transport::Header header{.type = static_cast<uint16_t>(MessageType::Hello),
                                       .sequence = sequence++,
                                       .size = static_cast<uint32_t>(hello.size())};
        const transport::HelloBody body;
        std::memcpy(hello.data(), &header, sizeof(header));
        std::memcpy(hello.data() + sizeof(header), &body, sizeof(body));
        send_packet(channel.borrow(), hello, false);
        read_answer(channel.borrow());
    }
    for (int packets = 0; !script.is_over() && packets < 64; packets++) {
        const uint8_t how = script.byte();
        if (how % 4 != 0) sequence++;
        send_packet(channel.borrow(), script.packet(sequence), (how & 0x10) != 0);
        read_answer(channel.borrow());
    }
    hang_up(channel.borrow());
}

}  // namespace
}  // namespace plugboard::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    using namespace plugboard;
    static fuzz::Host host;
    fuzz::play(host, fuzz::Script(bytes, size));
    host.expect_nothing_left();
    return 0;
}
