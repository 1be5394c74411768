#include "shim/descriptors.h"

#include <sys/sysmacros.h>
#include <sys/un.h>

#include "shim/board.h"
#include "shim/channels.h"
#include "shim/file_systems.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

constexpr std::string_view card_prefix = "/dev/dri/card";
constexpr std::string_view render_prefix = "/dev/dri/renderD";

/// The board's id; asks for it at the first need. Nothing when the daemon is gone.
std::optional<uint64_t> board_id(Board& mine) {
    if (mine.id.load() == 0) {
        const Channel channel(__builtin_frame_address(0));
    }
    const uint64_t id = mine.id.load();
    if (id == 0) return std::nullopt;
    return id;
}

constexpr ino_t node_inode(transport::Node node) {
    return (ino_t{1} << 32) + (ino_t{node.render} << 20) + node.minor;
}

constexpr uint32_t node_mode(uint32_t mode) {
    return (mode & 07777 & ~uint32_t{S_ISVTX}) | S_IFCHR;
}

/// Only a file of the tree's file system can be the tree's.
bool may_be_in_tree(const struct stat& info) {
    const Board* mine = board();
    return mine && mine->root_device != 0 && info.st_dev == mine->root_device;
}

/// A descriptor of a file or folder of the tree, or an O_PATH one of a node.
void correct_status_of_tree(int fd, struct stat& info) {
    const Board* mine = board();
    const auto link = link_of_fd(fd);
    if (!is_below(link.view(), mine->root.view())) return;
    const std::string_view path = link.view().substr(mine->root.size());
    info.st_dev = file_system_of(path).device;
    if (!S_ISREG(info.st_mode)) return;
    if (const auto node = parse_node_path(path)) {
        show_as_node(info, *node);
    } else {
        info.st_mode &= ~static_cast<mode_t>(S_ISVTX);  // of a live file, on the disk
    }
}

/// A copy of a live file of the tree shows the file itself, while that is there.
void correct_status_of_copy(int fd, struct stat& info) {
    const Board* mine = board();
    if (!mine) return;
    const auto link = link_of_fd(fd);
    const std::string_view name = live_file_path(link.view());
    TreePath path;
    struct stat tree;
    if (name.empty() || !path.append(mine->root.view()) || !path.append(name)) return;
    if (stat_file(path.c_str(), tree) < 0) return;
    info = tree;
    info.st_dev = file_system_of(name).device;
    info.st_mode &= ~static_cast<mode_t>(S_ISVTX);
}

/// Owner, mode and times of a node from its file in the tree; those of the folder when it is gone.
void take_status_of_tree(struct stat& info, transport::Node node) {
    const Board* mine = board();
    if (!mine) return;
    TreePath path;
    path.append(mine->root.view());
    path.append(node_path(node).view());
    struct stat tree;
    if (stat_file(path.c_str(), tree) >= 0) {
        info = tree;
    } else {
        info.st_mode = 0600;
        info.st_nlink = 1;
    }
    info.st_dev = file_system_of(node_path(node).view()).device;
}

}  // namespace

std::optional<FdLabel> find_label(int fd) {
    Board* mine = board();
    if (!mine || fd < 0) return std::nullopt;
    sockaddr_un name;
    socklen_t length = sizeof name;
    if (raw_syscall(SYS_getpeername, fd, &name, &length) < 0) return std::nullopt;
    const auto label = label_of(name, length);
    if (!label) return std::nullopt;
    // A board that is gone cannot be told from another: its files are taken for ours, and fail.
    const auto id = board_id(*mine);
    if (id && *id != label->board) return std::nullopt;
    return label;
}

std::optional<transport::Node> find_node(int fd) {
    const auto label = find_label(fd);
    if (!label || label->kind != FdKind::Card) return std::nullopt;
    return transport::node_of_file(label->number);
}

Text<64> node_path(transport::Node node) {
    Text<64> path;
    path.append(node.render ? render_prefix : card_prefix);
    path.append_number(node.minor);
    return path;
}

std::optional<transport::Node> parse_node_path(std::string_view path) {
    const bool render = path.starts_with(render_prefix);
    if (!render && !path.starts_with(card_prefix)) return std::nullopt;
    path.remove_prefix(render ? render_prefix.size() : card_prefix.size());
    const auto minor = parse_number(path);
    if (!minor || *minor >= 1u << 20) return std::nullopt;
    return transport::Node{render, *minor};
}

TreePath link_of_fd(int fd) {
    Text<64> link;
    link.append("/proc/self/fd/");
    link.append_number(static_cast<uint64_t>(fd));
    TreePath text;
    if (fd < 0) return text;
    const long size = read_link(link.c_str(), text.data(), text.capacity());
    const bool is_whole = size > 0 && static_cast<size_t>(size) < text.capacity();
    text.resize(is_whole ? static_cast<size_t>(size) : 0);
    return text;
}

std::string_view live_file_path(std::string_view link) {
    constexpr std::string_view start = "/memfd:", end = " (deleted)";
    if (!link.starts_with(start) || !link.ends_with(end)) return {};
    link.remove_prefix(start.size());
    if (!link.starts_with(live_file_name)) return {};
    link.remove_prefix(live_file_name.size());
    link.remove_suffix(end.size());
    return link;
}

bool is_buffer(int fd) {
    struct stat info;
    // Quick for what is no file without a name.
    if (fd < 0 || stat_fd(fd, info) < 0 || !S_ISREG(info.st_mode) || info.st_nlink != 0)
        return false;
    return link_of_fd(fd).view().starts_with(buffer_link);
}

void show_as_node(struct stat& info, transport::Node node) {
    info.st_mode = node_mode(info.st_mode);
    info.st_rdev = makedev(drm_major, node.minor);
    info.st_ino = node_inode(node);
    info.st_size = 0;
    info.st_blocks = 0;
}

void show_as_node(struct statx& info, transport::Node node) {
    info.stx_mode = static_cast<uint16_t>(node_mode(info.stx_mode));
    info.stx_rdev_major = drm_major;
    info.stx_rdev_minor = node.minor;
    info.stx_ino = node_inode(node);
    info.stx_size = 0;
    info.stx_blocks = 0;
}

void correct_status(int fd, struct stat& info) {
    if (S_ISSOCK(info.st_mode)) {
        const auto node = find_node(fd);
        if (!node) return;
        take_status_of_tree(info, *node);
        show_as_node(info, *node);
    } else if ((S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) && may_be_in_tree(info)) {
        correct_status_of_tree(fd, info);
    } else if (S_ISREG(info.st_mode) && info.st_nlink == 0) {
        correct_status_of_copy(fd, info);
    }
}

void correct_status(int fd, struct statx& info) {
    struct stat plain;
    if (stat_fd(fd, plain) < 0) return;
    const dev_t native = plain.st_dev;
    correct_status(fd, plain);
    if (plain.st_dev == native) return;
    info.stx_dev_major = major(plain.st_dev);
    info.stx_dev_minor = minor(plain.st_dev);
    info.stx_mode = static_cast<uint16_t>(plain.st_mode);
    info.stx_ino = plain.st_ino;
    info.stx_size = static_cast<uint64_t>(plain.st_size);
    info.stx_nlink = static_cast<uint32_t>(plain.st_nlink);
    if (!S_ISCHR(plain.st_mode)) return;
    info.stx_uid = plain.st_uid;
    info.stx_gid = plain.st_gid;
    show_as_node(info, {plain.st_ino >> 20 & 1 ? true : false, minor(plain.st_rdev)});
}

}  // namespace plugboard::shim
