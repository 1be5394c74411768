#include "drm/objects/framebuffer.h"

#include <utility>

#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {

Ref<Framebuffer> Framebuffer::create(Device& device, FramebufferInfo info) {
    Ref<Framebuffer> fb = make_ref<Framebuffer>(device, std::move(info));
    device.mode_config().ids.add(*fb);
    return fb;
}

Framebuffer::Framebuffer(Device& device, FramebufferInfo info)
    : ModeObject(ObjectType::Framebuffer), device_(device), info_(std::move(info)) {}

Framebuffer::~Framebuffer() = default;

std::string Framebuffer::label() const {
    return "framebuffer " + std::to_string(raw(id()));
}

void Framebuffer::visit_refs(RefVisitor& visitor) const {
    for (size_t i = 0; i < info_.planes.size(); i++) {
        if (info_.planes[i].object)
            visitor.edge(*info_.planes[i].object, "drm_framebuffer.obj[" + std::to_string(i) + "]");
    }
}

MaybeRef<Framebuffer> find_framebuffer(Device& device, ObjectId id) {
    return device.mode_config().ids.with(
        id, ObjectType::Framebuffer, [](ModeObject* object) -> MaybeRef<Framebuffer> {
            if (!object) return std::nullopt;
            return Ref<Framebuffer>::try_share(static_cast<Framebuffer&>(*object));
        });
}

}  // namespace plugboard::drm
