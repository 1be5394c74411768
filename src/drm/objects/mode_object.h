// What has an id in the device's one number space: planes, CRTCs, connectors, properties, blobs.
// Linux: drivers/gpu/drm/drm_mode_object.c
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/id_table.h"
#include "base/mutex.h"
#include "uapi/drm_extra.h"

namespace plugboard::drm {

/// An object's id as clients write it; 0 is none.
enum class ObjectId : uint32_t { None = 0 };

constexpr uint32_t raw(ObjectId id) {
    return static_cast<uint32_t>(id);
}

/// Values are the uAPI's.
enum class ObjectType : uint32_t {
    Any = DRM_MODE_OBJECT_ANY,
    Crtc = DRM_MODE_OBJECT_CRTC,
    Connector = DRM_MODE_OBJECT_CONNECTOR,
    Encoder = DRM_MODE_OBJECT_ENCODER,
    Property = DRM_MODE_OBJECT_PROPERTY,
    Framebuffer = DRM_MODE_OBJECT_FB,
    Blob = DRM_MODE_OBJECT_BLOB,
    Plane = DRM_MODE_OBJECT_PLANE,
    Colorop = DRM_MODE_OBJECT_COLOROP,
};

class ObjectIds;
class Property;

/// A property of one object with the value it has where no atomic state holds it.
struct AttachedProperty {
    const Property* property = nullptr;
    uint64_t value = 0;
};

/// Base of all that has an id. Owned by its class's rule: drmm, or counted (connectors, fbs,
/// blobs).
class ModeObject {
  public:
    explicit ModeObject(ObjectType type) : type_(type) {}
    ModeObject(const ModeObject&) = delete;
    ModeObject& operator=(const ModeObject&) = delete;

    ObjectId id() const { return id_; }
    ObjectType type() const { return type_; }

    /// In the order in which clients list them. Set up before publish(), constant afterwards.
    const std::vector<AttachedProperty>& properties() const { return properties_; }
    const AttachedProperty* find_property(ObjectId property) const;
    void attach(const Property& property, uint64_t value);

  protected:
    ~ModeObject();  // leaves the table that it is in

  private:
    friend class ObjectIds;
    ObjectId id_ = ObjectId::None;
    ObjectIds* ids_ = nullptr;  // null: in no table (any more); guarded by the membership lock
    ObjectType type_;
    std::vector<AttachedProperty> properties_;
};

/// The device's id space. Any thread. Objects that outlive it lose their place in it.
class ObjectIds {
  public:
    ObjectIds() = default;
    ~ObjectIds();

    /// Gives the object an id: the lowest free one.
    void add(ModeObject& object);
    /// The destructor of the object does it too.
    static void remove(ModeObject& object);
    /// All ids in use, ascending.
    std::vector<uint32_t> all() const;

    /// Calls `use` with the object (null: unknown or of another type) while it cannot go away;
    /// gives back what `use` gives. Counted objects are shared with Ref::try_share there.
    template <class Use>
    auto with(ObjectId id, ObjectType type, Use use) const {
        MutexLock lock(mutex_);
        ModeObject* const* slot = objects_.find(raw(id));
        ModeObject* object = slot ? *slot : nullptr;
        if (object && type != ObjectType::Any && object->type() != type) object = nullptr;
        return use(object);
    }

  private:
    mutable Mutex<LockClass<ObjectIds>> mutex_;
    IdTable<ModeObject*> objects_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::drm
