// How many handles each buffer of a device has in all its files, and its global name.
// Linux: drivers/gpu/drm/drm_gem.c, dev->object_name_lock
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/id_table.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "drm/gem/object.h"

namespace plugboard::drm::gem {

/// One a device. A buffer has its name until its last handle is closed. Any thread.
class Names {
  public:
    void add_handle(const Object& object);
    /// After the handle has left its file.
    void remove_handle(Object& object);

    /// GEM_FLINK: the buffer's name, a new one at the first call. 0: it has no handle any more.
    uint32_t name(const Ref<Object>& object);
    /// GEM_OPEN: the buffer of that name, with one handle more counted.
    MaybeRef<Object> open(uint32_t name);
    /// 0: it has none.
    uint32_t find_name(const Object& object) const;

    struct Row {
        uint32_t name = 0;
        uint32_t handles = 0;
        Ref<Object> object;
    };
    /// The named ones by name.
    std::vector<Row> rows() const;
    void visit_refs(RefVisitor& visitor) const;

  private:
    struct Counts {
        uint32_t handles = 0;
        uint32_t name = 0;
    };
    mutable Mutex<LockClass<Names>> mutex_;
    std::map<uint64_t, Counts> counts_ GUARDED_BY(mutex_);  // by the object's id
    IdTable<Ref<Object>> names_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::drm::gem
