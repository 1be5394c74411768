#include "shim/paths.h"

#include <cerrno>
#include <cstring>

#include "shim/board.h"
#include "shim/descriptors.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

/// First folders that the tree has something in. A path elsewhere costs a glance.
constexpr std::string_view tree_folders[] = {"/dev", "/sys", "/run", "/proc"};

/// Below these the board alone says what exists: a host's own GPU must not leak in.
constexpr std::string_view opaque_folders[] = {
    "/dev/dri", "/sys/class/drm", "/sys/kernel/debug/dri", "/sys/kernel/debug/sync", "/run/udev",
};
constexpr std::string_view opaque_prefix = "/sys/dev/char/226:";

/// Cuts a path into its parts, skipping "//" and "/./".
class Parts {
  public:
    explicit Parts(std::string_view path) : rest_(path) {}
    /// Empty at the end.
    std::string_view next() {
        for (;;) {
            while (rest_.starts_with('/')) rest_.remove_prefix(1);
            const std::string_view part = rest_.substr(0, rest_.find('/'));
            rest_.remove_prefix(part.size());
            if (part != ".") return part;
        }
    }

  private:
    std::string_view rest_;
};

/// Appends the path to `to`, one slash between parts. ".." stays where the kernel has to resolve
/// it, but does not climb over the root.
template <size_t Size>
bool append_parts(Text<Size>& to, std::string_view path) {
    Parts parts(path);
    size_t depth = 0;
    for (std::string_view part = parts.next(); !part.empty(); part = parts.next()) {
        if (part == "..") {
            if (depth == 0) continue;
            depth--;
        } else {
            depth++;
        }
        if (!to.append("/") || !to.append(part)) return false;
    }
    return true;
}

/// The same with ".." taken by its letter: good enough to say in which folder a path ends.
void append_lexically(Text<4096>& to, std::string_view path) {
    Parts parts(path);
    for (std::string_view part = parts.next(); !part.empty(); part = parts.next()) {
        if (part == "..") {
            const size_t slash = to.view().rfind('/');
            to.resize(slash == std::string_view::npos ? 0 : slash);
        } else if (!to.append("/") || !to.append(part)) {
            return;
        }
    }
}

bool is_opaque(std::string_view path) {
    for (const std::string_view folder : opaque_folders) {
        if (is_below(path, folder)) return true;
    }
    return path.starts_with(opaque_prefix);
}

bool is_of_interest(std::string_view path) {
    for (const std::string_view folder : tree_folders) {
        if (is_below(path, folder)) return true;
    }
    return false;
}

/// Surely not readable; the kernel says EFAULT.
bool is_bad_pointer(const char* path) {
    const auto address = reinterpret_cast<uintptr_t>(path);
    return address < 4096 || address >= uintptr_t{1} << 47;
}

enum class Start { Unknown, Host, Tree };

/// The folder that a relative path starts at, as the client sees it.
Start find_start(int dirfd, Text<4096>& start) {
    if (dirfd == AT_FDCWD) {
        const long size = raw_syscall(SYS_getcwd, start.data(), start.capacity());
        if (size <= 1) return Start::Unknown;
        start.resize(static_cast<size_t>(size) - 1);
    } else {
        start = link_of_fd(dirfd);
    }
    if (!start.view().starts_with('/')) return Start::Unknown;
    size_t size = start.size();
    if (!strip_root(start.data(), size)) return Start::Host;
    start.resize(size);
    return Start::Tree;
}

/// The fd in "/proc/self/fd/5", "/dev/fd/5" and the like; -1: none.
int parse_fd_path(std::string_view path) {
    Parts parts(path);
    std::string_view part = parts.next();
    if (part == "proc") {
        part = parts.next();
        const auto pid = parse_number(part);
        if (part != "self" && part != "thread-self" &&
            !(pid && static_cast<int>(*pid) == process_id()))
            return -1;
    } else if (part != "dev") {
        return -1;
    }
    if (parts.next() != "fd") return -1;
    const auto fd = parse_number(parts.next());
    return fd && parts.next().empty() ? static_cast<int>(*fd) : -1;
}

}  // namespace

bool strip_root(char* text, size_t& size) {
    const Board* mine = board();
    if (!mine || !is_below({text, size}, mine->root.view())) return false;
    const size_t cut = mine->root.size();
    if (size == cut) {
        text[0] = '/';
        text[1] = '\0';
        size = 1;
        return true;
    }
    std::memmove(text, text + cut, size - cut);
    size -= cut;
    text[size] = '\0';
    return true;
}

Target::Target(int dirfd, const char* path, Follow follow) {
    if (!board() || is_bad_pointer(path) || path[0] == '\0') return;
    Text<4096> whole;
    Start start = Start::Host;
    if (path[0] != '/') {
        start = find_start(dirfd, whole);
        if (start == Start::Unknown || !whole.append("/")) return;
    }
    if (!whole.append({path, strnlen(path, whole.capacity() + 1)})) return;

    Text<4096> lexical;
    append_lexically(lexical, whole.view());
    if (is_of_interest(lexical.view())) {
        find_descriptor(lexical.view());
        if (place_ == Place::Native) find_in_tree(whole.view(), follow);
        if (place_ == Place::Native && is_opaque(lexical.view())) place_ = Place::Hidden;
    }
    // The folder is the tree's, so the kernel would look in the wrong place.
    // ".." goes by its letter: the folder, which the host may not have, is named without links.
    if (place_ == Place::Native && start == Start::Tree) use_host(lexical.view());
}

void Target::find_in_tree(std::string_view whole, Follow follow) {
    const Board* mine = board();
    path_.append(mine->root.view());
    root_size_ = mine->root.size();
    if (!append_parts(path_, whole)) return;
    if (stat_file(path_.c_str(), status_) < 0) return;
    place_ = Place::Tree;
    node_ = find_node(follow);
}

void Target::use_host(std::string_view path) {
    path_.clear();
    root_size_ = 0;
    path_.append(path.empty() ? "/" : path);
    place_ = Place::Host;
}

void Target::find_descriptor(std::string_view path) {
    const int fd = parse_fd_path(path);
    if (fd < 0) return;
    node_ = shim::find_node(fd);
    if (!node_) return;
    place_ = Place::Descriptor;
    descriptor_ = fd;
}

std::optional<transport::Node> Target::find_node(Follow follow) const {
    if (!S_ISREG(status_.st_mode) || !virtual_path().starts_with("/dev/")) return std::nullopt;
    if (const auto node = parse_node_path(virtual_path())) return node;
    if (follow == Follow::NoLink) {
        struct stat link;
        if (raw_syscall(SYS_newfstatat, AT_FDCWD, path(), &link, AT_SYMLINK_NOFOLLOW) < 0 ||
            S_ISLNK(link.st_mode))
            return std::nullopt;
    }
    // A link to a node (by-path), or a path with "..": ask the kernel where it ends.
    const long fd = open_file(path(), O_PATH | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    auto end = link_of_fd(static_cast<int>(fd));
    close_fd(static_cast<int>(fd));
    size_t size = end.size();
    if (!strip_root(end.data(), size)) return std::nullopt;
    return parse_node_path({end.data(), size});
}

bool Target::is_live() const {
    return place_ == Place::Tree && !node_ && S_ISREG(status_.st_mode) &&
           (status_.st_mode & S_ISVTX) != 0;
}

}  // namespace plugboard::shim
