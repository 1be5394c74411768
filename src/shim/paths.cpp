#include "shim/paths.h"

#include <cerrno>
#include <cstring>

#include "shim/board.h"
#include "shim/descriptors.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

/// The folder that a relative path starts at, as the kernel names it; false: it cannot be told, or
/// is longer than any of the tree's.
bool find_start(int dirfd, TreePath& start) {
    if (dirfd != AT_FDCWD) {
        start = link_of_fd(dirfd);
    } else {
        const long size = raw_syscall(SYS_getcwd, start.data(), start.capacity());
        start.resize(size > 1 ? static_cast<size_t>(size) - 1 : 0);
    }
    return start.view().starts_with('/');
}

}  // namespace

bool is_bad_pointer(const char* path) {
    const auto address = reinterpret_cast<uintptr_t>(path);
    return address < 4096 || address >= uintptr_t{1} << 47;
}

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
    const Board* mine = board();
    if (!mine || is_bad_pointer(path) || path[0] == '\0') return;
    const std::string_view given(path, strnlen(path, longest_path));
    Lexical lexical;
    bool starts_in_tree = false;
    if (path[0] != '/') {
        if (!find_start(dirfd, path_)) return;
        starts_in_tree = is_below(path_.view(), mine->root.view());
        lexical.add(path_.view().substr(starts_in_tree ? mine->root.size() : 0));
    }
    lexical.add(given);
    find(lexical, given, follow, starts_in_tree);
}

void Target::find(const Lexical& lexical, std::string_view path, Follow follow,
                  bool starts_in_tree) {
    if (const auto fd = parse_fd_path(lexical)) {
        if (find_descriptor(*fd)) return;
        if (path.starts_with('/')) return find_file_of(*fd, follow);
    }
    const bool of_interest = is_of_interest(lexical);
    if (!of_interest && !starts_in_tree) return;

    // `lexical` borrows the start of the path, which now moves.
    if (path_.view() == "/") path_.clear();
    const bool opaque = is_opaque(lexical);
    const bool climbs = lexical.climbs();
    root_size_ = board()->root.size();
    const bool fits =
        (starts_in_tree || path_.insert_front(board()->root.view())) && append_parts(path);
    if (!fits) {
        if (opaque) hide();
        return;
    }
    if (of_interest) {
        const long error = stat_file(path_.c_str(), status_);
        if (error >= 0) {
            place_ = Place::Tree;
            node_ = find_node(follow);
            return;
        }
        // Or a file of the tree was taken for a folder, or the folder is the board's alone.
        if (opaque || error != -ENOENT || (!climbs && is_in_own_folder())) {
            place_ = Place::Hidden;
            return;
        }
    }
    // The kernel would start at a folder of the tree, or look for one on the host. ".." goes by its
    // letter then.
    if (starts_in_tree) return use_letters();
    struct stat native;
    if (climbs && path.starts_with('/') &&
        raw_syscall(SYS_newfstatat, AT_FDCWD, path.data(), &native, 0) == -ENOENT)
        use_letters();
}

bool Target::find_descriptor(int fd) {
    node_ = shim::find_node(fd);
    if (!node_) return false;
    place_ = Place::Descriptor;
    descriptor_ = fd;
    return true;
}

/// What is opened anew by way of an O_PATH descriptor may be a node or a live file of the tree.
void Target::find_file_of(int fd, Follow follow) {
    if (follow == Follow::NoLink) return;
    path_ = link_of_fd(fd);
    if (!is_below(path_.view(), board()->root.view())) return;
    if (stat_file(path_.c_str(), status_) < 0) return;
    root_size_ = board()->root.size();
    place_ = Place::Tree;
    node_ = find_node(follow);
}

/// Appends the path, one slash between parts. ".." stays where the kernel has to resolve it, but
/// does not climb over the root.
bool Target::append_parts(std::string_view path) {
    size_t depth = 0;
    Parts start(virtual_path());
    while (!start.next().empty()) depth++;
    Parts parts(path);
    for (std::string_view part = parts.next(); !part.empty(); part = parts.next()) {
        if (part == "..") {
            if (depth == 0) continue;
            depth--;
        } else {
            depth++;
        }
        if (!path_.append("/") || !path_.append(part)) return false;
    }
    return !ends_as_folder(path) || path_.append("/");
}

/// The path would be in a folder of the tree that the host's entries do not belong to.
bool Target::is_in_own_folder() {
    const size_t slash = path_.view().rfind('/');
    if (slash <= root_size_ || is_union_folder(path_.view().substr(0, slash).substr(root_size_)))
        return false;
    path_.data()[slash] = '\0';
    const long error = stat_file(path_.c_str(), status_);
    path_.data()[slash] = '/';
    return error >= 0;
}

/// What is now the tree's path with ".." in it becomes the host's without.
void Target::use_letters() {
    const bool is_folder = path_.view().ends_with('/');
    size_t size = path_.size();
    if (!strip_root(path_.data(), size)) return;
    path_.resize(size);
    size_t end = 0;  // of what has been written; never beyond what is read
    Parts parts(path_.view());
    for (std::string_view part = parts.next(); !part.empty(); part = parts.next()) {
        if (part == "..") {
            const size_t slash = std::string_view(path_.data(), end).rfind('/');
            end = slash == std::string_view::npos ? 0 : slash;
            continue;
        }
        path_.data()[end++] = '/';
        std::memmove(path_.data() + end, part.data(), part.size());
        end += part.size();
    }
    path_.resize(end);
    if (end == 0 || is_folder) path_.append("/");
    root_size_ = 0;
    place_ = Place::Host;
}

/// A path that is too long for all that exists.
void Target::hide() {
    path_.clear();
    path_.append(board()->root.view());
    path_.append("/dev/dri/none");
    place_ = Place::Hidden;
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

bool Target::is_in_configfs() const {
    if (!is_ours()) return false;
    Lexical lexical;
    lexical.add(virtual_path());
    return lexical.is_below("/sys/kernel/config");
}

long Target::refuse_new_name(long refusal) const {
    if (place_ == Place::Tree) return -EEXIST;
    TreePath folder = path_;
    while (folder.view().ends_with('/')) folder.resize(folder.size() - 1);
    folder.resize(folder.view().rfind('/') + 1);  // with the slash: it has to be a folder
    struct stat status;
    const long error = stat_file(folder.c_str(), status);
    return error < 0 ? error : refusal;
}

bool Target::is_live() const {
    return place_ == Place::Tree && !node_ && S_ISREG(status_.st_mode) &&
           (status_.st_mode & S_ISVTX) != 0;
}

}  // namespace plugboard::shim
