#include "drm/trace/property_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "drm/atomic/lookup.h"
#include "drm/objects/blob.h"
#include "drm/trace/value_text.h"

namespace plugboard::drm {
namespace {

using atomic::Target;
using uapi::UserAddress;

constexpr uint32_t most_settings = 256;  // shown of one request
constexpr size_t mode_bytes = sizeof(drm_mode_modeinfo);

/// Of an object that may not be there.
class Named {
  public:
    Named(Device& device, uint32_t id)
        : device_(device), id_(id), target_(atomic::find_target(device, id, ObjectType::Any)) {}

    std::string name() const {
        if (!target_) return fmt::format("no object {}", id_);
        return target_->object() ? target_->name() : fmt::format("object {}", id_);
    }
    /// "FB_ID=40"
    std::string setting(uint32_t property_id, uint64_t value) const {
        const ModeObject* object = target_ ? target_->object() : nullptr;
        const AttachedProperty* attached =
            object ? object->find_property(ObjectId{property_id}) : nullptr;
        if (!attached) return fmt::format("property {}={}", property_id, value);
        return fmt::format("{}={}", attached->property->name(),
                           value_text(*attached->property, value));
    }

  private:
    std::string value_text(const Property& property, uint64_t value) const;
    std::string blob_text(const Property& property, uint64_t value) const;

    Device& device_;
    const uint32_t id_;
    const std::optional<Target> target_;
};

std::string Named::value_text(const Property& property, uint64_t value) const {
    const StandardProperties& p = device_.mode_config().properties;
    const Property* of = &property;
    if (of == p.src_x || of == p.src_y || of == p.src_w || of == p.src_h) return fixed_text(value);
    if (of == p.out_fence_ptr || of == p.writeback_out_fence_ptr)
        return value == 0 ? "0" : fmt::format("0x{:x}", value);
    switch (property.info().kind) {
        case PropertyKind::SignedRange: return fmt::format("{}", static_cast<int64_t>(value));
        case PropertyKind::Blob: return blob_text(property, value);
        case PropertyKind::Bitmask: return fmt::format("0x{:x}", value);
        case PropertyKind::Enum: {
            const auto& enums = property.info().enums;
            const auto same =
                std::ranges::find(enums, value, [](const auto& e) { return e.second; });
            return same == enums.end() ? fmt::format("{}", value) : same->first;
        }
        default: return fmt::format("{}", value);
    }
}

std::string Named::blob_text(const Property& property, uint64_t value) const {
    if (value == 0) return "0";
    std::string text = fmt::format("blob {}", value);
    if (&property != device_.mode_config().properties.mode_id) return text;
    const MaybeRef<Blob> blob = find_blob(device_, ObjectId{static_cast<uint32_t>(value)});
    if (!blob || (*blob)->bytes().size() != mode_bytes) return text;
    return fmt::format("{} ({})", text, mode_text((*blob)->bytes()));
}

template <class Argument>
Argument argument_of(std::span<const std::byte> bytes) {
    Argument argument;
    std::memcpy(&argument, bytes.data(), sizeof(argument));
    return argument;
}

/// The objects and settings of an ATOMIC request, read anew: nothing is kept of it.
class AtomicText {
  public:
    AtomicText(Request& request, Device& device, const drm_mode_atomic& argument)
        : request_(request), device_(device), argument_(argument) {}

    std::string text() {
        std::optional<uint32_t> last;
        for (uint32_t i = 0; i < argument_.count_objs && !is_cut_; i++) {
            const auto object = element<uint32_t>(argument_.objs_ptr, i);
            const auto count = element<uint32_t>(argument_.count_props_ptr, i);
            if (object != last || !object) text_ += i > 0 ? "; " : "";
            if (!object || !count) {
                text_ += "cannot be read";
                break;
            }
            const Named named(device_, *object);
            if (object != last) text_ += named.name() + ":";
            if (*count == 0) is_cut_ = ++shown_ > most_settings;  // it has a length, too
            for (uint32_t k = 0; k < *count && !is_cut_; k++) add_setting(named);
            last = object;
        }
        if (shown_ > most_settings) text_ += " ...";
        return std::move(text_);
    }

  private:
    void add_setting(const Named& object) {
        is_cut_ = ++shown_ > most_settings;
        if (is_cut_) return;
        const auto property = element<uint32_t>(argument_.props_ptr, next_);
        const auto value = element<uint64_t>(argument_.prop_values_ptr, next_);
        next_++;
        is_cut_ = !property || !value;
        text_ += is_cut_ ? " cannot be read" : " " + object.setting(*property, *value);
    }

    template <class T>
    std::optional<T> element(uint64_t array, uint64_t index) {
        const auto value = request_.memory().read_value<T>(UserAddress{array + index * sizeof(T)});
        if (!value.ok()) return std::nullopt;
        return *value;
    }

    Request& request_;
    Device& device_;
    const drm_mode_atomic argument_;
    std::string text_;
    uint64_t next_ = 0;  // property
    uint32_t shown_ = 0;
    bool is_cut_ = false;
};

/// A mode, as the blobs that clients make are.
std::string blob_data_text(Request& request, const drm_mode_create_blob& argument) {
    if (argument.length != mode_bytes) return {};
    std::array<std::byte, mode_bytes> bytes{};
    if (!request.memory().read(bytes, UserAddress{argument.data}).ok()) return {};
    return "mode=" + mode_text(bytes);
}

}  // namespace

std::string settings_text(Request& request, Device& device, std::span<const std::byte> argument) {
    const uint32_t command = request.row().command;
    if (command == DRM_IOCTL_MODE_CREATEPROPBLOB)
        return blob_data_text(request, argument_of<drm_mode_create_blob>(argument));
    if (!device.has_modeset()) return {};
    if (command == DRM_IOCTL_MODE_ATOMIC)
        return AtomicText(request, device, argument_of<drm_mode_atomic>(argument)).text();
    if (command == DRM_IOCTL_MODE_SETPROPERTY) {
        const auto set = argument_of<drm_mode_connector_set_property>(argument);
        const Named object(device, set.connector_id);
        return object.name() + ": " + object.setting(set.prop_id, set.value);
    }
    if (command == DRM_IOCTL_MODE_OBJ_SETPROPERTY) {
        const auto set = argument_of<drm_mode_obj_set_property>(argument);
        const Named object(device, set.obj_id);
        return object.name() + ": " + object.setting(set.prop_id, set.value);
    }
    return {};
}

}  // namespace plugboard::drm
