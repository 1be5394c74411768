// WAIT_VBLANK, CRTC_GET_SEQUENCE and CRTC_QUEUE_SEQUENCE.
// Linux: drivers/gpu/drm/drm_vblank.c
#include <chrono>
#include <cstring>

#include "drm/handlers.h"
#include "drm/lease.h"
#include "drm/objects/lookup.h"
#include "drm/objects/mode_config.h"
#include "drm/vblank/events.h"

namespace plugboard::drm {
namespace {

/// How long WAIT_VBLANK without an event waits at most.
constexpr Nanos longest_wait = std::chrono::seconds(3);

/// A user of the CRTC's vblanks for a scope.
class VblankUser {
  public:
    explicit VblankUser(Vblank& vblank) : vblank_(vblank), is_user_(vblank.get()) {}
    ~VblankUser() {
        if (is_user_) vblank_.put();
    }
    VblankUser(const VblankUser&) = delete;
    VblankUser& operator=(const VblankUser&) = delete;
    explicit operator bool() const { return is_user_; }

  private:
    Vblank& vblank_;
    const bool is_user_;
};

/// The 64-bit count nearest to `near` that ends in these 32 bits. Linux: widen_32_to_64
uint64_t widen(uint32_t narrow, uint64_t near) {
    return near + static_cast<uint64_t>(static_cast<int64_t>(
                      static_cast<int32_t>(narrow - static_cast<uint32_t>(near))));
}

Result<void> require_vblank(Request& request, Device& device) {
    if (device.info().vblank && !device.mode_config().crtcs.empty()) return {};
    return request.refuse(log::Category::Vblank, Errno::OpNotSupp, "{} has no vblanks",
                          device.card_name());
}

Result<Crtc*> find_crtc(Request& request, const File& file, uint32_t id) {
    if (Crtc* crtc = drm::find_crtc(file, ObjectId{id})) return crtc;
    return request.refuse(log::Category::Vblank, Errno::NoEnt, "crtc_id {}: no such CRTC", id);
}

Errno refuse_off(Request& request, const Crtc& crtc) {
    return request.refuse(log::Category::Vblank, Errno::Inval,
                          "{} ({}) is off: it has no vblanks now", crtc.name(), raw(crtc.id()));
}

Result<void> reserve_event(Request& request, File& file) {
    if (auto reserved = file.reserve_event(); !reserved.ok())
        return request.refuse(log::Category::Vblank, reserved.error(),
                              "no event space: 4096 bytes of events are queued or waited for");
    return {};
}

void reply(drm_wait_vblank_reply& reply, VblankCount at) {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(at.time.time_since_epoch());
    reply.sequence = static_cast<uint32_t>(at.sequence);
    reply.tval_sec = since.count() / 1'000'000;
    reply.tval_usec = since.count() % 1'000'000;
}

/// Linux: drm_queue_vblank_event
Result<void> queue_vblank_event(Request& request, File& file, Crtc& crtc, uint64_t target,
                                drm_wait_vblank& argument) {
    if (!crtc.vblank().is_on()) return refuse_off(request, crtc);
    TRY(reserve_event(request, file));
    const auto sent_at = crtc.vblank().call_at(
        target,
        [device = Ref<Device>::share(crtc.device()), file_id = file.id(), crtc_id = crtc.id(),
         user_data = uint64_t{argument.request.signal}](VblankCount at) {
            send_event(*device, file_id,
                       vblank_event(VblankEventType::Vblank, user_data, at, crtc_id));
        },
        file.id());
    argument.reply.sequence = static_cast<uint32_t>(sent_at ? sent_at->sequence : target);
    return {};
}

Result<void> wait_for_target(Request& request, Device& device, Crtc& crtc, uint64_t target,
                             drm_wait_vblank& argument) {
    Vblank& vblank = crtc.vblank();
    const auto ended = request.wait(
        device, vblank.queue(),
        [&] { return !vblank.is_on() || has_passed(vblank.current().sequence, target); },
        device.clock().now() + longest_wait);
    if (!ended.ok() && ended.error() != Errno::Time) return ended;
    reply(argument.reply, vblank.current());
    if (ended.ok()) return {};
    return request.refuse(log::Category::Vblank, Errno::Busy,
                          "{} ({}): vblank {} did not come within 3 s", crtc.name(), raw(crtc.id()),
                          target);
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_wait_vblank, drm_wait_vblank) {
    TRY(require_vblank(request, device));
    auto& wanted = argument.request;
    uint32_t type = 0;  // a client may write more into the enum than its type has room for
    std::memcpy(&type, &wanted.type, sizeof(type));
    if (type & _DRM_VBLANK_SIGNAL)
        return request.refuse(log::Category::Vblank, Errno::Inval,
                              "type 0x{:x}: signals are not supported", type);
    constexpr uint32_t known =
        _DRM_VBLANK_TYPES_MASK | _DRM_VBLANK_FLAGS_MASK | _DRM_VBLANK_HIGH_CRTC_MASK;
    if (type & ~known)
        return request.refuse(log::Category::Vblank, Errno::Inval,
                              "type 0x{:x}: unknown bits 0x{:x}", type, type & ~known);
    const uint32_t high = (type & _DRM_VBLANK_HIGH_CRTC_MASK) >> _DRM_VBLANK_HIGH_CRTC_SHIFT;
    const uint32_t pipe = high ? high : type & _DRM_VBLANK_SECONDARY ? 1 : 0;
    Crtc* const found = find_crtc_by_pipe(file, pipe);
    if (!found)
        return request.refuse(log::Category::Vblank, Errno::Inval,
                              "type 0x{:x}: CRTC number {}, but there are not as many", type, pipe);
    Crtc& crtc = *found;
    const VblankUser user(crtc.vblank());
    if (!user) return refuse_off(request, crtc);

    const VblankCount now = crtc.vblank().current();
    uint64_t target = 0;
    if (type & _DRM_VBLANK_RELATIVE) {
        target = now.sequence + wanted.sequence;
        wanted.sequence = static_cast<uint32_t>(target);
        wanted.type = static_cast<drm_vblank_seq_type>(type & ~uint32_t{_DRM_VBLANK_RELATIVE});
    } else {
        target = widen(wanted.sequence, now.sequence);
    }
    if ((type & _DRM_VBLANK_NEXTONMISS) && has_passed(now.sequence, target)) {
        target = now.sequence + 1;
        wanted.sequence = static_cast<uint32_t>(target);
        wanted.type = static_cast<drm_vblank_seq_type>(static_cast<uint32_t>(wanted.type) &
                                                       ~uint32_t{_DRM_VBLANK_NEXTONMISS});
    }
    if (type & _DRM_VBLANK_EVENT) return queue_vblank_event(request, file, crtc, target, argument);
    return wait_for_target(request, device, crtc, target, argument);
}

PLUGBOARD_HANDLER(ioctl_crtc_get_sequence, drm_crtc_get_sequence) {
    TRY(require_vblank(request, device));
    Crtc& crtc = *TRY(find_crtc(request, file, argument.crtc_id));
    const VblankUser user(crtc.vblank());
    if (!user) return refuse_off(request, crtc);
    {
        MutexLock lock(device.mode_config().lock());
        argument.active = crtc.state.mode.has_value();
    }
    const VblankCount now = crtc.vblank().current();
    argument.sequence = now.sequence;
    argument.sequence_ns = now.time.time_since_epoch().count();
    return {};
}

PLUGBOARD_HANDLER(ioctl_crtc_queue_sequence, drm_crtc_queue_sequence) {
    TRY(require_vblank(request, device));
    Crtc& crtc = *TRY(find_crtc(request, file, argument.crtc_id));
    constexpr uint32_t known = DRM_CRTC_SEQUENCE_RELATIVE | DRM_CRTC_SEQUENCE_NEXT_ON_MISS;
    if (argument.flags & ~known)
        return request.refuse(log::Category::Vblank, Errno::Inval,
                              "flags 0x{:x}: unknown bits 0x{:x}", argument.flags,
                              argument.flags & ~known);
    const VblankUser user(crtc.vblank());
    if (!user) return refuse_off(request, crtc);

    const VblankCount now = crtc.vblank().current();
    uint64_t target = argument.sequence;
    if (argument.flags & DRM_CRTC_SEQUENCE_RELATIVE) target += now.sequence;
    if ((argument.flags & DRM_CRTC_SEQUENCE_NEXT_ON_MISS) && has_passed(now.sequence, target))
        target = now.sequence + 1;
    TRY(reserve_event(request, file));
    const auto sent_at = crtc.vblank().call_at(
        target,
        [held = Ref<Device>::share(device), file_id = file.id(),
         user_data = uint64_t{argument.user_data}](VblankCount at) {
            send_event(*held, file_id, sequence_event(user_data, at));
        },
        file.id());
    argument.sequence = sent_at ? sent_at->sequence : target;
    return {};
}

}  // namespace plugboard::drm
