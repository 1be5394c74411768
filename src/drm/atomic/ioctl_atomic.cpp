// MODE_ATOMIC: many properties of many objects, all or nothing.
// Linux: drm_mode_atomic_ioctl() in drivers/gpu/drm/drm_atomic_uapi.c
#include <map>
#include <utility>
#include <vector>

#include "drm/atomic/async_flip.h"
#include "drm/atomic/commit.h"
#include "drm/atomic/set_property.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace {

using atomic::Setting;
using atomic::Target;
using log::Category;
using uapi::UserAddress;

constexpr uint32_t known_flags = DRM_MODE_PAGE_FLIP_EVENT | DRM_MODE_PAGE_FLIP_ASYNC |
                                 DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_NONBLOCK |
                                 DRM_MODE_ATOMIC_ALLOW_MODESET;

Result<void> check_flags(Request& request, Device& device, File& file,
                         const drm_mode_atomic& argument) {
    if (!device.info().atomic)
        return request.refuse(Category::Atomic, Errno::OpNotSupp, "the driver {} is not atomic",
                              device.info().name);
    if (!file.caps().atomic)
        return request.refuse(Category::Atomic, Errno::Inval,
                              "the client has not set DRM_CLIENT_CAP_ATOMIC");
    if (argument.flags & ~known_flags)
        return request.refuse(Category::Atomic, Errno::Inval, "flags 0x{:x}: unknown bits 0x{:x}",
                              argument.flags, argument.flags & ~known_flags);
    if (argument.reserved)
        return request.refuse(Category::Atomic, Errno::Inval, "reserved is {}, not 0",
                              argument.reserved);
    if ((argument.flags & DRM_MODE_PAGE_FLIP_ASYNC) && !device.info().async_page_flip)
        return request.refuse(Category::Atomic, Errno::Inval,
                              "flags 0x{:x}: {} has no asynchronous atomic flips", argument.flags,
                              device.card_name());
    if ((argument.flags & DRM_MODE_ATOMIC_TEST_ONLY) && (argument.flags & DRM_MODE_PAGE_FLIP_EVENT))
        return request.refuse(Category::Atomic, Errno::Inval,
                              "flags 0x{:x}: TEST_ONLY sends no EVENT", argument.flags);
    return {};
}

/// Reads and checks a request's arrays object by object, as far as they are good.
class Settings {
  public:
    Settings(Request& request, File& file, const drm_mode_atomic& argument)
        : request_(request), file_(file), argument_(argument) {}

    Result<void> read();
    void apply(atomic::State& state) const {
        for (const Setting& setting : settings_) atomic::apply(state, setting);
        for (const auto& [id, target] : pulled_in_) pull_in(state, target);
    }

  private:
    template <class T>
    Result<T> element(const char* array, uint64_t address, uint64_t index);
    Result<void> read_property(const Target& target, uint32_t object_id);
    Result<void> add(Setting setting, uint32_t object_id);
    static void pull_in(atomic::State& state, const Target& target);

    Request& request_;
    File& file_;
    const drm_mode_atomic& argument_;
    uint64_t next_property_ = 0;
    std::vector<Setting> settings_;
    /// By id: in the request, though what was asked of them is nothing, or was taken back.
    std::map<uint32_t, Target> pulled_in_;
    /// Where each (object, property) is in settings_: the last value of one counts.
    std::map<std::pair<uint32_t, uint32_t>, size_t> places_;
};

template <class T>
Result<T> Settings::element(const char* array, uint64_t address, uint64_t index) {
    auto value = request_.memory().read_value<T>(UserAddress{address + index * sizeof(T)});
    if (value.ok()) return value;
    return request_.refuse(Category::Atomic, value.error(), "{}[{}] cannot be read", array, index);
}

Result<void> Settings::read() {
    for (uint32_t i = 0; i < argument_.count_objs; i++) {
        const auto id = TRY(element<uint32_t>("objs_ptr", argument_.objs_ptr, i));
        const std::optional<Target> target = atomic::find_target(file_, id);
        if (!target)
            return request_.refuse(Category::Atomic, Errno::NoEnt, "object {}: no such object", id);
        if (!target->object())
            return request_.refuse(Category::Atomic, Errno::NoEnt,
                                   "object {}: its type has no properties", id);
        const auto count = TRY(element<uint32_t>("count_props_ptr", argument_.count_props_ptr, i));
        for (uint32_t k = 0; k < count; k++) TRY(read_property(*target, id));
    }
    return {};
}

Result<void> Settings::read_property(const Target& target, uint32_t object_id) {
    const uint64_t index = next_property_++;
    const auto id = TRY(element<uint32_t>("props_ptr", argument_.props_ptr, index));
    const AttachedProperty* attached = target.object()->find_property(ObjectId{id});
    if (!attached)
        return request_.refuse(Category::Atomic, Errno::NoEnt,
                               "{}: property {} is not attached to it", target.name(), id);
    const auto value = TRY(element<uint64_t>("prop_values_ptr", argument_.prop_values_ptr, index));
    // Linux looks whether there is a fence before it looks at the value.
    if (attached->property == file_.device().mode_config().properties.in_fence_fd &&
        places_.contains({object_id, id}))
        return request_.refuse(Category::Atomic, Errno::Inval,
                               "{}: IN_FENCE_FD = {}: set before in this request", target.name(),
                               static_cast<int64_t>(value));
    return add(TRY(atomic::parse_setting(request_, file_, target, *attached->property, value)),
               object_id);
}

Result<void> Settings::add(Setting setting, uint32_t object_id) {
    if (setting.is_void) {
        pulled_in_.try_emplace(object_id, setting.target);
        return {};
    }
    const auto [place, is_new] =
        places_.try_emplace({object_id, raw(setting.property->id())}, settings_.size());
    if (is_new) {
        settings_.push_back(std::move(setting));
        return {};
    }
    Setting& before = settings_[place->second];
    // A CRTC that was named stays in the request, and sends its event.
    if (before.crtc) pulled_in_.try_emplace(raw(before.crtc->id()), Target{.crtc = before.crtc});
    before = std::move(setting);
    return {};
}

void Settings::pull_in(atomic::State& state, const Target& target) {
    if (target.plane) state.plane(*target.plane);
    if (target.crtc) state.crtc(*target.crtc);
    if (target.colorop) state.colorop(*target.colorop);
    if (target.connector) state.connector(**target.connector);
}

}  // namespace

PLUGBOARD_HANDLER(ioctl_atomic, drm_mode_atomic) {
    TRY(check_flags(request, device, file, argument));
    Settings settings(request, file, argument);
    TRY(settings.read());
    std::optional<uint64_t> event;
    if (argument.flags & DRM_MODE_PAGE_FLIP_EVENT) event = argument.user_data;
    const atomic::Options options{
        .test_only = (argument.flags & DRM_MODE_ATOMIC_TEST_ONLY) != 0,
        .nonblock = (argument.flags & DRM_MODE_ATOMIC_NONBLOCK) != 0,
        .allow_modeset = (argument.flags & DRM_MODE_ATOMIC_ALLOW_MODESET) != 0,
        .file_id = file.id()};
    const bool is_async = (argument.flags & DRM_MODE_PAGE_FLIP_ASYNC) != 0;
    const auto state =
        atomic::State::create(device, &request, options, [&](atomic::State& empty) -> Result<void> {
            settings.apply(empty);
            return is_async ? atomic::make_async(empty) : Result<void>();
        });
    atomic::Signals signals(request, device, file, event);
    return atomic::commit(request, state, signals);
}

}  // namespace plugboard::drm
