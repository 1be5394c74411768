#include "daemon/board_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace plugboard::daemon {
namespace {

constexpr mode_t kPrivate = 0700;

Problem cannot(const std::string& what, const std::string& path, int error) {
    return {.message = fmt::format("{} {}: {}", path, what, strerror(error)),
            .remedy = "set XDG_RUNTIME_DIR to a directory of your own"};
}

/// The parent's folder, ours alone, locked for the scope of the descriptor.
Outcome<UniqueFd> lock_parent(const std::string& parent) {
    if (mkdir(parent.c_str(), kPrivate) != 0 && errno != EEXIST)
        return cannot("cannot be made", parent, errno);
    UniqueFd folder(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.is_open()) return cannot("cannot be opened", parent, errno);
    struct stat info {};
    if (fstat(folder.borrow(), &info) != 0) return cannot("cannot be looked at", parent, errno);
    if (info.st_uid != geteuid() || (info.st_mode & 0077) != 0) {
        return Problem{.message = fmt::format("{} belongs to, or is open to, others", parent),
                       .remedy = fmt::format("remove it, or: chmod 700 {}", parent)};
    }
    flock(folder.borrow(), LOCK_EX);
    return folder;
}

/// Removes the directories beside us that no daemon has locked. The parent is locked.
void sweep(const std::string& parent) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
        if (!entry.is_directory(ignored)) continue;
        const UniqueFd lock(open((entry.path() / "lock").c_str(), O_RDONLY | O_CLOEXEC));
        if (lock.is_open() && flock(lock.borrow(), LOCK_EX | LOCK_NB) != 0) continue;
        std::filesystem::remove_all(entry.path(), ignored);
    }
}

}  // namespace

Outcome<BoardDirectory> BoardDirectory::create(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path();
    const auto parent_lock = lock_parent(parent);
    if (!parent_lock.ok()) return parent_lock.problem();
    sweep(parent);

    if (mkdir(path.c_str(), kPrivate) != 0) {
        if (errno != EEXIST) return cannot("cannot be made", path, errno);
        const std::string name = std::filesystem::path(path).filename();
        return Problem{
            .message = fmt::format("there is a board \"{}\" already", name),
            .remedy = fmt::format("choose another name, or: plugboard down -b {}", name)};
    }
    UniqueFd lock(open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.is_open()) return cannot("cannot be locked", path, errno);
    flock(lock.borrow(), LOCK_EX);  // somebody may look at it right now
    return BoardDirectory(path, std::move(lock));
}

BoardDirectory::~BoardDirectory() {
    if (!lock_.is_open()) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace plugboard::daemon
