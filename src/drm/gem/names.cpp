#include "drm/gem/names.h"

#include <utility>

namespace plugboard::drm::gem {

void Names::add_handle(const Object& object) {
    MutexLock lock(mutex_);
    counts_[object.id()].handles++;
}

void Names::remove_handle(Object& object) {
    std::optional<Ref<Object>> named;  // declared first, so dropped after the lock
    MutexLock lock(mutex_);
    const auto found = counts_.find(object.id());
    if (--found->second.handles > 0) return;
    if (found->second.name != 0) named = names_.remove(found->second.name);
    counts_.erase(found);
    if (!object.is_imported()) object.forget_export();
}

uint32_t Names::name(const Ref<Object>& object) {
    MutexLock lock(mutex_);
    const auto found = counts_.find(object->id());
    if (found == counts_.end()) return 0;
    if (found->second.name == 0) found->second.name = names_.add(object);
    return found->second.name;
}

MaybeRef<Object> Names::open(uint32_t name) {
    MutexLock lock(mutex_);
    const Ref<Object>* object = names_.find(name);
    if (!object) return std::nullopt;
    counts_[(*object)->id()].handles++;
    return *object;
}

uint32_t Names::find_name(const Object& object) const {
    MutexLock lock(mutex_);
    const auto found = counts_.find(object.id());
    return found == counts_.end() ? 0 : found->second.name;
}

std::vector<Names::Row> Names::rows() const {
    std::vector<Row> rows;
    MutexLock lock(mutex_);
    for (const auto& [name, object] : names_)
        rows.push_back({name, counts_.at(object->id()).handles, object});
    return rows;
}

void Names::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    for (const auto& [name, object] : names_) visitor.edge(object, "drm_device.object_name_idr");
}

}  // namespace plugboard::drm::gem
