// The plain directory tree that stands for /sys, /dev and debugfs of a board.
// Linux: fs/kernfs, drivers/base/devtmpfs.c
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "daemon/kernfs/live_file.h"

namespace plugboard::daemon {

/// Paths are those the client sees, with a leading slash ("/sys/class/drm"). Files are replaced by
/// rename(), so that a reader never sees half of one. A live file has the sticky bit: the shim
/// opens it through open_live(). Any thread; no callback runs under its lock.
class Tree {
  public:
    /// Makes `board`/root and `board`/tmp. The board's folder exists and is ours.
    static Result<std::unique_ptr<Tree>> create(const std::string& board);

    /// `root` of the tree on the disk.
    const std::string& root() const { return root_; }

    /// Folders on the way are made. A file that is there is replaced, unless it is the same.
    /// Not for one path on two threads at once.
    Result<void> put_folder(std::string_view path);  // stays when it becomes empty
    Result<void> put_file(std::string_view path, std::string_view content, uint32_t mode = 0444);
    Result<void> put_link(std::string_view path, std::string_view target);
    /// A link as sysfs makes it: relative, by way of the nearest common folder of link and target's
    /// parent. Linux: fs/kernfs/symlink.c, kernfs_get_target_path
    Result<void> put_sysfs_link(std::string_view path, std::string_view target_path);
    /// `content` is what is seen when the folder is read without the shim.
    Result<void> put_live(std::string_view path, LiveFile file, std::string_view content = {});
    /// A file, or a folder with all below it. Folders above that this leaves empty go too, but for
    /// those that put_folder() made.
    void remove(std::string_view path);

    /// The path without symbolic links, which are followed inside the tree. NoEnt, NotDir: there is
    /// nothing.
    Result<std::string> resolve(std::string_view path) const;
    /// Opens a live file for a client; symbolic links in `path` are followed inside the tree.
    /// NoEnt: no such file; Access: its mode does not allow these flags; NoTty: it is not live.
    Result<UniqueFd> open_live(std::string_view path, int flags, const uapi::Credentials& caller,
                               device::Model& model);

  private:
    Tree(std::string root, std::string scratch)
        : root_(std::move(root)), scratch_(std::move(scratch)) {}
    std::string on_disk(std::string_view path) const { return root_ + std::string(path); }
    Result<void> rename_into_place(const std::string& from, std::string_view path);
    bool is_written(std::string_view path, const std::string& what) const;
    void note_written(std::string_view path, std::string what);
    std::string scratch_name();

    const std::string root_;
    const std::string scratch_;
    mutable Mutex<LockClass<Tree>> mutex_;
    uint64_t scratch_count_ GUARDED_BY(mutex_) = 0;
    std::set<std::string, std::less<>> kept_ GUARDED_BY(mutex_);            // of put_folder()
    std::map<std::string, LiveFile, std::less<>> live_ GUARDED_BY(mutex_);  // by path
    std::map<std::string, std::string, std::less<>> written_
        GUARDED_BY(mutex_);  // what is at a path
};

/// The target text of put_sysfs_link().
std::string sysfs_link_target(std::string_view link, std::string_view target);
/// Of a change to the tree, to the log. It is the disk's fault; the board goes on with an older
/// file.
void report_failure(const std::string& what, const Result<void>& done);

}  // namespace plugboard::daemon
