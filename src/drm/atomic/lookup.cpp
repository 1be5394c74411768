#include "drm/atomic/lookup.h"

#include <utility>

#include "drm/atomic/check.h"
#include "drm/lease.h"
#include "drm/objects/lookup.h"

namespace plugboard::drm::atomic {
namespace {

Errno refuse_unknown(Request& request, const char* field, uint32_t id, const char* what) {
    return request.refuse(log::Category::Kms, Errno::NoEnt, "{} {}: no such {}", field, id, what);
}

}  // namespace

Result<Crtc*> find_crtc(Request& request, const File& file, const char* field, uint32_t id) {
    if (Crtc* crtc = drm::find_crtc(file, ObjectId{id})) return crtc;
    return refuse_unknown(request, field, id, "CRTC");
}

Result<Plane*> find_plane(Request& request, const File& file, const char* field, uint32_t id) {
    if (Plane* plane = drm::find_plane(file, ObjectId{id})) return plane;
    return refuse_unknown(request, field, id, "plane");
}

Result<Ref<Framebuffer>> find_fb(Request& request, Device& device, const char* field, uint32_t id) {
    if (MaybeRef<Framebuffer> fb = find_framebuffer(device, ObjectId{id})) return *std::move(fb);
    return refuse_unknown(request, field, id, "framebuffer");
}

Result<Ref<Connector>> find_connector(Request& request, const File& file, const char* field,
                                      uint32_t id) {
    if (MaybeRef<Connector> connector = drm::find_connector(file, ObjectId{id}))
        return *std::move(connector);
    return refuse_unknown(request, field, id, "connector");
}

Result<void> expect_leased(Request& request, const File& file, const Plane& plane) {
    if (may_use(file, plane.id())) return {};
    return request.refuse(log::Category::Lease, Errno::Access, "{}: the lessee has not leased it",
                          name_of(plane));
}

ModeObject* Target::object() const {
    if (plane) return plane;
    if (crtc) return crtc;
    if (colorop) return colorop;
    return connector ? &**connector : nullptr;
}

std::string Target::name() const {
    if (plane) return name_of(*plane);
    if (crtc) return name_of(*crtc);
    if (colorop) return name_of(*colorop);
    return connector ? name_of(**connector) : "an object without properties";
}

std::optional<Target> find_target(const File& file, uint32_t id, ObjectType type) {
    std::optional<Target> target = find_target(file.device(), id, type);
    const ModeObject* object = target ? target->object() : nullptr;
    if (object && is_leasable(object->type()) && !may_use(file, object->id())) return std::nullopt;
    return target;
}

std::optional<Target> find_target(Device& device, uint32_t id, ObjectType type) {
    return device.mode_config().ids.with(
        ObjectId{id}, type, [](ModeObject* object) -> std::optional<Target> {
            if (!object) return std::nullopt;
            Target target;
            switch (object->type()) {
                case ObjectType::Plane: target.plane = static_cast<Plane*>(object); break;
                case ObjectType::Crtc: target.crtc = static_cast<Crtc*>(object); break;
                case ObjectType::Colorop: target.colorop = static_cast<Colorop*>(object); break;
                case ObjectType::Connector:
                    target.connector = Ref<Connector>::try_share(static_cast<Connector&>(*object));
                    if (!target.connector) return std::nullopt;
                    break;
                default: break;
            }
            return target;
        });
}

}  // namespace plugboard::drm::atomic
