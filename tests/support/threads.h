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

/// A field of a thread's status, such as "State:"; empty when the thread has ended.
/// Linux: Documentation/filesystems/proc.rst
inline std::string thread_status(pid_t thread, const std::string& field) {
    std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
    std::string name, value;
    while (name != field && status >> name) std::getline(status >> std::ws, value);
    return name == field ? value : "";
}

/// By thread, how often it went to sleep; nothing while another thread of this process runs.
inline std::optional<std::map<pid_t, std::string>> sleeps_of_others() {
    std::map<pid_t, std::string> sleeps;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
        const std::string name = entry.path().filename();
        pid_t thread = 0;
        std::from_chars(name.data(), name.data() + name.size(), thread);
        if (thread == gettid()) continue;
        const std::string state = thread_status(thread, "State:");
        if (!state.empty() && !state.starts_with('S')) return {};
        sleeps[thread] = thread_status(thread, "voluntary_ctxt_switches:");
    }
    return sleeps;
}

/// Returns once all other threads have slept from one look to the next: what has not happened by
/// then waits for the caller, or for the time.
inline void wait_until_others_sleep() {
    for (auto last = sleeps_of_others();; std::this_thread::yield()) {
        auto now = sleeps_of_others();
        if (now && now == last) return;
        last = std::move(now);
    }
}

template <class T>
bool is_ready(const std::future<T>& result) {
    return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace plugboard::tests
