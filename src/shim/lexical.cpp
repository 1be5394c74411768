#include "shim/lexical.h"

#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr std::string_view tree_folders[] = {"/dev", "/sys", "/run", "/proc/dri"};

constexpr std::string_view opaque_folders[] = {
    "/dev/dri",
    "/dev/input",
    "/proc/dri",
    "/sys/class/drm",
    "/sys/class/input",
    // No subsystem has a folder there: the host's vkms least of all.
    "/sys/kernel/config",
    "/sys/kernel/debug/dri",
    "/sys/kernel/debug/sync",
    "/run/udev",
    // logind's: a login session of the host would give its own cards away.
    "/run/systemd/seats",
    "/run/systemd/sessions",
    "/run/systemd/users",
};

struct Prefix {
    std::string_view folder, name;
};
// Major numbers 226, the DRM nodes, and 13, input devices.
constexpr Prefix opaque_prefixes[] = {{"/sys/dev/char", "226:"},
                                      {"/dev/char", "226:"},
                                      {"/sys/dev/char", "13:"},
                                      {"/dev/char", "13:"},
                                      {"/dev", "vcs"}};

/// A virtual console, or its record in sysfs: what a compositor finds there it takes for itself.
/// The caller's own terminal (/dev/tty, a pty, a serial line) is none, but by such a name.
bool is_console(const Lexical& path) {
    constexpr Prefix consoles[] = {{"/dev", "tty"}, {"/sys/class/tty", "tty"}};
    for (const auto& [folder, name] : consoles) {
        if (!path.has_prefix(folder, name)) continue;
        const std::string_view entry = path.part(folder == "/dev" ? 1 : 3);
        const std::string_view number = entry.substr(name.size());
        if (!number.empty() && number.front() >= '0' && number.front() <= '9') return true;
    }
    return false;
}

constexpr std::string_view union_folders[] = {
    "/dev",
    "/run",
    "/sys",
    "/sys/bus",
    "/sys/bus/faux",
    "/sys/bus/faux/devices",
    "/sys/bus/faux/drivers",
    "/sys/bus/platform",
    "/sys/bus/platform/devices",
    "/sys/bus/platform/drivers",
    "/sys/class",
    "/sys/dev",
    "/sys/dev/char",
    "/sys/devices",
    "/sys/devices/faux",
    "/sys/devices/platform",
    "/sys/kernel",
    "/sys/kernel/debug",
    "/sys/kernel/debug/dma_buf",
};

}  // namespace

std::optional<int> parse_fd_path(const Lexical& path) {
    size_t at = 1;
    if (path.part(0) == "proc") {
        const std::string_view who = path.part(at++);
        const auto pid = parse_number(who);
        if (who != "self" && who != "thread-self" &&
            !(pid && static_cast<int>(*pid) == process_id()))
            return std::nullopt;
    } else if (path.part(0) != "dev") {
        return std::nullopt;
    }
    if (path.part(at) != "fd" || path.depth() != at + 2) return std::nullopt;
    const auto fd = parse_number(path.part(at + 1));
    if (!fd) return std::nullopt;
    return static_cast<int>(*fd);
}

bool is_of_interest(const Lexical& path) {
    for (const std::string_view folder : tree_folders) {
        if (path.is_below(folder)) return true;
    }
    return false;
}

bool is_opaque(const Lexical& path) {
    for (const std::string_view folder : opaque_folders) {
        if (path.is_below(folder)) return true;
    }
    for (const Prefix& prefix : opaque_prefixes) {
        if (path.has_prefix(prefix.folder, prefix.name)) return true;
    }
    return is_console(path);
}

bool is_union_folder(std::string_view path) {
    for (const std::string_view folder : union_folders) {
        if (path == folder) return true;
    }
    return false;
}

}  // namespace plugboard::shim
