#include "daemon/session/trace.h"

#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace plugboard::daemon {
namespace {

constexpr size_t most_names = 5;  // of a client in the summary

double microseconds(Nanos time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

double milliseconds(Nanos time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

constexpr size_t most_clients = 1024, most_ioctls = 256;  // of a summary; the rest is "others"
constexpr const char* others = "others";

/// False: it cannot be written, or nobody reads it. A pipe that is ready takes PIPE_BUF bytes
/// without waiting, whether or not it is blocking.
bool write_all(int fd, std::string_view text, std::chrono::milliseconds patience) {
    while (!text.empty()) {
        pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
        const int found = poll(&ready, 1, static_cast<int>(patience.count()));
        if (found == 0) return false;
        if (found < 0 && errno == EINTR) continue;
        const ssize_t count = ::write(fd, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
        if (count >= 0) {
            text.remove_prefix(static_cast<size_t>(count));
        } else if (errno != EINTR && errno != EAGAIN) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string trace_line(const TracedCall& call, Time zero) {
    std::string line = fmt::format("{:.6f} {}[{}] {} {}", microseconds(call.start - zero) / 1e6,
                                   call.command, call.pid, call.node, call.name);
    if (!call.argument.empty()) line += " " + call.argument;
    if (!call.answer.empty()) line += " -> " + call.answer;
    line += call.error ? fmt::format(" = -{}", errno_name(*call.error)) : " = 0";
    line += fmt::format(" ({:.0f} us)", microseconds(call.took));
    if (!call.reason.empty()) line += ": " + call.reason;
    // Texts of the client's may be anything.
    std::ranges::replace_if(
        line, [](char c) { return c < ' ' || c > '~'; }, '?');
    return line;
}

bool Trace::start(UniqueFd to, Begin begin) {
    MutexLock lock(mutex_);
    if (is_on_) return false;
    // What is no file has no end to cut off.
    if (begin == Begin::Afresh && ftruncate(to.borrow(), 0) != 0 && errno != EINVAL) return false;
    to_ = std::move(to);
    is_broken_ = false;
    is_on_ = true;
    return true;
}

std::string Trace::stop() {
    MutexLock lock(mutex_);
    if (!is_on_.exchange(false)) return {};
    std::string summary;
    for (const auto& [who, client] : std::exchange(clients_, {}))
        summary += summary_of(who, client);
    put_locked(summary);
    to_.reset();
    return summary;
}

void Trace::write(const TracedCall& call) {
    if (!is_on()) return;
    const std::string line = trace_line(call, zero_) + "\n";
    MutexLock lock(mutex_);
    if (!is_on_) return;
    if (call.kind == TracedCall::Kind::Ioctl) {
        std::pair<int, std::string> who{call.pid, call.command};
        if (clients_.size() >= most_clients && !clients_.contains(who)) who = {0, others};
        Client& client = clients_[who];
        client.all.add(call.took);
        const bool is_known =
            client.by_name.size() < most_ioctls || client.by_name.contains(call.name);
        client.by_name[is_known ? call.name : others].add(call.took);
    }
    put_locked(line);
}

std::string Trace::summary_of(const std::pair<int, std::string>& who, const Client& client) {
    std::string text = fmt::format("{}[{}]: {} ioctls, {:.3f} ms\n", who.second, who.first,
                                   client.all.count, milliseconds(client.all.time));
    std::vector<std::pair<std::string, Total>> names(client.by_name.begin(), client.by_name.end());
    std::ranges::stable_sort(names, std::ranges::greater(),
                             [](const auto& name) { return name.second.count; });
    if (names.size() > most_names) names.resize(most_names);
    for (const auto& [name, total] : names) {
        text +=
            fmt::format("{:>8} {:>10.3f} ms  {}\n", total.count, milliseconds(total.time), name);
    }
    return text;
}

void Trace::put_locked(std::string_view text) {
    if (!is_broken_ && !write_all(to_.borrow(), text, patience_)) is_broken_ = true;
}

}  // namespace plugboard::daemon
