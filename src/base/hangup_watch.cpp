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
#include <optional>
#include <utility>
#include <vector>

namespace plugboard {
namespace {

/// Both halves of what epoll gives back: a descriptor number alone may have been reused.
constexpr uint64_t make_key(int fd, uint32_t generation) {
    return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(fd);
}

/// SO_TYPE; nothing: no socket.
std::optional<int> type_of(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return std::nullopt;
    return type;
}

/// The mark of shut_down(): it goes with the socket, and only who has our end can set it. The
/// option means nothing to a local socket.
constexpr int shut_down_mark = SO_KEEPALIVE;

bool was_shut_down(int fd) {
    int is_marked = 0;
    socklen_t size = sizeof is_marked;
    return getsockopt(fd, SOL_SOCKET, shut_down_mark, &is_marked, &size) == 0 && is_marked;
}

}  // namespace

struct HangupWatch::Entry {
    uint32_t generation = 0;
    bool is_silent = false;
    std::function<void()> closed;
};

HangupWatch::HangupWatch() = default;

HangupWatch::~HangupWatch() {
    if (!is_started_) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_.borrow(), &one, sizeof one);
    assert(written == sizeof one);
    thread_.join();
}

Result<void> HangupWatch::start_locked() {
    if (is_started_) return {};
    UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) return last_error();
    UniqueFd stop(eventfd(0, EFD_CLOEXEC));
    if (!stop.is_open()) return last_error();
    epoll_ = std::move(epoll);
    stop_ = std::move(stop);
    thread_ = TRY(Thread::start([this] { run(); }));
    is_started_ = true;
    return {};
}

Result<void> HangupWatch::make_probe_locked(int type) {
    UniqueFd& probe = probes_[type];
    if (probe.is_open()) return {};
    probe = UniqueFd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (!probe.is_open()) return last_error();
    return {};
}

void HangupWatch::shut_down(int fd) {
    const int on = 1;  // first: the hang-up is seen at once
    setsockopt(fd, SOL_SOCKET, shut_down_mark, &on, sizeof on);
    shutdown(fd, SHUT_RDWR);
}

HangupWatch::OtherEnd HangupWatch::find_other_end(int fd) {
    const std::optional<int> type = type_of(fd);
    if (type != SOCK_DGRAM && !was_shut_down(fd)) return OtherEnd::Gone;
    sockaddr_un name{};
    socklen_t length = sizeof name;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&name), &length) < 0) return OtherEnd::Gone;
    if (length <= sizeof name.sun_family || !type) return OtherEnd::Gone;
    MutexLock lock(mutex_);
    if (!make_probe_locked(*type).ok()) return OtherEnd::Unknown;
    UniqueFd& probe = probes_[*type];
    if (bind(probe.borrow(), reinterpret_cast<const sockaddr*>(&name), length) < 0)
        return errno == EADDRINUSE ? OtherEnd::InUse : OtherEnd::Unknown;
    // It has a name now, so it can ask no more. The next one fits where this one was, unless
    // another thread is faster; then it is tried again when it is needed.
    probe.reset();
    (void)make_probe_locked(*type);
    return OtherEnd::Gone;
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
    TRY(start_locked());
    const std::optional<int> type = type_of(fd);
    if (type) TRY(make_probe_locked(*type));
    const uint32_t generation = next_generation_++;
    epoll_event event{};
    event.events = EPOLLET;  // hang-ups and errors are always told
    event.data.u64 = make_key(fd, generation);
    if (epoll_ctl(epoll_.borrow(), EPOLL_CTL_ADD, fd, &event) < 0) return last_error();
    auto entry = std::make_unique<Entry>(Entry{generation, type == SOCK_DGRAM, std::move(closed)});
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
    handler_.store(std::this_thread::get_id());
    for (const uint64_t key : silent_keys()) handle(key);
    handler_.store(std::thread::id());
    while (handle_events()) {
    }
}

std::vector<uint64_t> HangupWatch::silent_keys() const {
    std::vector<uint64_t> keys;
    MutexLock lock(mutex_);
    for (const auto& [fd, entry] : entries_) {
        if (entry->is_silent) keys.push_back(make_key(fd, entry->generation));
    }
    return keys;
}

bool HangupWatch::handle_events() {
    if (!is_started_) return false;
    std::array<epoll_event, 64> events;
    const int count =
        epoll_wait(epoll_.borrow(), events.data(), static_cast<int>(events.size()), 0);
    handler_.store(std::this_thread::get_id());
    for (const uint64_t key : choose_to_ask()) handle(key);
    for (int i = 0; i < count; i++) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.events & EPOLLHUP) handle(event.data.u64);
    }
    handler_.store(std::thread::id());
    return count > 0;
}

void HangupWatch::handle(uint64_t key) {
    const int fd = static_cast<int>(static_cast<uint32_t>(key));
    {
        MutexLock lock(mutex_);
        const auto found = entries_.find(fd);
        if (found == entries_.end() || make_key(fd, found->second->generation) != key) {
            in_use_.erase(key);
            return;
        }
    }
    // Entries are taken out under handling_ only, so fd still is the one that hung up.
    switch (find_other_end(fd)) {
        case OtherEnd::InUse: in_use_.insert(key); return;
        case OtherEnd::Unknown: unknown_.insert(key); return;
        case OtherEnd::Gone: break;
    }
    in_use_.erase(key);
    const auto entry = take(fd);
    entry->closed();
}

std::vector<uint64_t> HangupWatch::choose_to_ask() {
    constexpr size_t turns = 4;
    std::vector<uint64_t> chosen(unknown_.begin(), unknown_.end());
    unknown_.clear();
    for (size_t i = 0; i < std::min(turns, in_use_.size()); i++) {
        const auto next = in_use_.upper_bound(last_asked_);
        last_asked_ = next == in_use_.end() ? *in_use_.begin() : *next;
        chosen.push_back(last_asked_);
    }
    return chosen;
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
