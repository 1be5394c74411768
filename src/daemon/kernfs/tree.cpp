#include "daemon/kernfs/tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/log.h"

namespace plugboard::daemon {
namespace {

constexpr uint32_t live_bit = S_ISVTX;

std::string parent_of(std::string_view path) {
    return std::string(path.substr(0, path.rfind('/')));
}

Result<void> make_folders(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return static_cast<Errno>(error.value());
    return {};
}

Result<void> write_whole(const std::string& path, std::string_view content, uint32_t mode) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_open()) return last_error();
    while (!content.empty()) {
        const ssize_t count = ::write(file.borrow(), content.data(), content.size());
        if (count < 0) return last_error();
        content.remove_prefix(static_cast<size_t>(count));
    }
    if (fchmod(file.borrow(), mode) != 0) return last_error();
    return {};
}

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const auto end = std::min(path.find('/'), path.size());
        parts.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return parts;
}

/// Takes the entries of `path` and of all below it out of a map by path.
template <class Map, class Take>
void take_below(Map& map, std::string_view path, Take take) {
    auto it = map.lower_bound(path);
    while (it != map.end() && it->first.starts_with(path)) {
        if (it->first.size() > path.size() && it->first[path.size()] != '/') {
            ++it;  // a neighbour with a longer name
            continue;
        }
        take(it->second);
        it = map.erase(it);
    }
}

}  // namespace

std::string sysfs_link_target(std::string_view link, std::string_view target) {
    auto from = components(link);
    const auto to = components(target);
    from.pop_back();
    size_t common = 0;
    while (common < from.size() && common + 1 < to.size() && from[common] == to[common]) ++common;
    std::string text;
    for (size_t i = common; i < from.size(); ++i) text += "../";
    for (size_t i = common; i < to.size(); ++i) {
        text += to[i];
        if (i + 1 < to.size()) text += '/';
    }
    return text;
}

Result<std::unique_ptr<Tree>> Tree::create(const std::string& board) {
    std::string root = board + "/root";
    std::string scratch = board + "/tmp";
    TRY(make_folders(root));
    TRY(make_folders(scratch));
    return std::unique_ptr<Tree>(new Tree(std::move(root), std::move(scratch)));
}

std::string Tree::scratch_name() {
    MutexLock lock(mutex_);
    return fmt::format("{}/{}", scratch_, scratch_count_++);
}

Result<void> Tree::rename_into_place(const std::string& from, std::string_view path) {
    const std::string to = on_disk(path);
    if (rename(from.c_str(), to.c_str()) == 0) return {};
    if (errno == ENOENT) {
        if (auto made = make_folders(parent_of(to)); !made.ok()) return made.error();
        if (rename(from.c_str(), to.c_str()) == 0) return {};
    }
    const Errno error = last_error();
    unlink(from.c_str());
    return error;
}

Result<void> Tree::put_folder(std::string_view path) {
    {
        MutexLock lock(mutex_);
        kept_.emplace(path);
    }
    return make_folders(on_disk(path));
}

bool Tree::is_written(std::string_view path, const std::string& what) const {
    MutexLock lock(mutex_);
    const auto it = written_.find(path);
    return it != written_.end() && it->second == what;
}

void Tree::note_written(std::string_view path, std::string what) {
    MutexLock lock(mutex_);
    written_.insert_or_assign(std::string(path), std::move(what));
}

Result<void> Tree::put_file(std::string_view path, std::string_view content, uint32_t mode) {
    std::string what = fmt::format("{:o} {}", mode, content);
    if (is_written(path, what)) return {};
    const std::string scratch = scratch_name();
    if (auto written = write_whole(scratch, content, mode); !written.ok()) {
        unlink(scratch.c_str());
        return written.error();
    }
    TRY(rename_into_place(scratch, path));
    note_written(path, std::move(what));
    return {};
}

Result<void> Tree::put_link(std::string_view path, std::string_view target) {
    std::string what = fmt::format("-> {}", target);
    if (is_written(path, what)) return {};
    const std::string scratch = scratch_name();
    if (symlink(std::string(target).c_str(), scratch.c_str()) != 0) return last_error();
    TRY(rename_into_place(scratch, path));
    note_written(path, std::move(what));
    return {};
}

Result<void> Tree::put_sysfs_link(std::string_view path, std::string_view target_path) {
    return put_link(path, sysfs_link_target(path, target_path));
}

Result<void> Tree::put_live(std::string_view path, LiveFile file, std::string_view content) {
    const uint32_t mode = file.mode | live_bit;
    {
        MutexLock lock(mutex_);
        std::swap(live_[std::string(path)], file);  // the old one is dropped without the lock
    }
    return put_file(path, content, mode);
}

void Tree::remove(std::string_view path) {
    std::vector<LiveFile> dropped;  // destroyed without the lock: they may hold last references
    {
        MutexLock lock(mutex_);
        take_below(live_, path, [&](LiveFile& file) { dropped.push_back(std::move(file)); });
        take_below(written_, path, [](std::string&) {});
        std::erase_if(kept_, [&](const std::string& folder) {
            return folder.starts_with(path) &&
                   (folder.size() == path.size() || folder[path.size()] == '/');
        });
    }
    std::error_code ignored;
    std::filesystem::remove_all(on_disk(path), ignored);
    for (std::string folder = parent_of(path); !folder.empty(); folder = parent_of(folder)) {
        MutexLock lock(mutex_);
        if (kept_.contains(folder) || rmdir(on_disk(folder).c_str()) != 0) return;
    }
}

Result<std::string> Tree::resolve(std::string_view path) const {
    if (path.find('\0') != path.npos) return Errno::NoEnt;
    const std::unique_ptr<char, decltype(&free)> resolved(realpath(on_disk(path).c_str(), nullptr),
                                                          &free);
    if (!resolved) return last_error();
    const std::string_view real = resolved.get();
    const std::unique_ptr<char, decltype(&free)> root(realpath(root_.c_str(), nullptr), &free);
    if (!root || !real.starts_with(std::string(root.get()) + "/")) return Errno::NoEnt;
    return std::string(real.substr(std::string_view(root.get()).size()));
}

Result<UniqueFd> Tree::open_live(std::string_view path, int flags, const uapi::Credentials& caller,
                                 device::Model& model) {
    const std::string name = TRY(resolve(path));
    LiveFile file;
    {
        MutexLock lock(mutex_);
        const auto it = live_.find(name);
        if (it == live_.end()) return Errno::NoTty;
        file = it->second;
    }
    return open_live_file(name, file, flags, caller, model);
}

void report_failure(const std::string& what, const Result<void>& done) {
    if (!done.ok()) log::error("tree: {}: {}", what, errno_name(done.error()));
}

}  // namespace plugboard::daemon
