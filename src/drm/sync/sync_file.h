// sync_file descriptors: a fence that a client can hold, poll and pass on.
// Linux: drivers/dma-buf/sync_file.c
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/hangup_watch.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "device/model.h"
#include "drm/special_file.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

class SyncFile;

/// All descriptors of one model that are no DRM nodes: sync files, sw_sync timelines, live files.
/// model.service<SpecialFiles>(). Any thread.
class SpecialFiles {
  public:
    explicit SpecialFiles(device::Model& model);
    ~SpecialFiles();

    /// A sync_file of the fence: readable once it is signalled. MFile, NoMem.
    Result<UniqueFd> export_fence(Ref<Fence> fence);
    /// The fence behind a client's descriptor. Inval: not a sync_file of this model.
    Result<Ref<Fence>> import_fence(const UniqueFd& fd);

    /// Adds a file of any kind; `make` gets the number and our end of the pair. Gives the client's end.
    Result<UniqueFd> add(FdKind kind, PairType type,
                         const std::function<Ref<SpecialFile>(uint64_t number, UniqueFd ours)>& make,
                         std::function<void(SpecialFile&)> on_close = {});
    MaybeRef<SpecialFile> find(FdKind kind, uint64_t number) const;
    /// The file behind a client's descriptor, by its cookie.
    MaybeRef<SpecialFile> find(const UniqueFd& fd) const;
    size_t size() const;
    HangupWatch& watch() { return watch_; }

  private:
    struct Entry;
    HangupWatch watch_;
    mutable Mutex<LockClass<SpecialFiles>> mutex_;
    std::map<uint64_t, Entry> entries_ GUARDED_BY(mutex_);  // by number
    uint64_t next_ GUARDED_BY(mutex_) = 1;
};

}  // namespace plugboard::drm
