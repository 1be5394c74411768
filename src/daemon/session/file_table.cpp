#include "daemon/session/file_table.h"

#include <fcntl.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include "base/labelled_pair.h"
#include "daemon/session/socket_event_sink.h"
#include "transport/file_number.h"

namespace plugboard::daemon {
namespace {

transport::Node node_of(const drm::Device& device, drm::NodeType type) {
    if (type == drm::NodeType::Primary) return {false, device.primary_minor()};
    return {true, device.render_minor().value_or(0)};
}

std::string node_name(transport::Node node) {
    return fmt::format("{}{}", node.render ? "renderD" : "card", node.minor);
}

}  // namespace

FileTable::Use::Use(Use&& other) noexcept
    : table_(other.table_),
      entry_(std::exchange(other.entry_, nullptr)),
      caller_(other.caller_),
      ioctl_time_(other.ioctl_time_) {}

FileTable::Use::~Use() {
    if (entry_) table_.leave(*entry_, caller_, ioctl_time_);
}

drm::File& FileTable::Use::file() const {
    return *entry_->file;
}

uint64_t FileTable::Use::cookie() const {
    return entry_->cookie;
}

std::string FileTable::Use::node() const {
    return node_name(transport::node_of_file(entry_->number));
}

FileTable::~FileTable() {
    close_all();
    assert(size() == 0);
}

Result<FileTable::Opened> FileTable::open(drm::Device& device, drm::OpenInfo info,
                                          std::optional<int> user) {
    const int user_pid = user.value_or(info.opener.pid);
    uint64_t number = 0;
    {
        MutexLock lock(mutex_);
        number = transport::make_file_number(next_serial_++, node_of(device, info.node));
    }
    auto pair = TRY(make_labelled_pair({FdKind::Card, own_board_id(), number}, PairType::Stream));
    TRY(HangupWatch::mark_other_end(pair.theirs.borrow()));
    if (info.flags & O_NONBLOCK) {
        if (fcntl(pair.theirs.borrow(), F_SETFL, O_NONBLOCK) < 0) return last_error();
    }
    const int socket = pair.ours.borrow();
    auto sink = TRY(SocketEventSink::create(std::move(pair.ours), pair.theirs.borrow()));
    auto file = TRY(drm::File::open(device, std::move(info), std::move(sink)));

    Opened opened{number, std::move(pair.theirs), file};
    {
        MutexLock lock(mutex_);
        entries_.emplace(number, Entry{.number = number,
                                       .file = std::move(file),
                                       .socket = socket,
                                       .cookie = pair.cookie,
                                       .user = user_pid,
                                       .since = std::chrono::system_clock::now()});
    }
    const auto added = hangups_.add(socket, [this, number] { handle_close(number); });
    if (!added.ok()) {
        handle_close(number);
        return added.error();
    }
    changes_.wake_all();
    return opened;
}

std::optional<FileTable::Use> FileTable::use(uint64_t number, const transport::Channel* caller) {
    MutexLock lock(mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end() || found->second.closed) return std::nullopt;
    found->second.callers.push_back(caller);
    return Use(*this, found->second, caller);
}

void FileTable::leave(Entry& entry, const transport::Channel* caller,
                      std::optional<Nanos> ioctl_time) {
    Entries::node_type finished;
    {
        MutexLock lock(mutex_);
        entry.callers.erase(std::ranges::find(entry.callers, caller));
        if (ioctl_time) {
            ++entry.ioctls;
            entry.ioctl_time += *ioctl_time;
        }
        left_.notify_all();
        finished = take_finished_locked(entry.number);
    }
    release(std::move(finished));
}

void FileTable::handle_close(uint64_t number) {
    Entries::node_type finished;
    {
        MutexLock lock(mutex_);
        const auto found = entries_.find(number);
        if (found == entries_.end()) return;
        found->second.closed = true;
        finished = take_finished_locked(number);
    }
    release(std::move(finished));
}

FileTable::Entries::node_type FileTable::take_finished_locked(uint64_t number) {
    const auto found = entries_.find(number);
    if (found == entries_.end()) return {};
    if (!found->second.closed || !found->second.callers.empty()) return {};
    releasing_++;
    return entries_.extract(found);
}

void FileTable::release(Entries::node_type finished) {
    if (finished.empty()) return;
    TracedCall call{.pid = finished.mapped().user,
                    .command = finished.mapped().file->info().command,
                    .node = node_name(transport::node_of_file(finished.mapped().number)),
                    .name = "close",
                    .start = trace_.now()};
    finished.mapped().file->release();
    call.took = trace_.now() - call.start;
    finished = {};  // who waits for this counts what is left
    trace_.write(call);
    changes_.wake_all();
    // From here on the table may end.
    MutexLock lock(mutex_);
    releasing_--;
    left_.notify_all();
}

bool FileTable::is_settled_locked() const {
    const auto is_dead = [](const transport::Channel* caller) {
        return caller && caller->is_hung_up();
    };
    return releasing_ == 0 && std::ranges::none_of(entries_, [&](const auto& entry) {
               return entry.second.closed && std::ranges::any_of(entry.second.callers, is_dead);
           });
}

void FileTable::settle() {
    hangups_.settle();
    MutexLock lock(mutex_);
    while (!is_settled_locked()) left_.wait(lock);
}

size_t FileTable::size() const {
    MutexLock lock(mutex_);
    return entries_.size();
}

std::vector<OpenFileInfo> FileTable::files() const {
    struct Row {
        Ref<drm::File> file;
        uint64_t number;
        int user;
        std::chrono::system_clock::time_point since;
        uint64_t ioctls;
        Nanos ioctl_time;
    };
    std::vector<Row> rows;
    {
        MutexLock lock(mutex_);
        for (const auto& [number, entry] : entries_)
            rows.push_back(
                {entry.file, number, entry.user, entry.since, entry.ioctls, entry.ioctl_time});
    }
    std::vector<OpenFileInfo> infos;
    infos.reserve(rows.size());
    for (const Row& row : rows) {
        infos.push_back({.number = row.number,
                         .pid = row.user,
                         .command = row.file->info().command,
                         .device = row.file->device().label(),
                         .node = node_name(transport::node_of_file(row.number)),
                         .since = row.since,
                         .ioctls = row.ioctls,
                         .ioctl_time = row.ioctl_time});
    }
    return infos;
}

void FileTable::close_all() {
    std::vector<std::pair<uint64_t, int>> open;
    {
        MutexLock lock(mutex_);
        for (const auto& [number, entry] : entries_) open.emplace_back(number, entry.socket);
    }
    for (const auto& [number, socket] : open) {
        hangups_.remove(socket);
        handle_close(number);
    }
    settle();  // others may still be releasing what they had taken out before
}

}  // namespace plugboard::daemon
