#include "tests/system/native_calls.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <string_view>

namespace plugboard::tests {
namespace {

constexpr std::array folders = {
    std::string_view("/dev/dri"),           std::string_view("/dev/input"),
    std::string_view("/proc/dri"),          std::string_view("/run/udev"),
    std::string_view("/sys/class/drm"),     std::string_view("/sys/class/input"),
    std::string_view("/sys/kernel/config"), std::string_view("/sys/kernel/debug/dri"),
};
constexpr std::array prefixes = {
    std::string_view("/dev/char/226:"), std::string_view("/sys/dev/char/226:"),
    std::string_view("/dev/char/13:"),  std::string_view("/sys/dev/char/13:"),
    std::string_view("/dev/tty0"),      std::string_view("/dev/tty1"),
    std::string_view("/dev/vcs"),
};
/// Their strings are data, but for the addresses of sockets.
constexpr std::array data_calls = {
    std::string_view("getcwd"),   std::string_view("pread64"), std::string_view("pwrite64"),
    std::string_view("read"),     std::string_view("readv"),   std::string_view("recvfrom"),
    std::string_view("recvmmsg"), std::string_view("recvmsg"), std::string_view("sendmmsg"),
    std::string_view("sendmsg"),  std::string_view("sendto"),  std::string_view("write"),
    std::string_view("writev"),
};

bool is_the_boards(const std::string& path) {
    const std::string normal = std::filesystem::path(path).lexically_normal().string();
    return std::ranges::any_of(folders,
                               [&](std::string_view folder) {
                                   return normal == folder ||
                                          normal.starts_with(std::string(folder) + "/");
                               }) ||
           std::ranges::any_of(prefixes,
                               [&](std::string_view prefix) { return normal.starts_with(prefix); });
}

/// "5</sys/class>" at the end of the text: the path; empty if there is none.
std::string last_annotation(std::string_view text) {
    const auto end = text.rfind('>');
    const auto start = text.rfind('<', end);
    if (end == std::string_view::npos || start == std::string_view::npos) return {};
    return std::string(text.substr(start + 1, end - start - 1));
}

bool has_own_annotation(std::string_view text) {
    for (auto start = text.find("</"); start != std::string_view::npos;
         start = text.find("</", start + 1)) {
        const auto end = text.find('>', start);
        if (end != std::string_view::npos &&
            is_the_boards(std::string(text.substr(start + 1, end - start - 1))))
            return true;
    }
    return false;
}

std::string_view name_of_call(std::string_view line) {
    const std::string_view before = line.substr(0, line.find('('));
    return before.substr(before.rfind(' ') + 1);
}

/// One line, cut into its strings and what is between them.
class Line {
  public:
    explicit Line(std::string_view line) : rest_(line), call_(name_of_call(line)) {}

    bool is_native() {
        for (;;) {
            const auto quote = rest_.find('"');
            const std::string_view between = rest_.substr(0, quote);
            if (has_own_annotation(between) ||
                between.find("NETLINK_KOBJECT_UEVENT") != std::string_view::npos)
                return true;
            if (quote == std::string_view::npos) return false;
            rest_.remove_prefix(quote + 1);
            if (is_native_path(between, take_string())) return true;
        }
    }

  private:
    std::string_view take_string() {
        size_t end = 0;
        while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return text;
    }
    bool is_native_path(std::string_view before, std::string_view text) const {
        if (before.ends_with("sun_path=")) return is_the_boards(std::string(text));
        if (std::ranges::find(data_calls, call_) != data_calls.end()) return false;
        if (before.ends_with('(')) return is_the_boards(std::string(text));
        if (!before.ends_with(">, ")) return false;
        return is_the_boards(
            (std::filesystem::path(last_annotation(before)) / std::string(text)).string());
    }

    std::string_view rest_;
    const std::string_view call_;
};

}  // namespace

std::vector<std::string> native_calls(const std::string& log) {
    std::vector<std::string> native;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        if (Line(line).is_native()) native.push_back(line);
    }
    return native;
}

}  // namespace plugboard::tests
