#include "drm/objects/plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "drm/device.h"
#include "drm/objects/mode_config.h"
#include "uapi/drm_extra.h"

namespace plugboard::drm {
namespace {

constexpr std::pair<const char*, uint32_t> rotation_names[] = {{"rotate-0", 0},   {"rotate-90", 1},
                                                               {"rotate-180", 2}, {"rotate-270", 3},
                                                               {"reflect-x", 4},  {"reflect-y", 5}};

constexpr std::pair<const char*, BlendMode> blend_mode_names[] = {
    {"None", BlendMode::None},
    {"Pre-multiplied", BlendMode::Premultiplied},
    {"Coverage", BlendMode::Coverage}};

constexpr std::pair<const char*, ScalingFilter> scaling_filter_names[] = {
    {"Default", ScalingFilter::Default}, {"Nearest Neighbor", ScalingFilter::NearestNeighbor}};

/// A choice of named values.
template <class Value, size_t count>
PropertyInfo choice_of(const char* name, const std::pair<const char*, Value> (&names)[count]) {
    PropertyInfo info{.name = name, .kind = PropertyKind::Enum};
    for (const auto& [word, value] : names)
        info.enums.emplace_back(word, static_cast<uint64_t>(value));
    return info;
}

/// The SIZE_HINTS blob. Linux: drm_plane_add_size_hints_property
std::vector<std::byte> size_hints(const PlaneInfo& info) {
    std::vector<drm_plane_size_hint> hints;
    for (const Size& size : info.size_hints)
        hints.push_back({.width = static_cast<uint16_t>(size.width),
                         .height = static_cast<uint16_t>(size.height)});
    const auto bytes = std::as_bytes(std::span(hints));
    return {bytes.begin(), bytes.end()};
}

/// Every format with every modifier, unless the info tells them apart.
std::vector<ModifierFormats> modifier_formats(const PlaneInfo& info) {
    if (!info.modifier_formats.empty()) return info.modifier_formats;
    std::vector<ModifierFormats> pairs;
    for (const uint64_t modifier : info.modifiers) pairs.push_back({modifier, info.formats});
    return pairs;
}

/// Of the up to 64 formats from `offset` on, bit by bit, those that are among `wanted`.
uint64_t format_bits(std::span<const uint32_t> formats, size_t offset,
                     const std::vector<uint32_t>& wanted) {
    uint64_t bits = 0;
    for (size_t i = 0; i < 64 && offset + i < formats.size(); ++i) {
        if (std::ranges::find(wanted, formats[offset + i]) != wanted.end())
            bits |= uint64_t{1} << i;
    }
    return bits;
}

/// The IN_FORMATS blob. Formats beyond 64 have entries of their own.
/// Linux: drivers/gpu/drm/drm_plane.c, create_in_format_blob
std::vector<std::byte> in_formats(const PlaneInfo& info) {
    const auto pairs = modifier_formats(info);
    std::vector<drm_format_modifier> modifiers;
    for (const ModifierFormats& pair : pairs) {
        for (size_t offset = 0; offset < info.formats.size(); offset += 64) {
            const uint64_t bits = format_bits(info.formats, offset, pair.formats);
            if (bits == 0 && offset != 0) continue;
            modifiers.push_back({.formats = bits,
                                 .offset = static_cast<uint32_t>(offset),
                                 .pad = 0,
                                 .modifier = pair.modifier});
        }
    }
    const size_t formats_bytes = info.formats.size() * sizeof(uint32_t);
    const size_t modifiers_offset = (sizeof(drm_format_modifier_blob) + formats_bytes + 7) / 8 * 8;
    const drm_format_modifier_blob header{
        .version = FORMAT_BLOB_CURRENT,
        .flags = 0,
        .count_formats = static_cast<uint32_t>(info.formats.size()),
        .formats_offset = sizeof(drm_format_modifier_blob),
        .count_modifiers = static_cast<uint32_t>(modifiers.size()),
        .modifiers_offset = static_cast<uint32_t>(modifiers_offset)};

    std::vector<std::byte> bytes(modifiers_offset + modifiers.size() * sizeof(drm_format_modifier));
    std::memcpy(bytes.data(), &header, sizeof(header));
    std::memcpy(bytes.data() + header.formats_offset, info.formats.data(), formats_bytes);
    if (!modifiers.empty()) {
        std::memcpy(bytes.data() + modifiers_offset, modifiers.data(),
                    modifiers.size() * sizeof(drm_format_modifier));
    }
    return bytes;
}

}  // namespace

Plane::Plane(Device& device, PlaneInfo info)
    : ModeObject(ObjectType::Plane),
      device_(device),
      index_(static_cast<uint32_t>(device.mode_config().planes.size())),
      info_(std::move(info)) {
    ModeConfig& config = device.mode_config();
    config.ids.add(*this);
    config.planes.push_back(this);

    const StandardProperties& standard = config.properties;
    attach(*standard.type, static_cast<uint64_t>(info_.type));
    for (const Property* property :
         {standard.fb_id, standard.in_fence_fd, standard.crtc_id, standard.crtc_x, standard.crtc_y,
          standard.crtc_w, standard.crtc_h, standard.src_x, standard.src_y, standard.src_w,
          standard.src_h})
        attach(*property, 0);
    if (info_.type == PlaneType::Cursor && device.info().cursor_hotspot) add_hotspot();
    if (!info_.modifiers.empty() && config.limits.modifiers) add_in_formats();
    if (info_.rotations != 0) add_rotation();
    if (info_.yuv_colors) add_yuv_colors();
    if (info_.zpos) add_zpos();
    add_blending();
    if (info_.scaling_filter) add_scaling_filter();
    if (info_.damage_clips) attach(*standard.fb_damage_clips, 0);
    if (!info_.size_hints.empty()) add_size_hints();
    if (!info_.color_pipeline.empty()) add_color_pipeline();
}

void Plane::add_in_formats() {
    in_formats_ = Blob::copy(device_, in_formats(info_));
    attach(*device_.mode_config().properties.in_formats, raw((*in_formats_)->id()));
}

/// Linux: drm_plane_create_rotation_property
void Plane::add_rotation() {
    PropertyInfo info{.name = "rotation", .kind = PropertyKind::Bitmask};
    for (const auto& [name, bit] : rotation_names) {
        if ((info_.rotations & (1U << bit)) != 0) info.enums.emplace_back(name, bit);
    }
    own_.rotation = &device_.mode_config().add_property(std::move(info));
    attach(*own_.rotation, state.rotation.bits);
}

/// Linux: drm_plane_create_color_properties
void Plane::add_yuv_colors() {
    const auto choice = [](const char* name, std::span<const char* const> names) {
        PropertyInfo info{.name = name, .kind = PropertyKind::Enum};
        for (const char* each : names) info.enums.emplace_back(each, info.enums.size());
        return info;
    };
    ModeConfig& config = device_.mode_config();
    state.color_range = ColorRange::Full;
    own_.color_encoding = &config.add_property(choice("COLOR_ENCODING", color_encoding_names));
    own_.color_range = &config.add_property(choice("COLOR_RANGE", color_range_names));
    attach(*own_.color_encoding, static_cast<uint64_t>(state.color_encoding));
    attach(*own_.color_range, static_cast<uint64_t>(state.color_range));
}

/// Linux: drm_plane_create_zpos_property
void Plane::add_zpos() {
    state.zpos = info_.zpos->initial;
    own_.zpos = &device_.mode_config().add_property(
        {.name = "zpos", .range = {info_.zpos->least, info_.zpos->most}});
    attach(*own_.zpos, state.zpos);
}

/// Linux: drm_plane_create_alpha_property, drm_plane_create_blend_mode_property
void Plane::add_blending() {
    ModeConfig& config = device_.mode_config();
    if (info_.alpha) {
        own_.alpha = &config.add_property({.name = "alpha", .range = {0, opaque_alpha}});
        attach(*own_.alpha, state.alpha);
    }
    if (info_.blend_mode) {
        own_.blend_mode = &config.add_property(choice_of("pixel blend mode", blend_mode_names));
        attach(*own_.blend_mode, static_cast<uint64_t>(state.blend_mode));
    }
}

/// Linux: drm_plane_create_scaling_filter_property
void Plane::add_scaling_filter() {
    own_.scaling_filter =
        &device_.mode_config().add_property(choice_of("SCALING_FILTER", scaling_filter_names));
    attach(*own_.scaling_filter, static_cast<uint64_t>(state.scaling_filter));
}

void Plane::add_size_hints() {
    size_hints_ = Blob::copy(device_, size_hints(info_));
    device_.mode_config().add_size_hints();
    attach(*device_.mode_config().properties.size_hints, raw((*size_hints_)->id()));
}

/// Linux: drm_plane_create_hotspot_properties
void Plane::add_hotspot() {
    const auto add = [&](const char* name) {
        const Property& property = device_.mode_config().add_property(
            {.name = name,
             .kind = PropertyKind::SignedRange,
             .range = {static_cast<uint64_t>(int64_t{INT32_MIN}), INT32_MAX}});
        attach(property, 0);
        return &property;
    };
    own_.hotspot_x = add("HOTSPOT_X");
    own_.hotspot_y = add("HOTSPOT_Y");
}

/// Linux: drm_plane_create_color_pipeline_property
void Plane::add_color_pipeline() {
    for (const ColoropType type : info_.color_pipeline) {
        auto operation = std::make_unique<Colorop>(device_, *this, type);
        if (!colorops_.empty()) colorops_.back()->set_next(*operation);
        colorops_.push_back(std::move(operation));
    }
    const uint32_t first = raw(colorops_.front()->id());
    own_.color_pipeline = &device_.mode_config().add_property(
        {.name = "COLOR_PIPELINE",
         .kind = PropertyKind::Enum,
         .atomic = true,
         .enums = {{"Bypass", 0}, {fmt::format("Color Pipeline {}", first), first}}});
    attach(*own_.color_pipeline, 0);
}

bool Plane::lists_format(uint32_t fourcc, uint64_t modifier) const {
    if (std::ranges::find(info_.formats, fourcc) == info_.formats.end()) return false;
    if (modifier == 0) return true;
    if (info_.modifier_formats.empty())
        return std::ranges::find(info_.modifiers, modifier) != info_.modifiers.end();
    return std::ranges::any_of(info_.modifier_formats, [&](const ModifierFormats& pair) {
        return pair.modifier == modifier &&
               std::ranges::find(pair.formats, fourcc) != pair.formats.end();
    });
}

bool Plane::has_format(uint32_t fourcc, uint64_t modifier) const {
    const auto is_never_drawn = [&](const ModifierFormats& pair) {
        return pair.modifier == modifier && !pair.is_drawn;
    };
    return lists_format(fourcc, modifier) &&
           std::ranges::find(info_.not_drawn, fourcc) == info_.not_drawn.end() &&
           (modifier == 0 || std::ranges::none_of(info_.modifier_formats, is_never_drawn));
}

void Plane::visit_refs(RefVisitor& visitor) const {
    if (in_formats_) visitor.edge(*in_formats_, name() + " IN_FORMATS");
    if (size_hints_) visitor.edge(*size_hints_, name() + " SIZE_HINTS");
    MutexLock lock(device_.mode_config().lock());
    if (state.fb) visitor.edge(*state.fb, name() + " FB_ID");
    if (state.damage_clips) visitor.edge(*state.damage_clips, name() + " FB_DAMAGE_CLIPS");
    for (const auto& operation : colorops_) {
        if (operation->state.data)
            visitor.edge(*operation->state.data, operation->name() + " DATA");
    }
}

}  // namespace plugboard::drm
