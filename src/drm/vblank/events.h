// The bytes of the events that a vblank or a flip sends.
// Linux: include/uapi/drm/drm.h, struct drm_event_vblank, drm_event_crtc_sequence
#pragma once

#include <cstdint>

#include "drm/device.h"
#include "drm/file.h"
#include "drm/objects/mode_object.h"
#include "drm/vblank/vblank.h"

namespace plugboard::drm {

enum class VblankEventType : uint32_t {
    Vblank = DRM_EVENT_VBLANK,
    FlipComplete = DRM_EVENT_FLIP_COMPLETE,
};

EventBytes vblank_event(VblankEventType type, uint64_t user_data, VblankCount at, ObjectId crtc);
EventBytes sequence_event(uint64_t user_data, VblankCount at);

/// Uses up the file's reservation, if it is still open.
void send_event(Device& device, uint64_t file_id, const EventBytes& event);

/// The file is closing: none of its events is waited for any more.
void forget_vblank_events(Device& device, uint64_t file_id);

}  // namespace plugboard::drm
