#include "cli/hang_report.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace plugboard::cli {
namespace {

/// The first line of a file of /proc, empty when it cannot be read.
std::string first_line_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string describe_thread(const std::filesystem::path& task) {
    const std::string wchan = first_line_of(task / "wchan");
    const std::string call = first_line_of(task / "syscall");
    std::string text =
        fmt::format("    thread {} {}", task.filename().string(), first_line_of(task / "comm"));
    if (!wchan.empty() && wchan != "0") text += fmt::format(", waits in {}", wchan);
    if (!call.empty()) text += fmt::format(", system call {}", call);
    text += '\n';
    std::ifstream stack(task / "stack");
    for (std::string line; std::getline(stack, line);) text += "      " + line + "\n";
    return text;
}

}  // namespace

std::string describe_hang(const std::vector<Process>& processes) {
    std::string text;
    for (const Process& process : processes) {
        text += fmt::format("  {} {} (state {})\n", process.pid, process.name, process.state);
        std::error_code ignored;
        const auto tasks = fmt::format("/proc/{}/task", process.pid);
        for (const auto& task : std::filesystem::directory_iterator(tasks, ignored))
            text += describe_thread(task.path());
    }
    return text;
}

}  // namespace plugboard::cli
