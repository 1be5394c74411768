#include "daemon/seat/seat_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <list>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "base/wait.h"
#include "daemon/seat/seat_protocols.h"
#include "daemon/session/listener.h"
#include "daemon/session/process_name.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_clients = 64;

SeatClientInfo info_of(const SeatClient& client) {
    return {.peer = client.peer(),
            .protocol = client.protocol(),
            .state = client.state(),
            .session = client.session(),
            .devices = client.devices().paths()};
}

}  // namespace

struct SeatServer::Impl {
    enum class Wait { Forever, Never };

    void run();
    void handle_some(Wait wait);
    void handle_calls();
    void accept(Listener& listener);
    std::unique_ptr<SeatClient> make_client(const Listener& listener, UniqueFd socket,
                                            const ucred& peer);
    void refused(const std::string& why);
    void end_client(SeatClient& client);
    void end_finished();
    /// Runs on the thread; returns when it has.
    void call(std::function<void()> run);
    void count_leaving();
    SeatInfo info() const;  // on the thread

    Listener seatd;
    Listener weston;
    const SeatContext context;
    const UniqueFd event;  // a call is there, or stopping is set
    std::atomic<bool> stopping = false;
    std::atomic<size_t> connections = 0;  // counted before they are made
    bool is_refusing = false;             // the thread's, as what follows: says so once
    Seat seat{};
    std::list<std::unique_ptr<SeatClient>> clients{};

    struct Call {
        std::function<void()> run;
        bool done = false;
    };
    Mutex<LockClass<SeatServer>> mutex{};
    CondVar called{};
    std::vector<Call*> calls GUARDED_BY(mutex){};
    std::atomic<size_t> leaving = 0;  // clients that have been asked to let go
    WaitQueue all_left{};
    Thread thread{};
};

void SeatServer::Impl::run() {
    while (!stopping) handle_some(Wait::Forever);
}

void SeatServer::Impl::handle_some(Wait wait) {
    std::vector<pollfd> sources = {
        {event.borrow(), POLLIN, 0}, {seatd.poll_fd(), POLLIN, 0}, {weston.poll_fd(), POLLIN, 0}};
    std::vector<SeatClient*> polled;
    for (const auto& client : clients) {
        sources.push_back({client->socket(), POLLIN, 0});
        polled.push_back(client.get());
    }
    if (poll(sources.data(), sources.size(), wait == Wait::Forever ? -1 : 0) < 0) return;
    for (size_t i = 0; i < polled.size(); i++) {
        const short events = sources[i + 3].revents;
        if (events & (POLLHUP | POLLERR)) {
            polled[i]->fail();
        } else if (events & POLLIN && !polled[i]->is_over()) {
            polled[i]->handle_input();
        }
    }
    end_finished();
    if (sources[1].revents) accept(seatd);
    if (sources[2].revents) accept(weston);
    count_leaving();
    if (sources[0].revents && wait == Wait::Forever) handle_calls();
}

void SeatServer::Impl::handle_calls() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(event.borrow(), &count, sizeof count);
    std::vector<Call*> now;
    {
        MutexLock lock(mutex);
        now.swap(calls);
    }
    for (Call* one : now) {
        one->run();
        end_finished();
        count_leaving();
        MutexLock lock(mutex);
        one->done = true;
        called.notify_all();
    }
}

void SeatServer::Impl::call(std::function<void()> run) {
    Call one{.run = std::move(run)};
    const uint64_t wake = 1;
    MutexLock lock(mutex);
    calls.push_back(&one);
    [[maybe_unused]] const ssize_t size = ::write(event.borrow(), &wake, sizeof wake);
    while (!one.done) called.wait(lock);
}

void SeatServer::Impl::accept(Listener& listener) {
    ++connections;
    auto accepted = listener.accept([](int, Errno) {});
    if (!accepted.ok()) {
        --connections;
        return refused(errno_name(accepted.error()));
    }
    const auto peer = peer_of(accepted->borrow());
    const bool may_enter = peer && is_own_user(*peer);
    if (!may_enter || clients.size() >= max_clients) {
        accepted->reset();
        --connections;
        return refused(may_enter ? fmt::format("there are {} already", max_clients)
                                 : "it is another user's");
    }
    is_refusing = false;
    clients.push_back(make_client(listener, std::move(*accepted), *peer));
    if (!clients.back()->takes_turns()) seat.enter(*clients.back());
}

