// What a descriptor is: a DRM file or its like of this board, told by its label alone, so that dup,
// fork, exec and passing need no bookkeeping.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string_view>

#include "base/labelled_pair.h"
#include "shim/board.h"
#include "shim/text.h"
#include "transport/file_number.h"

namespace plugboard::shim {

inline constexpr unsigned drm_major = 226;

/// The label of a descriptor of this process's board.
std::optional<FdLabel> find_label(int fd);
/// The node of an open DRM file.
std::optional<transport::Node> find_node(int fd);

/// What the link of a buffer's descriptor begins with, and what a dma-buf's does.
inline constexpr std::string_view buffer_link = "/memfd:dmabuf:";
inline constexpr std::string_view dma_buf_link = "/dmabuf:";
/// Whether it calls itself a buffer; the daemon knows if it is one.
bool is_buffer(int fd);

/// "/dev/dri/card0"
Text<64> node_path(transport::Node node);
/// The reverse of node_path().
std::optional<transport::Node> parse_node_path(std::string_view path);

/// Longest path that the tree has anything at, its root included. A longer one is not ours.
inline constexpr size_t max_tree_path = max_root + 512;
using TreePath = Text<max_tree_path + 1>;

/// The text of /proc/self/fd/<fd>; empty when it cannot be read, or is longer than any of the
/// tree's.
TreePath link_of_fd(int fd);

/// The path of the tree's file that a link of /proc/self/fd is to a copy of; empty: of none.
std::string_view live_file_path(std::string_view link);

/// Makes the status of a node's file in the tree that of a character device. The same device and
/// inode number come from its path and from every descriptor of it.
void show_as_node(struct stat& info, transport::Node node);
void show_as_node(struct statx& info, transport::Node node);
/// After a successful fstat: puts right what a DRM file or a file of the tree would not show.
void correct_status(int fd, struct stat& info);
void correct_status(int fd, struct statx& info);

}  // namespace plugboard::shim
