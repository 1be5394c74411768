// What the threads of this process are at, told without a clock.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace plugboard::tests {

struct ThreadStatus {
    std::string state{};            // "S (sleeping)"; empty: it has ended
    std::string sleeps{};           // how often it went to sleep
    std::string pending_signals{};  // of its own, a mask

    bool operator==(const ThreadStatus&) const = default;
};

/// Linux: Documentation/filesystems/proc.rst
inline ThreadStatus thread_status(pid_t thread) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/status");
    ThreadStatus status;
    for (std::string line; std::getline(file, line);) {
        const auto value = [&] { return line.substr(line.find('\t') + 1); };
        if (line.starts_with("State:")) status.state = value();
        if (line.starts_with("SigPnd:")) status.pending_signals = value();
        if (line.starts_with("voluntary_ctxt_switches:")) status.sleeps = value();
    }
    return status;
}

/// By thread; nothing while another thread of this process runs.
inline std::optional<std::map<pid_t, ThreadStatus>> status_of_sleepers() {
    std::map<pid_t, ThreadStatus> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
        const std::string name = entry.path().filename();
        pid_t thread = 0;
        std::from_chars(name.data(), name.data() + name.size(), thread);
        if (thread == gettid()) continue;
        ThreadStatus status = thread_status(thread);
        if (!status.state.empty() && !status.state.starts_with('S')) return {};
        all.emplace(thread, std::move(status));
    }
    return all;
}

/// Returns once all other threads have slept from one look to the next: what has not happened by
/// then waits for the caller, or for the time.
inline void wait_until_others_sleep() {
    for (auto last = status_of_sleepers();; std::this_thread::yield()) {
        auto now = status_of_sleepers();
        if (now && now == last) return;
        last = std::move(now);
    }
}

template <class T>
bool is_ready(const std::future<T>& result) {
    return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace plugboard::tests
