#include "daemon/board_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

namespace plugboard::daemon {
namespace {

constexpr mode_t private_mode = 0700;
constexpr const char* lock_name = "lock";
/// What the lock file of a board says, and that of nothing else.
constexpr std::string_view mark = "plugboard board\n";

Problem cannot(const std::string& what, const std::string& path, int error) {
    // glibc's is safe. NOLINTNEXTLINE(concurrency-mt-unsafe)
    return {.message = fmt::format("{} {}: {}", path, what, strerror(error)),
            .remedy = "set XDG_RUNTIME_DIR to a directory of your own"};
}

/// The parent's folder, ours alone, locked for the scope of the descriptor.
Outcome<UniqueFd> lock_parent(const std::string& parent) {
    if (mkdir(parent.c_str(), private_mode) != 0 && errno != EEXIST)
        return cannot("cannot be made", parent, errno);
    UniqueFd folder(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.is_open()) return cannot("cannot be opened", parent, errno);
    struct stat info {};
    if (fstat(folder.borrow(), &info) != 0) return cannot("cannot be looked at", parent, errno);
    if (info.st_uid != geteuid() || (info.st_mode & 0077) != 0) {
        // Whoever made it: its rights are not for us to change.
        return Problem{.message = fmt::format("{} belongs to, or is open to, others", parent),
                       .remedy = "set XDG_RUNTIME_DIR to another directory, of your own"};
    }
    flock(folder.borrow(), LOCK_EX);
    return folder;
}

bool is_marked(int lock) {
    struct stat info {};
    if (fstat(lock, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid()) return false;
    std::array<char, mark.size() + 1> bytes{};
    const ssize_t count = pread(lock, bytes.data(), bytes.size(), 0);
    return count >= 0 && std::string_view(bytes.data(), static_cast<size_t>(count)) == mark;
}

/// The lock of the board in `folder`, taken; not open when that is no board, or one that lives.
UniqueFd lock_of_dead_board(int parent, const char* folder) {
    const UniqueFd board(openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!board.is_open()) return {};
    UniqueFd lock(
        openat(board.borrow(), lock_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!lock.is_open() || !is_marked(lock.borrow())) return {};
    if (flock(lock.borrow(), LOCK_EX | LOCK_NB) != 0) return {};
    return lock;
}

/// The lock goes last: what an end in the middle leaves is still known for a board. The parent and
/// the board's lock are held.
void remove_board(const std::filesystem::path& path) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
        if (entry.path().filename() != lock_name)
            std::filesystem::remove_all(entry.path(), ignored);
    }
    std::filesystem::remove(path / lock_name, ignored);
    std::filesystem::remove(path, ignored);
}

/// Removes the boards beside us whose daemon is dead, and touches nothing else: the folder may be
/// somebody's who has never heard of boards. The parent is locked.
void sweep(const std::string& parent, int parent_fd) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
        const UniqueFd lock = lock_of_dead_board(parent_fd, entry.path().filename().c_str());
        if (lock.is_open()) remove_board(entry.path());
    }
}

Problem already_there(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename();
    const UniqueFd lock(open((path + "/" + lock_name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (lock.is_open() && is_marked(lock.borrow())) {
        return {.message = fmt::format("there is a board \"{}\" already", name),
                .remedy = fmt::format("choose another name, or: plugboard down -b {}", name)};
    }
    return {.message = fmt::format("{} is there already, and is no board", path),
            .remedy = "choose another name, or move it away"};
}

}  // namespace

Outcome<BoardDirectory> BoardDirectory::create(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path();
    const auto parent_lock = lock_parent(parent);
    if (!parent_lock.ok()) return parent_lock.problem();
    sweep(parent, parent_lock.value().borrow());

    if (mkdir(path.c_str(), private_mode) != 0) {
        if (errno != EEXIST) return cannot("cannot be made", path, errno);
        return already_there(path);
    }
    UniqueFd lock(
        open((path + "/" + lock_name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!lock.is_open()) return cannot("cannot be locked", path, errno);
    flock(lock.borrow(), LOCK_EX);  // somebody may look at it right now
    BoardDirectory board(path, std::move(lock));
    if (write(board.lock_.borrow(), mark.data(), mark.size()) != ssize_t{mark.size()})
        return cannot("cannot be marked", path, errno);
    if (mkdir((path + "/runtime").c_str(), private_mode) != 0)
        return cannot("gets no folder for sockets", path, errno);
    return board;
}

BoardDirectory::~BoardDirectory() {
    if (!lock_.is_open()) return;
    const std::string parent = std::filesystem::path(path_).parent_path();
    const UniqueFd folder(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder.is_open()) flock(folder.borrow(), LOCK_EX);
    remove_board(path_);
}

}  // namespace plugboard::daemon
