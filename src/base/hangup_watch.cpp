#include "base/hangup_watch.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <utility>

namespace plugboard {
namespace {

/// Both halves of what epoll gives back: a descriptor number alone may have been reused.
constexpr uint64_t make_key(int fd, uint32_t generation) {
    return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(fd);
}

/// After a hang-up: whether it came from a shutdown() while copies of the other end are still
/// there. Its name can then not be bound by anybody else.
bool other_end_lives(int fd) {
    sockaddr_un name{};
    socklen_t length = sizeof name;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&name), &length) < 0) return false;
    if (length <= sizeof name.sun_family) return false;
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return false;
    const UniqueFd probe(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    // Out of descriptors: it must be asked again, so it must not be taken for closed.
    if (!probe.is_open()) return true;
    return bind(probe.borrow(), reinterpret_cast<const sockaddr*>(&name), length) < 0 &&
           errno == EADDRINUSE;
}

}  // namespace

struct HangupWatch::Entry {
    uint32_t generation = 0;
    std::function<void()> closed;
};

HangupWatch::HangupWatch()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { run(); }) {}

HangupWatch::~HangupWatch() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_.borrow(), &one, sizeof one);
    assert(written == sizeof one);
    thread_.join();
}

Result<void> HangupWatch::mark_other_end(int fd) {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random) return last_error();
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const int length =
        std::snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "plugboard-end/%016llx",
                      static_cast<unsigned long long>(random));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1) +
                      static_cast<socklen_t>(length);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&name), size) < 0) return last_error();
    return {};
}

Result<void> HangupWatch::add(int fd, std::function<void()> closed) {
    MutexLock lock(mutex_);
    const uint32_t generation = next_generation_++;
    epoll_event event{};
    event.events = EPOLLET;  // hang-ups and errors are always told
    event.data.u64 = make_key(fd, generation);
    if (epoll_ctl(epoll_.borrow(), EPOLL_CTL_ADD, fd, &event) < 0) return last_error();
    auto entry = std::make_unique<Entry>(Entry{generation, std::move(closed)});
    entries_.insert_or_assign(fd, std::move(entry));
    return {};
}

std::unique_ptr<HangupWatch::Entry> HangupWatch::take(int fd) {
    MutexLock lock(mutex_);
    const auto found = entries_.find(fd);
    if (found == entries_.end()) return nullptr;
    auto entry = std::move(found->second);
    entries_.erase(found);
    epoll_ctl(epoll_.borrow(), EPOLL_CTL_DEL, fd, nullptr);
    return entry;
}

void HangupWatch::remove(int fd) {
    std::unique_ptr<Entry> entry;  // dropped with no lock held: the function may own references
    if (handler_.load() == std::this_thread::get_id()) {
        entry = take(fd);
        return;
    }
    MutexLock handling(handling_);
    entry = take(fd);
    handling.unlock();
}

void HangupWatch::settle() {
    assert(handler_.load() != std::this_thread::get_id());
    MutexLock handling(handling_);
    while (handle_events()) {
    }
}

bool HangupWatch::handle_events() {
    std::array<epoll_event, 64> events;
    const int count =
        epoll_wait(epoll_.borrow(), events.data(), static_cast<int>(events.size()), 0);
    if (count <= 0) return false;
    handler_.store(std::this_thread::get_id());
    for (int i = 0; i < count; i++) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.events & EPOLLHUP) handle(event.data.u64);
    }
    handler_.store(std::thread::id());
    return true;
}

void HangupWatch::handle(uint64_t key) {
    const int fd = static_cast<int>(static_cast<uint32_t>(key));
    {
        MutexLock lock(mutex_);
        const auto found = entries_.find(fd);
        if (found == entries_.end() || make_key(fd, found->second->generation) != key) return;
    }
    // Entries are taken out under handling_ only, so fd still is the one that hung up.
    if (other_end_lives(fd)) return;
    const auto entry = take(fd);
    entry->closed();
}

void HangupWatch::run() {
    for (;;) {
        std::array<pollfd, 2> ready{pollfd{epoll_.borrow(), POLLIN, 0},
                                    pollfd{stop_.borrow(), POLLIN, 0}};
        if (poll(ready.data(), ready.size(), -1) < 0) continue;
        if (ready[1].revents) return;
        MutexLock handling(handling_);
        handle_events();
    }
}

}  // namespace plugboard
