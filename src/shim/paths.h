// Where a path leads: into the board's file tree, to one of its nodes or live files, or as it
// stands.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "shim/descriptors.h"
#include "shim/lexical.h"
#include "shim/text.h"
#include "transport/file_number.h"

namespace plugboard::shim {

inline constexpr size_t longest_path = 4096;  // of the kernel, PATH_MAX

enum class Place {
    Native,      // not ours: use what the caller gave
    Tree,        // use path() instead, with AT_FDCWD
    Host,        // the same, for a path by way of the tree that only the host has
    Hidden,      // it does not exist, as path() does not: the place is the board's alone
    Descriptor,  // /proc/self/fd/N of an open DRM file
};

enum class Follow { Link, NoLink };  // what a symbolic link at the end of the path stands for

/// Surely not readable; the kernel says EFAULT.
bool is_bad_pointer(const char* path);

/// Looks at a path once. Lives on the caller's stack, which may be a signal's of 8 KiB: the one
/// buffer is as long as the tree's own paths get. Changes nothing but itself.
class Target {
  public:
    /// `path` as in openat(2). `follow` matters for nodes only.
    Target(int dirfd, const char* path, Follow follow = Follow::Link);

    Place place() const { return place_; }
    /// path() is to be used, not what the caller gave.
    bool is_elsewhere() const {
        return place_ == Place::Tree || place_ == Place::Host || place_ == Place::Hidden;
    }
    /// The board says what is there.
    bool is_ours() const { return place_ == Place::Tree || place_ == Place::Hidden; }
    const char* path() const { return path_.c_str(); }
    /// What to hand to a real function, which the caller gave `path`.
    const char* path_or(const char* path) const { return is_elsewhere() ? path_.c_str() : path; }
    int dirfd_or(int dirfd) const { return is_elsewhere() ? AT_FDCWD : dirfd; }
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
    /// The daemon says which names can be made and removed there.
    bool is_in_configfs() const;
    /// What a system call says that makes the name where nothing can be made: `refusal`, or that
    /// it is there, or that its folder is not.
    long refuse_new_name(long refusal) const;

  private:
    void find(const Lexical& lexical, std::string_view path, Follow follow, bool starts_in_tree);
    bool find_descriptor(int fd);
    void find_file_of(int fd, Follow follow);
    bool append_parts(std::string_view path);
    bool is_in_own_folder();
    void use_letters();
    void hide();
    std::optional<transport::Node> find_node(Follow follow) const;

    Place place_ = Place::Native;
    size_t root_size_ = 0;
    int descriptor_ = -1;
    std::optional<transport::Node> node_;
    struct stat status_;  // set where place_ is Tree
    TreePath path_;
};

/// Cuts the tree's root off the start of a path that the kernel or libc gave; false: it is not
/// there. The shorter text is in place, NUL-terminated if the longer one was. `size` without a NUL.
bool strip_root(char* text, size_t& size);

}  // namespace plugboard::shim
