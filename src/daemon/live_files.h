// Files of the tree that the daemon opens for the client: what is read is taken at that moment, what
// is written takes effect at once.
// Linux: fs/kernfs/file.c, fs/seq_file.c
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/hangup_watch.h"
#include "base/labelled_pair.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/special_file.h"

namespace plugboard::daemon {

/// How a live file is served. One with open() serves itself; else show() and store() do.
struct LiveFile {
    uint32_t mode = 0444;  // permission bits
    std::function<Result<std::string>()> show{};
    std::function<Result<void>(std::string_view)> store{};
    std::function<Result<UniqueFd>(int flags)> open{};
};

/// The files that are open for writing. Any thread.
class LiveFiles {
  public:
    LiveFiles() = default;
    /// No client's descriptor of a file is served any more.
    ~LiveFiles();

    /// The descriptor for the client: a read-only snapshot in memory, or a labelled one for writing.
    /// Access: the mode does not allow the flags; else what show() or open() said.
    Result<UniqueFd> open(const LiveFile& file, int flags);
    /// The file behind a label of kind Attribute.
    MaybeRef<drm::SpecialFile> find(uint64_t number) const;
    /// Handles every close that has happened.
    void settle() { hangups_.settle(); }
    /// Closes all: nothing is served any more.
    void close_all();

  private:
    struct Open {
        UniqueFd ours;
        Ref<drm::SpecialFile> file;
    };
    Result<UniqueFd> open_for_writing(const LiveFile& file, int flags);
    void closed(uint64_t number);

    mutable Mutex<LockClass<LiveFiles>> mutex_;
    uint64_t next_ GUARDED_BY(mutex_) = 1;
    std::map<uint64_t, Open> open_ GUARDED_BY(mutex_);
    HangupWatch hangups_;
};

}  // namespace plugboard::daemon
