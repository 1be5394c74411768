// sync_file descriptors: a fence that a client can hold, poll and pass on.
// Linux: drivers/dma-buf/sync_file.c
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/hangup_watch.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "device/model.h"
#include "drm/quota.h"
#include "drm/special_file.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

/// All descriptors of one model that are no DRM nodes: sync files, sw_sync timelines, live files.
/// model.service<SpecialFiles>(). Any thread.
class SpecialFiles {
  public:
    explicit SpecialFiles(device::Model& model);
    ~SpecialFiles();

    /// A sync_file of the fence: readable once it is signalled. `name`: what FILE_INFO calls it
    /// instead of sync_file_name(), cut to 31 characters. MFile, NoMem.
    Result<UniqueFd> export_fence(Ref<Fence> fence, Charge charge = {}, std::string name = {});
    /// The fence behind a client's descriptor. Inval: not a sync_file of this model.
    Result<Ref<Fence>> import_fence(const UniqueFd& fd);

    /// Adds a file of any kind; `make` gets the number and our end of the pair, which the file
    /// keeps open. Gives the client's end. `on_close` runs when its last copy is closed, or at our
    /// end.
    Result<UniqueFd> add(
        FdKind kind, PairType type,
        const std::function<Ref<SpecialFile>(uint64_t number, UniqueFd ours)>& make,
        std::function<void(SpecialFile&)> on_close = {}, Charge charge = {});
    MaybeRef<SpecialFile> find(FdKind kind, uint64_t number) const;
    /// The file behind a client's descriptor, by its cookie.
    MaybeRef<SpecialFile> find(const UniqueFd& fd) const;
    /// The open ones of a kind, oldest first.
    std::vector<Ref<SpecialFile>> all(FdKind kind) const;
    size_t size() const;
    HangupWatch& watch() { return watch_; }
    Clock& clock() const { return clock_; }

  private:
    struct Entry;
    void close(uint64_t number);

    Clock& clock_;
    HangupWatch watch_;
    mutable Mutex<LockClass<SpecialFiles>> mutex_;
    std::map<uint64_t, Entry> entries_ GUARDED_BY(mutex_);       // by number
    std::map<uint64_t, uint64_t> by_cookie_ GUARDED_BY(mutex_);  // number by cookie
    uint64_t next_ GUARDED_BY(mutex_) = 1;
};

/// What FILE_INFO calls a fence that was given no name: "vkms-CRTC:35-crtc-01-7". Linux:
/// sync_file_get_name
std::string sync_file_name(const Fence& fence);

}  // namespace plugboard::drm
