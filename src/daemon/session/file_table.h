// The open files of DRM nodes, by the number in their label, until the last copy of their
// descriptor is closed and the last request on them has left. Linux: fs/file_table.c (struct file's
// count)
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hangup_watch.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/wait.h"
#include "daemon/session/session_server.h"
#include "daemon/session/trace.h"
#include "drm/device.h"
#include "drm/file.h"
#include "transport/channel.h"

namespace plugboard::daemon {

/// Calls drm::File::release() once for each file. Any thread; calls drm with no lock held. Opens
/// and closes are in the trace.
class FileTable {
    struct Entry;

  public:
    /// A request on a file: for its scope the file is not released. One thread.
    class Use {
      public:
        Use(Use&& other) noexcept;
        Use& operator=(Use&&) = delete;
        ~Use();
        drm::File& file() const;
        /// SO_COOKIE of the client's descriptor.
        uint64_t cookie() const;
        /// "card0", "renderD128".
        std::string node() const;
        /// The request was an ioctl, and is done. Once.
        void note_ioctl(Nanos took) { ioctl_time_ = took; }

      private:
        friend class FileTable;
        Use(FileTable& table, Entry& entry, const transport::Channel* caller)
            : table_(table), entry_(&entry), caller_(caller) {}
        FileTable& table_;
        Entry* entry_;
        const transport::Channel* caller_;
        std::optional<Nanos> ioctl_time_;
    };

    struct Opened {
        uint64_t number = 0;
        UniqueFd theirs;  // for the client
        Ref<drm::File> file;
    };

    FileTable(HangupWatch& hangups, Trace& trace) : hangups_(hangups), trace_(trace) {}
    ~FileTable();
    FileTable(const FileTable&) = delete;
    FileTable& operator=(const FileTable&) = delete;

    /// `user`: the process it is for, if that is not the opener. Errors of drm::File::open; MFile,
    /// NFile, NoMem.
    Result<Opened> open(drm::Device& device, drm::OpenInfo info,
                        std::optional<int> user = std::nullopt);
    /// Nothing when there is no such file, or its last close has been seen. `caller` outlives it;
    /// null: the daemon itself.
    std::optional<Use> use(uint64_t number, const transport::Channel* caller);
    /// Waits until every close that has happened is handled, also of files that requests of dead
    /// clients keep: a process has left its last request before its end is told. Without a Use,
    /// not from a callback of the watch.
    void settle();

    /// Woken when a file has been opened or released.
    WaitQueue& changes() { return changes_; }
    Trace& trace() { return trace_; }
    size_t size() const;
    std::vector<OpenFileInfo> files() const;
    /// Releases every file that no request uses, and waits for releases under way on other threads.
    /// Without a Use, not from a callback of the watch.
    void close_all();

  private:
    struct Entry {
        uint64_t number = 0;
        Ref<drm::File> file;
        int socket = -1;  // our end; the file's event sink owns it
        uint64_t cookie = 0;
        int user = 0;  // pid
        std::chrono::system_clock::time_point since{};
        // Under mutex_.
        std::vector<const transport::Channel*> callers{};  // of requests
        bool closed = false;
        uint64_t ioctls = 0;  // done
        Nanos ioctl_time{};
    };
    using Entries = std::map<uint64_t, Entry>;

    void handle_close(uint64_t number);
    void leave(Entry& entry, const transport::Channel* caller, std::optional<Nanos> ioctl_time);
    /// The entry if it is closed and unused, taken out of the table.
    Entries::node_type take_finished_locked(uint64_t number) REQUIRES(mutex_);
    void release(Entries::node_type finished);
    bool is_settled_locked() const REQUIRES(mutex_);

    HangupWatch& hangups_;
    Trace& trace_;
    WaitQueue changes_;
    mutable Mutex<LockClass<FileTable>> mutex_;
    CondVar left_;  // a request has left, or a file was released
    Entries entries_ GUARDED_BY(mutex_);
    int releasing_ GUARDED_BY(mutex_) = 0;  // taken out of the table, not released yet
    uint64_t next_serial_ GUARDED_BY(mutex_) = 1;
};

}  // namespace plugboard::daemon
