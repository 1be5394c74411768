#include "drm/gem/object.h"

#include <atomic>
#include <map>
#include <utility>

namespace plugboard::drm::gem {
namespace {

// Linux: DRM_FILE_PAGE_OFFSET_START, so that no offset is mistaken for one of 32 bits
constexpr uint64_t first_offset = uint64_t{1} << 32;

uint64_t next_object_id() {
    static std::atomic<uint64_t> next{1};
    return next++;
}

uint64_t next_offset(uint64_t size) {
    static std::atomic<uint64_t> next{first_offset};
    return next.fetch_add(size);
}

/// Every live object that can be mapped by its offset. Outlives all objects.
struct OffsetTable {
    Mutex<LockClass<OffsetTable>> mutex;
    std::map<uint64_t, Object*> objects GUARDED_BY(mutex);

    static OffsetTable& instance() {
        static OffsetTable* table = new OffsetTable;
        return *table;
    }
    void add(Object& object) {
        MutexLock lock(mutex);
        objects.emplace(object.map_offset(), &object);
    }
};

}  // namespace

Result<Ref<Object>> Object::create(uint64_t size, uint64_t device, Charges charges) {
    return import(TRY(DmaBuf::create(size, device)), device, std::move(charges));
}

Ref<Object> Object::import(Ref<DmaBuf> memory, uint64_t device, Charges charges) {
    Ref<Object> object = make_ref<Object>(std::move(memory), device, std::move(charges));
    if (object->is_imported()) return object;
    OffsetTable::instance().add(*object);
    return object->memory().settle_own(object);
}

Object::Object(Ref<DmaBuf> memory, uint64_t device, Charges charges)
    : id_(next_object_id()),
      memory_(std::move(memory)),
      device_(device),
      map_offset_(is_imported() ? 0 : next_offset(memory_->size())),
      charges_(std::move(charges)) {}

Object::~Object() {
    if (is_imported()) return;
    memory_->forget_own(*this);
    OffsetTable& table = OffsetTable::instance();
    MutexLock lock(table.mutex);
    table.objects.erase(map_offset_);
}

MaybeRef<Object> Object::find(uint64_t map_offset) {
    OffsetTable& table = OffsetTable::instance();
    MutexLock lock(table.mutex);
    const auto found = table.objects.find(map_offset);
    if (found == table.objects.end()) return std::nullopt;
    return Ref<Object>::try_share(*found->second);
}

bool Object::fix_export_access(bool writable) {
    MutexLock lock(mutex_);
    if (!exports_writable_) exports_writable_ = writable;
    return *exports_writable_;
}

void Object::forget_export() {
    MutexLock lock(mutex_);
    exports_writable_.reset();
}

std::string Object::label() const {
    return "buffer " + std::to_string(id_) + " (" + std::to_string(size()) + " bytes)";
}

}  // namespace plugboard::drm::gem
