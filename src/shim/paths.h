// Where a path leads: into the board's file tree, to one of its nodes or live files, or as it
// stands.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "shim/text.h"
#include "transport/file_number.h"

namespace plugboard::shim {

enum class Place {
    Native,      // not ours: use what the caller gave
    Tree,        // use path() instead, with AT_FDCWD
    Host,        // the same, for a path relative to a folder of the tree that only the host has
    Hidden,      // it does not exist, as path() does not: the folder is the board's alone
    Descriptor,  // /proc/self/fd/N of an open DRM file
};

enum class Follow { Link, NoLink };  // what a symbolic link at the end of the path stands for

/// Looks at a path once. Lives on the caller's stack; changes nothing but itself.
class Target {
  public:
    /// `path` as in openat(2). `follow` matters for nodes only.
    Target(int dirfd, const char* path, Follow follow = Follow::Link);

    Place place() const { return place_; }
    /// path() is to be used, not what the caller gave.
    bool is_elsewhere() const {
        return place_ == Place::Tree || place_ == Place::Host || place_ == Place::Hidden;
    }
    const char* path() const { return path_.c_str(); }
    /// In the tree: the path as the client sees it ("/sys/class/drm").
    std::string_view virtual_path() const { return path_.view().substr(root_size_); }
    /// In the tree: the status of what the path leads to.
    const struct stat& status() const { return status_; }
    /// The DRM node that this is, in the tree or as a descriptor.
    std::optional<transport::Node> node() const { return node_; }
    /// The N where place() is Descriptor.
    int descriptor() const { return descriptor_; }
    /// A regular file that only the daemon can open.
    bool is_live() const;

  private:
    void find_descriptor(std::string_view path);
    void find_in_tree(std::string_view whole, Follow follow);
    void use_host(std::string_view path);
    std::optional<transport::Node> find_node(Follow follow) const;

    Place place_ = Place::Native;
    size_t root_size_ = 0;
    int descriptor_ = -1;
    std::optional<transport::Node> node_;
    struct stat status_;  // set where place_ is Tree
    Text<4096 + 256> path_;
};

/// Cuts the tree's root off the start of a path that the kernel or libc gave; false: it is not
/// there. The shorter text is in place, NUL-terminated if the longer one was. `size` without a NUL.
bool strip_root(char* text, size_t& size);

}  // namespace plugboard::shim
