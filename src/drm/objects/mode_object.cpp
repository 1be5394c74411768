#include "drm/objects/mode_object.h"

#include <algorithm>

#include "drm/objects/property.h"

namespace plugboard::drm {
namespace {

/// Guards which table an object is in, for all devices: an object may outlive its device by the
/// moment in which somebody else lets it go.
Mutex<LockClass<ModeObject>>& membership() {
    static auto* mutex = new Mutex<LockClass<ModeObject>>;
    return *mutex;
}

}  // namespace

ModeObject::~ModeObject() {
    ObjectIds::remove(*this);
}

const AttachedProperty* ModeObject::find_property(ObjectId property) const {
    const auto found = std::ranges::find_if(properties_, [&](const AttachedProperty& attached) {
        return attached.property->id() == property;
    });
    return found == properties_.end() ? nullptr : &*found;
}

void ModeObject::attach(const Property& property, uint64_t value) {
    properties_.push_back({&property, value});
}

ObjectIds::~ObjectIds() {
    MutexLock outer(membership());
    MutexLock lock(mutex_);
    for (auto& [id, object] : objects_) object->ids_ = nullptr;
}

void ObjectIds::add(ModeObject& object) {
    MutexLock outer(membership());
    MutexLock lock(mutex_);
    const uint32_t id = objects_.reserve();
    object.id_ = ObjectId{id};
    object.ids_ = this;
    objects_.put(id, &object);
}

void ObjectIds::remove(ModeObject& object) {
    MutexLock outer(membership());
    ObjectIds* ids = object.ids_;
    if (!ids) return;
    object.ids_ = nullptr;
    MutexLock lock(ids->mutex_);
    ids->objects_.remove(raw(object.id_));
}

std::vector<uint32_t> ObjectIds::all() const {
    std::vector<uint32_t> ids;
    MutexLock lock(mutex_);
    for (const auto& [id, object] : objects_) ids.push_back(id);
    return ids;
}

}  // namespace plugboard::drm