std::unique_ptr<SeatClient> SeatServer::Impl::make_client(const Listener& listener, UniqueFd socket,
                                                          const ucred& peer) {
    SeatPeer who{.pid = peer.pid, .command = process_name(peer.pid)};
    if (&listener == &seatd)
        return std::make_unique<SeatdClient>(std::move(socket), context, std::move(who), seat);
    return std::make_unique<WestonClient>(std::move(socket), context, std::move(who), seat);
}

void SeatServer::Impl::refused(const std::string& why) {
    if (!is_refusing) log::error("seat: a client was refused: {}", why);
    is_refusing = true;
}

void SeatServer::Impl::end_client(SeatClient& client) {
    seat.leave(client);
    std::erase_if(clients, [&](const auto& one) { return one.get() == &client; });
    --connections;
}

void SeatServer::Impl::end_finished() {
    // One's end may be another's turn, who cannot be told and so is over too.
    for (;;) {
        const auto found =
            std::ranges::find_if(clients, [](const auto& one) { return one->is_over(); });
        if (found == clients.end()) return;
        end_client(**found);
    }
}

SeatInfo SeatServer::Impl::info() const {
    SeatInfo info{.is_paused = seat.is_paused(), .clients = {}};
    for (const SeatClient* client : seat.clients()) info.clients.push_back(info_of(*client));
    return info;
}

void SeatServer::Impl::count_leaving() {
    const auto count = std::ranges::count(seat.clients(), SeatClient::State::Leaving,
                                          [](const SeatClient* client) { return client->state(); });
    if (leaving.exchange(static_cast<size_t>(count)) > 0 && count == 0) all_left.wake_all();
}

Result<std::unique_ptr<SeatServer>> SeatServer::create(const std::string& directory,
                                                       SeatContext context) {
    auto seatd = TRY(Listener::create(directory + "/seat", Listener::Type::Stream));
    auto weston = TRY(Listener::create(directory + "/weston", Listener::Type::Packets));
    UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.is_open()) return last_error();
    std::unique_ptr<Impl> impl(new Impl{.seatd = std::move(seatd),
                                        .weston = std::move(weston),
                                        .context = std::move(context),
                                        .event = std::move(event)});
    Impl& server = *impl;
    server.thread = TRY(Thread::start([&server] { server.run(); }));
    return std::unique_ptr<SeatServer>(new SeatServer(std::move(impl)));
}

SeatServer::SeatServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SeatServer::~SeatServer() {
    impl_->call([this] { impl_->stopping = true; });
    impl_->thread.join();
    while (!impl_->clients.empty()) impl_->end_client(*impl_->clients.front());
}

size_t SeatServer::descriptors() const {
    return 2 * Listener::descriptors() + 1 + impl_->connections;
}

SeatInfo SeatServer::info() {
    SeatInfo info;
    impl_->call([&] { info = impl_->info(); });
    return info;
}

Outcome<SeatInfo> SeatServer::pause(std::chrono::nanoseconds limit) {
    Outcome<SeatInfo> outcome = SeatInfo{};
    impl_->call([&] {
        if (impl_->seat.is_paused()) {
            outcome = Problem{.message = "the seat is paused already",
                              .remedy = "let its clients go on: plugboard seat resume"};
        } else if (impl_->seat.clients().empty()) {
            outcome = Problem{.message = nobody,
                              .remedy =
                                  "start a client of libseat (sway) or weston first; others "
                                  "know no seat and cannot be paused"};
        } else {
            impl_->seat.pause();
        }
    });
    if (!outcome.ok()) return outcome;
    Clock& clock = impl_->context.clock;
    ThreadSleeper sleeper(clock);
    wait_until(
        sleeper, impl_->all_left, [this] { return impl_->leaving == 0; }, clock.now() + limit);
    impl_->call([&] {
        impl_->seat.stop_waiting();
        outcome = impl_->info();
    });
    return outcome;
}

Outcome<SeatInfo> SeatServer::resume() {
    Outcome<SeatInfo> outcome = SeatInfo{};
    impl_->call([&] {
        if (!impl_->seat.is_paused()) {
            outcome =
                Problem{.message = "the seat is not paused",
                        .remedy = "plugboard status shows it; pause it: plugboard seat pause"};
            return;
        }
        impl_->seat.resume();
        outcome = impl_->info();
    });
    return outcome;
}

void SeatServer::settle() {
    impl_->call([this] { impl_->handle_some(Impl::Wait::Never); });
}

}  // namespace plugboard::daemon
