#include "drm/vblank/events.h"

#include <drm.h>

#include <cstring>

#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

template <class Event>
EventBytes bytes_of(const Event& event) {
    static_assert(sizeof(Event) == sizeof(EventBytes));
    EventBytes bytes;
    std::memcpy(bytes.data(), &event, sizeof event);
    return bytes;
}

}  // namespace

EventBytes vblank_event(VblankEventType type, uint64_t user_data, VblankCount at, ObjectId crtc) {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(at.time.time_since_epoch());
    drm_event_vblank event{};
    event.base.type = static_cast<uint32_t>(type);
    event.base.length = sizeof event;
    event.user_data = user_data;
    event.tv_sec = static_cast<uint32_t>(since.count() / 1'000'000);
    event.tv_usec = static_cast<uint32_t>(since.count() % 1'000'000);
    event.sequence = static_cast<uint32_t>(at.sequence);
    event.crtc_id = raw(crtc);
    return bytes_of(event);
}

EventBytes sequence_event(uint64_t user_data, VblankCount at) {
    drm_event_crtc_sequence event{};
    event.base.type = DRM_EVENT_CRTC_SEQUENCE;
    event.base.length = sizeof event;
    event.user_data = user_data;
    event.time_ns = at.time.time_since_epoch().count();
    event.sequence = at.sequence;
    return bytes_of(event);
}

void send_event(Device& device, uint64_t file_id, const EventBytes& event) {
    if (const MaybeRef<File> file = device.find_file(file_id)) (*file)->send_event(event);
}

void forget_vblank_events(Device& device, uint64_t file_id) {
    for (Crtc* crtc : device.mode_config().crtcs) crtc->vblank().forget(file_id);
}

}  // namespace plugboard::drm
