#include "daemon/seat/seat_protocols.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <variant>

namespace plugboard::daemon {
namespace {

/// Bytes, 0 at the end of the connection; nothing when there is nothing now. Descriptors that come
/// along are not taken.
std::optional<size_t> receive(int socket, std::span<std::byte> to) {
    const ssize_t count = recv(socket, to.data(), to.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return count < 0 ? 0 : static_cast<size_t>(count);
}

}  // namespace

void SeatdClient::handle_input() {
    const auto count = receive(socket(), input_.room());
    if (!count) return;
    if (*count == 0) return fail();
    input_.received(*count);
    while (!is_over()) {
        const auto request = input_.next();
        if (!request.ok()) return fail();
        if (!*request) return;
        handle(**request);
    }
}

void SeatdClient::handle(const seatd::Request& request) {
    using Type = seatd::RequestType;
    const bool needs_seat = request.type != Type::OpenSeat && request.type != Type::Ping;
    if (needs_seat && stage_ != Stage::Open) return fail();
    switch (request.type) {
        case Type::OpenSeat: return open_seat();
        case Type::CloseSeat: return close_seat();
        case Type::OpenDevice: return open_device(request.path);
        case Type::CloseDevice:
            return answer(devices().close(request.number), seatd::ReplyType::DeviceClosed);
        case Type::Ping: return send(seatd::reply(seatd::ReplyType::Pong));
        // These two are not answered, unless they fail.
        case Type::DisableSeat:
            if (const auto done = seat_.note_gone(*this); !done.ok())
                send(seatd::error(done.error()));
            return;
        case Type::SwitchSession:
            if (const auto done = seat_.switch_to(*this, request.number); !done.ok())
                send(seatd::error(done.error()));
            return;
    }
}

void SeatdClient::open_seat() {
    if (stage_ != Stage::Before) return fail();
    stage_ = Stage::Open;
    send(seatd::seat_opened());
    seat_.enter(*this);
}

void SeatdClient::close_seat() {
    stage_ = Stage::After;
    seat_.leave(*this);
    send(seatd::reply(seatd::ReplyType::SeatClosed));
}

void SeatdClient::open_device(const std::string& path) {
    if (state() != State::Active) return send(seatd::error(Errno::Perm));
    const auto opened =
        devices().open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK, SeatDevices::Until::Close);
    if (!opened.ok()) return send(seatd::error(opened.error()));
    send(seatd::device_opened(opened->id), opened->fd.borrow());
}

void SeatdClient::answer(const Result<void>& done, seatd::ReplyType type) {
    send(done.ok() ? seatd::reply(type) : seatd::error(done.error()));
}

void SeatdClient::tell(State state) {
    const bool active = state == State::Active;
    send(seatd::reply(active ? seatd::ReplyType::EnableSeat : seatd::ReplyType::DisableSeat));
}

void WestonClient::handle_input() {
    std::array<std::byte, weston_launch::longest_packet> packet{};
    const auto count = receive(socket(), packet);
    if (!count) return;
    const auto request = weston_launch::parse(std::span(packet).first(*count));
    if (!request.ok()) return fail();
    if (const auto* wanted = std::get_if<weston_launch::Open>(&*request)) return open(*wanted);
    (void)seat_.note_gone(*this);  // said twice, it is true all the same
}

void WestonClient::open(const weston_launch::Open& request) {
    constexpr int known_flags = O_ACCMODE | O_NONBLOCK | O_CLOEXEC;
    const auto opened =
        devices().open(request.path, request.flags & known_flags, SeatDevices::Until::LastCopy);
    if (state() == State::Away) devices().drop_master();
    weston_launch::OpenReply reply;
    if (!opened.ok()) reply.result = -static_cast<int32_t>(opened.error());
    send(std::as_bytes(std::span(&reply, 1)), opened.ok() ? opened->fd.borrow() : -1);
}

void WestonClient::tell(State state) {
    const bool active = state == State::Active;
    if (active && !was_told_) return;  // it takes that for granted
    was_told_ = true;
    const auto event = active ? weston_launch::Event::Activate : weston_launch::Event::Deactivate;
    send(std::as_bytes(std::span(&event, 1)));
}

}  // namespace plugboard::daemon
