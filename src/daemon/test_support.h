// Helpers of this folder's tests: what waits, told without a clock.
#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>

namespace plugboard::daemon {

/// Of this process: whether it sleeps, or has ended. Linux: Documentation/filesystems/proc.rst
inline bool is_asleep(const std::filesystem::path& thread) {
    std::ifstream file(thread / "stat");
    std::string line;
    std::getline(file, line);
    const size_t name_end = line.rfind(')');
    return name_end == std::string::npos || line.substr(name_end, 3) == ") S";
}

/// Returns once all other threads sleep: what has not happened by then waits for the caller.
inline void wait_until_others_sleep() {
    const std::string own = std::to_string(gettid());
    for (bool all = false; !all; std::this_thread::yield()) {
        all = true;
        for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task"))
            all = all && (thread.path().filename() == own || is_asleep(thread.path()));
    }
}

template <class T>
bool is_ready(const std::future<T>& result) {
    return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace plugboard::daemon
