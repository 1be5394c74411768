#include "daemon/session/session.h"

#include <drm.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/labelled_pair.h"
#include "daemon/session/channel_memory.h"
#include "daemon/session/open_node.h"
#include "daemon/session/session_trace.h"
#include "drm/gem/dma_buf_ioctl.h"
#include "transport/file_number.h"

namespace plugboard::daemon {

using transport::MessageType;

namespace {

/// More proofs than any client needs at a time; beyond it they are asked for anew.
constexpr size_t max_proofs = 4096;

uapi::Credentials credentials(const transport::Sender& sender) {
    return {.pid = sender.pid, .uid = sender.uid, .gid = sender.gid};
}

std::string_view text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A descriptor of this name that this very process made: the kernel keeps the maker's pid in both
/// ends of a pair, so a namesake from elsewhere does not pass.
bool is_own_descriptor(const UniqueFd& fd, transport::FileName name) {
    ucred maker{};
    socklen_t size = sizeof maker;
    if (getsockopt(fd.borrow(), SOL_SOCKET, SO_PEERCRED, &maker, &size) < 0) return false;
    if (maker.pid != getpid()) return false;
    sockaddr_un address{};
    socklen_t length = sizeof address;
    if (getpeername(fd.borrow(), reinterpret_cast<sockaddr*>(&address), &length) < 0) return false;
    return label_of(address, length) ==
           FdLabel{static_cast<FdKind>(name.kind), own_board_id(), name.number};
}

/// What it answers depends on which files are closed: the kernel's close() has released before it
/// returns.
bool depends_on_closes(uint32_t command) {
    return command == DRM_IOCTL_SET_MASTER || command == DRM_IOCTL_MODE_CREATE_LEASE ||
           command == DRM_IOCTL_MODE_LIST_LESSEES || command == DRM_IOCTL_MODE_REVOKE_LEASE;
}

/// What the kernel's mmap() checks before it asks the file. Linux: mm/mmap.c, do_mmap
Result<void> check_map_access(int open_flags, int protection, int map_flags) {
    const int access = open_flags & O_ACCMODE;
    if (access == O_WRONLY) return Errno::Access;
    const bool shared = (map_flags & MAP_TYPE) != MAP_PRIVATE;
    if (shared && (protection & PROT_WRITE) != 0 && access == O_RDONLY) return Errno::Access;
    return {};
}

Result<drm::MappedObject> map_file(drm::File& file, const transport::MmapBody& body) {
    TRY(check_map_access(file.info().flags, body.protection, body.flags));
    return file.map(body.offset, body.length, body.protection, body.flags);
}

Result<drm::gem::Later> parse_later(uint32_t wants_descriptor) {
    switch (static_cast<transport::WantsDescriptor>(wants_descriptor)) {
        case transport::WantsDescriptor::IfPending: return drm::gem::Later::IfPending;
        case transport::WantsDescriptor::Always: return drm::gem::Later::Always;
        case transport::WantsDescriptor::Never: return drm::gem::Later::Never;
    }
    return Errno::Inval;
}

Result<NameChange> parse_change(uint32_t change) {
    switch (static_cast<transport::NameChange>(change)) {
        case transport::NameChange::MakeFolder: return NameChange::MakeFolder;
        case transport::NameChange::RemoveFolder: return NameChange::RemoveFolder;
        case transport::NameChange::MakeLink: return NameChange::MakeLink;
        case transport::NameChange::RemoveLink: return NameChange::RemoveLink;
    }
    return Errno::Inval;
}

/// What a link is to lead to; `error` is a client's word.
Result<std::string> parse_target(std::string_view target, int32_t error) {
    if (error == 0) return std::string(target);
    const bool is_known = std::string_view(errno_name(static_cast<Errno>(error))) != "E?";
    const bool is_clients = error != static_cast<int32_t>(Errno::ProbeDefer);
    return is_known && is_clients ? static_cast<Errno>(error) : Errno::Inval;
}

}  // namespace

Session::Session(UniqueFd socket, UniqueFd event, SessionContext context)
    : channel_(std::move(socket)),
      context_(context),
      sleeper_(channel_, std::move(event), context.clock) {}

void Session::run() {
    for (;;) {
        const auto received = channel_.receive();
        if (!received || !handle(*received)) break;
    }
    channel_.end();
}

void Session::refuse(Errno error) {
    reply(transport::hello_sequence, error);
    channel_.end();
}

bool Session::handle(const Received& received) {
    const MessageType type = received.message.type();
    if (!greeted_) return type == MessageType::Hello && handle_hello(received);
    switch (type) {
        case MessageType::Open: handle_open(received); return true;
        case MessageType::Ioctl: handle_ioctl(received); return true;
        case MessageType::Mmap: handle_mmap(received); return true;
        case MessageType::OpenLive: handle_open_live(received); return true;
        case MessageType::Write: handle_write(received); return true;
        case MessageType::OpenUevents: handle_open_uevents(received); return true;
        case MessageType::BindUevents: handle_bind_uevents(received); return true;
        case MessageType::NameUevents: handle_name_uevents(received); return true;
        case MessageType::PollBuffer: handle_poll_buffer(received); return true;
        case MessageType::ChangeNames: handle_change_names(received); return true;
        case MessageType::Cancel: return true;  // its request was done before it came
        default: return false;
    }
}

bool Session::handle_hello(const Received& received) {
    const auto body = received.message.body<transport::HelloBody>();
    const bool known = body.version == transport::protocol_version;
    reply(received.message.sequence(), known ? Result<int>(0) : Errno::Proto, own_board_id());
    greeted_ = known;
    return known;
}

void Session::reply(uint32_t sequence, const Result<int>& result, uint64_t value, int fd) {
    transport::ReplyBody body{.result = -1, .value = value};
    if (result.ok()) {
        body.result = result.value();
    } else {
        body.error = static_cast<int32_t>(result.error());
    }
    channel_.send(transport::Outgoing(MessageType::Reply, sequence, body), {}, {}, fd);
}

void Session::handle_open(const Received& received) {
    const uint32_t sequence = received.message.sequence();
    auto opened = open_node(received);
    if (!opened.ok()) return reply(sequence, seen_by_client(opened.error()));
    note_proved({.number = opened->number, .kind = static_cast<uint32_t>(FdKind::Card)});
    reply(sequence, 0, 0, opened->theirs.borrow());
}

Result<FileTable::Opened> Session::open_node(const Received& received) {
    const auto body = received.message.body<transport::OpenBody>();
    const auto node = parse_node(text(received.message.payload()));
    if (!node) return Errno::NoEnt;
    const std::string_view command(body.command, sizeof body.command);
    return daemon::open_node(context_.world, context_.files, *node,
                             {.flags = static_cast<int>(body.flags),
                              .opener = credentials(received.sender),
                              .command = std::string(command.substr(0, command.find('\0')))});
}

Result<drm::OpenedFile> Session::open_file(drm::Device& device, drm::OpenInfo info) {
    auto opened = context_.files.open(device, std::move(info));
    if (!opened.ok()) return seen_by_client(opened.error());
    context_.world.note_open(*opened->file);
    return drm::OpenedFile{std::move(opened->file), std::move(opened->theirs)};
}

void Session::handle_ioctl(const Received& received) {
    sleeper_.begin(received.message.sequence());
    ChannelMemory memory(channel_, received.message);
    drm::Request request(memory, sleeper_, credentials(received.sender));
    request.set_opener(*this);
    const auto kind = received.message.body<transport::IoctlBody>().file.kind;
    if (kind == static_cast<uint32_t>(FdKind::Card)) {
        memory.reply(card_ioctl(received, request));
    } else {
        memory.reply(other_ioctl(received, request));
    }
}

Result<int> Session::card_ioctl(const Received& received, drm::Request& request) {
    const auto body = received.message.body<transport::IoctlBody>();
    if (depends_on_closes(body.command)) context_.files.settle();
    auto use = TRY(find_card(body.file, received.message.sequence()));
    drm::IoctlText text;
    const bool is_traced = trace().is_on();
    if (is_traced) request.describe_into(text);
    const Time start = trace().now();
    const auto result = use.file().ioctl(request, body.command, uapi::UserAddress{body.argument});
    const Nanos took = trace().now() - start;
    use.note_ioctl(took);
    if (is_traced) {
        TracedCall call = traced_ioctl(request, use.file(), body.command, std::move(text), result);
        call.node = use.node();
        write_trace(std::move(call), start, took);
    }
    return result;
}

Result<int> Session::other_ioctl(const Received& received, drm::Request& request) {
    const auto body = received.message.body<transport::IoctlBody>();
    const bool is_dma_buf = body.file.kind == transport::dma_buf_kind;
    const bool is_traced = trace().is_on();
    if (is_traced) request.keep_reasons();
    const Time start = trace().now();
    const auto result =
        is_dma_buf ? dma_buf_ioctl(received, request) : special_ioctl(received, request);
    if (is_traced) {
        write_trace(
            traced_ioctl(request, is_dma_buf ? "dma_buf" : "sync_file", body.command, result),
            start, trace().now() - start);
    }
    return result;
}

void Session::write_trace(TracedCall call, Time start, Nanos took) {
    call.start = start;
    call.took = took;
    trace().write(call);
}

Result<int> Session::special_ioctl(const Received& received, drm::Request& request) {
    const auto body = received.message.body<transport::IoctlBody>();
    const auto file = TRY(find_special(body.file, received.message.sequence()));
    return file->ioctl(request, body.command, uapi::UserAddress{body.argument});
}

Result<int> Session::dma_buf_ioctl(const Received& received, drm::Request& request) {
    if (!received.fd.is_open()) return Errno::BadF;
    const auto buffer = drm::gem::DmaBuf::find(received.fd);
    if (!buffer.ok()) return Errno::NoTty;  // another file that calls itself so
    const auto body = received.message.body<transport::IoctlBody>();
    return drm::gem::ioctl(request, **buffer, context_.world.special_files(), body.command,
                           uapi::UserAddress{body.argument});
}

void Session::handle_mmap(const Received& received) {
    const auto mapped = map(received);
    const uint32_t sequence = received.message.sequence();
    if (!mapped.ok()) return reply(sequence, mapped.error());
    reply(sequence, 0, mapped->size, mapped->memory.borrow());
}

Result<drm::MappedObject> Session::map(const Received& received) {
    const auto body = received.message.body<transport::MmapBody>();
    const auto use = TRY(find_card(body.file, received.message.sequence()));
    const Time start = trace().now();
    auto mapped = map_file(use.file(), body);
    if (trace().is_on()) {
        TracedCall call{
            .pid = received.sender.pid,
            .command = use.file().info().command,
            .node = use.node(),
            .name = "mmap",
            .argument = mmap_text(body.offset, body.length, body.protection, body.flags)};
        if (!mapped.ok()) call.error = mapped.error();
        write_trace(std::move(call), start, trace().now() - start);
    }
    return mapped;
}

void Session::handle_open_live(const Received& received) {
    context_.files.settle();  // what it tells of files is true after a client's death
    const auto body = received.message.body<transport::OpenBody>();
    const auto opened =
        context_.world.open_live_file(text(received.message.payload()),
                                      static_cast<int>(body.flags), credentials(received.sender));
    const uint32_t sequence = received.message.sequence();
    if (!opened.ok()) return reply(sequence, seen_by_client(opened.error()));
    reply(sequence, 0, 0, opened->borrow());
}

void Session::handle_write(const Received& received) {
    const auto written = write_special(received);
    const uint32_t sequence = received.message.sequence();
    if (!written.ok()) return reply(sequence, written.error());
    reply(sequence, static_cast<int>(std::min(written.value(), transport::max_payload)));
}

Result<size_t> Session::write_special(const Received& received) {
    const auto name = received.message.body<transport::WriteBody>().file;
    const auto file = TRY(find_special(name, received.message.sequence()));
    return file->write(received.message.payload());
}

void Session::handle_open_uevents(const Received& received) {
    const auto body = received.message.body<transport::OpenUeventsBody>();
    const auto opened =
        context_.world.open_uevents(static_cast<int>(body.type), static_cast<int>(body.flags));
    const uint32_t sequence = received.message.sequence();
    if (!opened.ok()) return reply(sequence, seen_by_client(opened.error()));
    reply(sequence, 0, 0, opened->borrow());
}

void Session::handle_bind_uevents(const Received& received) {
    const auto body = received.message.body<transport::BindUeventsBody>();
    const uint32_t sequence = received.message.sequence();
    const auto socket = find_uevents(body.file, sequence);
    if (!socket.ok()) return reply(sequence, socket.error());
    const auto done = (*socket)->change(static_cast<transport::UeventsChange>(body.change),
                                        body.port, body.groups, credentials(received.sender));
    reply(sequence, done.ok() ? Result<int>(0) : done.error());
}

void Session::handle_name_uevents(const Received& received) {
    const auto body = received.message.body<transport::NameUeventsBody>();
    const uint32_t sequence = received.message.sequence();
    const auto socket = find_uevents(body.file, sequence);
    if (!socket.ok()) return reply(sequence, socket.error());
    const UeventSocket::Address address = (*socket)->address();
    reply(sequence, (*socket)->type(), uint64_t{address.groups} << 32 | address.port);
}

void Session::handle_poll_buffer(const Received& received) {
    const auto state = poll_buffer(received);
    const uint32_t sequence = received.message.sequence();
    if (!state.ok()) return reply(sequence, seen_by_client(state.error()));
    reply(sequence, state->ready, 0, state->later.is_open() ? state->later.borrow() : -1);
}

Result<drm::gem::BufferState> Session::poll_buffer(const Received& received) {
    const auto body = received.message.body<transport::PollBufferBody>();
    const auto later = TRY(parse_later(body.wants_descriptor));
    if (!received.fd.is_open()) return Errno::BadF;
    const Ref<drm::gem::DmaBuf> buffer = TRY(drm::gem::DmaBuf::find(received.fd));
    ChannelMemory memory(channel_, received.message);
    drm::Request request(memory, sleeper_, credentials(received.sender));
    return drm::gem::poll(request, buffer, context_.world.special_files(),
                          static_cast<int>(body.events), later);
}

void Session::handle_change_names(const Received& received) {
    const auto body = received.message.body<transport::ChangeNamesBody>();
    const std::string_view tail = text(received.message.payload());
    const std::string_view path = tail.substr(0, body.path_size);
    const std::string_view target = tail.substr(path.size());
    const auto change = parse_change(body.change);
    const Result<void> done =
        change.ok()
            ? context_.world.change_names(*change, path, parse_target(target, body.target_error),
                                          credentials(received.sender))
            : change.error();
    reply(received.message.sequence(),
          done.ok() ? Result<int>(0) : Result<int>(seen_by_client(done.error())));
}

bool Session::is_proved(transport::FileName name) const {
    return proved_.contains({name.kind, name.number});
}

void Session::note_proved(transport::FileName name) {
    if (proved_.size() >= max_proofs) proved_.clear();
    proved_.insert({name.kind, name.number});
}

UniqueFd Session::ask_for_proof(transport::FileName name, uint32_t sequence) {
    channel_.send(transport::Outgoing(MessageType::NeedProof, sequence,
                                      transport::NeedProofBody{.file = name}));
    auto answer = channel_.receive_answer(MessageType::Proof, sequence);
    return answer ? std::move(answer->fd) : UniqueFd();
}

Result<FileTable::Use> Session::find_card(transport::FileName name, uint32_t sequence) {
    if (name.kind != static_cast<uint32_t>(FdKind::Card)) return Errno::BadF;
    // Asked for before the file is used: a client that never answers would hold up its release.
    std::optional<UniqueFd> proof;
    if (!is_proved(name)) proof = ask_for_proof(name, sequence);
    auto use = context_.files.use(name.number, &channel_);
    if (!use) return Errno::BadF;
    if (proof) {
        if (!proof->is_open() || socket_cookie(proof->borrow()) != use->cookie())
            return Errno::BadF;
        note_proved(name);
    }
    return std::move(*use);
}

Result<Ref<drm::SpecialFile>> Session::find_special(transport::FileName name, uint32_t sequence) {
    // write() on a DRM node ends here too. Linux: drm's file_operations have no write
    if (name.kind == static_cast<uint32_t>(FdKind::Card)) return Errno::Inval;
    if (!is_proved(name)) {
        const UniqueFd proof = ask_for_proof(name, sequence);
        if (!proof.is_open() || !is_own_descriptor(proof, name)) return Errno::BadF;
        note_proved(name);
    }
    auto file = context_.world.special_files().find(static_cast<FdKind>(name.kind), name.number);
    if (!file) return Errno::BadF;
    return std::move(*file);
}

Result<Ref<UeventSocket>> Session::find_uevents(transport::FileName name, uint32_t sequence) {
    if (name.kind != static_cast<uint32_t>(FdKind::Uevents)) return Errno::BadF;
    const auto file = TRY(find_special(name, sequence));
    return Ref<UeventSocket>::share(static_cast<UeventSocket&>(*file));
}

}  // namespace plugboard::daemon
