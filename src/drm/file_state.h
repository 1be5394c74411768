// What an open file keeps that only src/drm looks at.
// Linux: struct drm_file
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/id_table.h"
#include "base/mutex.h"
#include "drm/file.h"
#include "drm/gem/object.h"
#include "drm/gem/prime.h"
#include "drm/master.h"
#include "drm/objects/blob.h"
#include "drm/objects/framebuffer.h"
#include "drm/sync/syncobj.h"

namespace plugboard::drm {

struct File::State {
    Charge charge;  // the opener's
    mutable Mutex<LockClass<File>> mutex;
    ClientCaps caps GUARDED_BY(mutex);
    std::string client_name GUARDED_BY(mutex);
    size_t reserved_event_bytes GUARDED_BY(mutex) = 0;
    bool is_released GUARDED_BY(mutex) = false;

    IdTable<Ref<gem::Object>> handles GUARDED_BY(mutex);
    std::map<uint64_t, uint32_t> mappable GUARDED_BY(mutex);  // object id -> number of handles
    gem::PrimeTable prime GUARDED_BY(mutex);
    std::list<Ref<Framebuffer>> framebuffers GUARDED_BY(mutex);  // newest first
    std::list<Ref<Blob>> blobs GUARDED_BY(mutex);                // newest first
    IdTable<Ref<Syncobj>> syncobjs GUARDED_BY(mutex);
    std::unique_ptr<FileData> driver_data GUARDED_BY(mutex);

    /// Who uses the file; follows the last caller until the file has been master.
    std::atomic<int> pid{0};
    std::atomic<uint32_t> uid{0};
    /// Never taken back once given.
    std::atomic<bool> is_authenticated{false};

    /// Set, if at all, before anybody knows the file.
    std::atomic<bool> is_lessee{false};

    // Guarded by the device's master_mutex.
    MaybeRef<Master> master;  // none: a render node
    bool is_master = false;   // made its master object; also while that is not the device's
    bool was_master = false;
    uint32_t magic = 0;
};

}  // namespace plugboard::drm
