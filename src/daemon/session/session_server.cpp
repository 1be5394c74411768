#include "daemon/session/session_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "base/unique_fd.h"
#include "daemon/session/file_table.h"
#include "daemon/session/session.h"
#include "drm/quota.h"
#include "transport/protocol.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_sessions = 4096;  // channels; each is a thread

uint32_t peer_user(const UniqueFd& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket.borrow(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return UINT32_MAX;
    return peer.uid;
}

/// Answers the HELLO that a client waits on.
void refuse_channel(int socket, Errno error) {
    const transport::Outgoing out(
        transport::MessageType::Reply, transport::hello_sequence,
        transport::ReplyBody{.result = -1, .error = static_cast<int32_t>(seen_by_client(error))});
    send(socket, out.bytes().data(), out.bytes().size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

struct SessionServer::Impl {
    struct RunningSession {
        RunningSession(UniqueFd socket, UniqueFd event, SessionContext context, drm::Charge mine)
            : charge(std::move(mine)), session(std::move(socket), std::move(event), context) {}
        const drm::Charge charge;
        Session session;
        std::atomic<bool> is_over = false;
        Thread thread;
    };

    void accept_all();
    void accept_one();
    void start_session(UniqueFd socket);
    void refuse_session(UniqueFd socket, Errno error, std::string_view why);
    void refused(std::string_view why);
    void run_session(RunningSession& running);
    void join_finished();
    void notify();
    void shut_down();

    World& world;
    Clock& clock;
    FileTable files;
    std::optional<Listener> listener;
    const UniqueFd event;  // a session is over, or stopping is set
    std::atomic<bool> stopping = false;
    std::atomic<size_t> channels = 0;  // those of sessions; counted before they are made
    bool is_refusing = false;          // the accepting thread's: says so once
    std::list<std::unique_ptr<RunningSession>>
        sessions{};  // the accepting thread's; then shut_down()'s
    Thread thread{};
};

void SessionServer::Impl::notify() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event.borrow(), &one, sizeof one);
}

void SessionServer::Impl::accept_all() {
    while (!stopping) {
        std::array<pollfd, 2> ready{pollfd{event.borrow(), POLLIN, 0},
                                    pollfd{listener->poll_fd(), POLLIN, 0}};
        if (poll(ready.data(), ready.size(), -1) < 0) continue;
        if (ready[0].revents) {
            uint64_t count = 0;
            [[maybe_unused]] const ssize_t size = ::read(event.borrow(), &count, sizeof count);
            join_finished();
        }
        if (ready[1].revents && !stopping) accept_one();
    }
}

void SessionServer::Impl::accept_one() {
    ++channels;
    auto accepted = listener->accept(refuse_channel);
    if (accepted.ok()) return start_session(std::move(*accepted));
    --channels;
    refused(errno_name(accepted.error()));
}

void SessionServer::Impl::start_session(UniqueFd socket) {
    if (sessions.size() >= max_sessions) {
        return refuse_session(std::move(socket), Errno::NFile,
                              fmt::format("there are {} already", max_sessions));
    }
    auto charge = drm::Accounts::instance().of(peer_user(socket)).charge(drm::Resource::Channels);
    if (!charge.ok())
        return refuse_session(std::move(socket), Errno::NFile, "its user has too many already");
    auto wakeups = ChannelSleeper::make_event();
    if (!wakeups.ok())
        return refuse_session(std::move(socket), wakeups.error(), errno_name(wakeups.error()));
    auto& running = *sessions.emplace_back(
        std::make_unique<RunningSession>(std::move(socket), std::move(*wakeups),
                                         SessionContext{world, files, clock}, *std::move(charge)));
    auto started = Thread::start([this, &running] { run_session(running); });
    if (!started.ok()) {
        running.session.refuse(Errno::NoMem);
        sessions.pop_back();
        --channels;
        return refused("it gets no thread");
    }
    running.thread = *std::move(started);
    is_refusing = false;
}

void SessionServer::Impl::refuse_session(UniqueFd socket, Errno error, std::string_view why) {
    refuse_channel(socket.borrow(), error);
    socket.reset();
    --channels;
    refused(why);
}

void SessionServer::Impl::refused(std::string_view why) {
    if (!is_refusing) log::error("a client's channel was refused: {}", why);
    is_refusing = true;
}

void SessionServer::Impl::run_session(RunningSession& running) {
    running.session.run();
    running.is_over = true;
    notify();
}

void SessionServer::Impl::join_finished() {
    for (auto it = sessions.begin(); it != sessions.end();) {
        if (!(*it)->is_over) {
            ++it;
            continue;
        }
        (*it)->thread.join();
        it = sessions.erase(it);
        --channels;
    }
}

void SessionServer::Impl::shut_down() {
    if (stopping.exchange(true)) return;
    notify();
    thread.join();
    listener.reset();
    for (const auto& running : sessions) running->session.shut_down();
    for (const auto& running : sessions) running->thread.join();
    sessions.clear();
    channels = 0;
    files.close_all();
}

Result<std::unique_ptr<SessionServer>> SessionServer::create(World& world, HangupWatch& hangups,
                                                             Listener listener, Trace& trace,
                                                             Clock& clock) {
    UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.is_open()) return last_error();
    const int on = 1;
    if (setsockopt(listener.poll_fd(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return last_error();
    std::unique_ptr<Impl> impl(new Impl{.world = world,
                                        .clock = clock,
                                        .files = FileTable(hangups, trace),
                                        .listener = std::move(listener),
                                        .event = std::move(event)});
    Impl& server = *impl;
    server.thread = TRY(Thread::start([&server] { server.accept_all(); }));
    return std::unique_ptr<SessionServer>(new SessionServer(std::move(impl)));
}

SessionServer::SessionServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SessionServer::~SessionServer() {
    shut_down();
}

size_t SessionServer::descriptors() const {
    return Listener::descriptors() + 1 + impl_->channels * Session::descriptors();
}

size_t SessionServer::open_files() const {
    return impl_->files.size();
}

std::vector<OpenFileInfo> SessionServer::files() const {
    return impl_->files.files();
}

FileTable& SessionServer::file_table() {
    return impl_->files;
}

WaitQueue& SessionServer::file_changes() {
    return impl_->files.changes();
}

void SessionServer::settle() {
    impl_->files.settle();
}

void SessionServer::shut_down() {
    impl_->shut_down();
}

}  // namespace plugboard::daemon
