#include "daemon/session_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "daemon/file_table.h"
#include "daemon/session.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_sessions = 4096;  // channels; each is a thread

struct RunningSession {
    RunningSession(UniqueFd socket, SessionContext context) : session(std::move(socket), context) {}
    Session session;
    std::atomic<bool> is_over = false;
    std::thread thread;
};

}  // namespace

struct SessionServer::Impl {
    Impl(World& world_, HangupWatch& hangups_, UniqueFd listening_, UniqueFd event_, Clock& clock_)
        : world(world_),
          hangups(hangups_),
          clock(clock_),
          files(hangups_),
          listening(std::move(listening_)),
          event(std::move(event_)) {}

    void accept_all();
    void accept_one();
    void run_session(RunningSession& running);
    void join_finished();
    void notify();
    void shut_down();

    World& world;
    HangupWatch& hangups;
    Clock& clock;
    FileTable files;
    UniqueFd listening;
    const UniqueFd event;  // a session is over, or stopping is set
    std::atomic<bool> stopping = false;
    std::list<std::unique_ptr<RunningSession>>
        sessions;  // the accepting thread's; then shut_down()'s
    std::thread thread;
};

void SessionServer::Impl::notify() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event.borrow(), &one, sizeof one);
}

void SessionServer::Impl::accept_all() {
    while (!stopping) {
        std::array<pollfd, 2> ready{pollfd{event.borrow(), POLLIN, 0},
                                    pollfd{listening.borrow(), POLLIN, 0}};
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
    UniqueFd socket(accept4(listening.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) {
        if (errno != EMFILE && errno != ENFILE) return;
        // Leave the others some time to close something rather than spin on a full table.
        log::error("no descriptor for another channel");
        pollfd wait{event.borrow(), POLLIN, 0};
        poll(&wait, 1, 100);
        return;
    }
    if (sessions.size() >= max_sessions) return;
    auto& running = *sessions.emplace_back(std::make_unique<RunningSession>(
        std::move(socket), SessionContext{world, files, hangups, clock}));
    running.thread = std::thread([this, &running] { run_session(running); });
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
    }
}

void SessionServer::Impl::shut_down() {
    if (stopping.exchange(true)) return;
    notify();
    thread.join();
    listening.reset();
    for (const auto& running : sessions) running->session.shut_down();
    for (const auto& running : sessions) running->thread.join();
    sessions.clear();
    files.close_all();
}

Result<std::unique_ptr<SessionServer>> SessionServer::create(World& world, HangupWatch& hangups,
                                                             UniqueFd listening_socket,
                                                             Clock& clock) {
    UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.is_open()) return last_error();
    const int on = 1;
    if (setsockopt(listening_socket.borrow(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return last_error();
    auto impl = std::make_unique<Impl>(world, hangups, std::move(listening_socket),
                                       std::move(event), clock);
    Impl& server = *impl;
    server.thread = std::thread([&server] { server.accept_all(); });
    return std::unique_ptr<SessionServer>(new SessionServer(std::move(impl)));
}

SessionServer::SessionServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SessionServer::~SessionServer() {
    shut_down();
}

size_t SessionServer::open_files() const {
    return impl_->files.size();
}

std::vector<OpenFileInfo> SessionServer::files() const {
    return impl_->files.files();
}

void SessionServer::settle() {
    impl_->hangups.settle();
}

Result<UniqueFd> SessionServer::open_file(drm::Device& device, drm::OpenInfo info) {
    auto opened = TRY(impl_->files.open(device, std::move(info)));
    return std::move(opened.theirs);
}

void SessionServer::shut_down() {
    impl_->shut_down();
}

}  // namespace plugboard::daemon
