#include "drm/objects/colorop.h"

#include <array>
#include <span>
#include <utility>

#include "drm/device.h"
#include "drm/objects/mode_config.h"
#include "drm/objects/property.h"

namespace plugboard::drm {
namespace {

// By their values.
constexpr std::array colorop_type_names = {"1D Curve",   "1D LUT", "3x4 Matrix",
                                           "Multiplier", "3D LUT", "Fixed Matrix"};
constexpr std::array curve_1d_names = {"sRGB EOTF", "sRGB Inverse EOTF"};
constexpr std::array fixed_matrix_names = {
    "YCbCr 601 Full to RGB",    "YCbCr 601 Limited to RGB",  "YCbCr 709 Full to RGB",
    "YCbCr 709 Limited to RGB", "YCbCr 2020 NC Full to RGB", "YCbCr 2020 NC Limited to RGB"};

PropertyInfo colorop_choice(const char* name, std::span<const char* const> names) {
    PropertyInfo info{.name = name, .kind = PropertyKind::Enum, .atomic = true};
    for (const char* each : names) info.enums.emplace_back(each, info.enums.size());
    return info;
}

}  // namespace

Colorop::Colorop(Device& device, Plane& plane, ColoropType type)
    : ModeObject(ObjectType::Colorop),
      device_(device),
      plane_(plane),
      index_(static_cast<uint32_t>(device.mode_config().colorops.size())),
      type_(type) {
    ModeConfig& config = device.mode_config();
    config.ids.add(*this);
    config.colorops.push_back(this);

    const auto add = [&](const Property*& own, PropertyInfo info, uint64_t value) {
        own = &config.add_property(std::move(info));
        attach(*own, value);
    };
    PropertyInfo types = colorop_choice("TYPE", colorop_type_names);
    types.immutable = true;
    types.atomic = false;
    add(own_.type, std::move(types), static_cast<uint64_t>(type));
    add(own_.bypass, {.name = "BYPASS", .atomic = true, .range = {0, 1}}, 1);
    add(own_.next,
        {.name = "NEXT",
         .kind = PropertyKind::Object,
         .immutable = true,
         .atomic = true,
         .object_type = ObjectType::Colorop},
        0);
    switch (type) {
        case ColoropType::Curve1d:
            add(own_.curve, colorop_choice("CURVE_1D_TYPE", curve_1d_names), 0);
            break;
        case ColoropType::Matrix3x4:
            add(own_.data, {.name = "DATA", .kind = PropertyKind::Blob, .atomic = true}, 0);
            break;
        case ColoropType::FixedMatrix:
            add(own_.fixed_matrix, colorop_choice("FIXED_MATRIX_TYPE", fixed_matrix_names), 0);
            break;
    }
}

const char* colorop_type_name(ColoropType type) {
    return colorop_type_names.at(static_cast<size_t>(type));
}

const char* curve_1d_name(Curve1d curve) {
    return curve_1d_names.at(static_cast<size_t>(curve));
}

const char* fixed_matrix_name(const FixedMatrixType& type) {
    return fixed_matrix_names.at(type.value());
}

}  // namespace plugboard::drm
