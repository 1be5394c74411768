// A color operation: one step of a plane's color pipeline, an object with properties of its own.
// Linux: drivers/gpu/drm/drm_colorop.c, include/drm/drm_colorop.h
#pragma once

#include <cstdint>
#include <string>

#include "base/ref.h"
#include "drm/objects/blob.h"
#include "drm/objects/mode_object.h"
#include "drm/pixel/color.h"

namespace plugboard::drm {

class Device;
class Plane;
class Property;

/// Those that there are of the values of TYPE.
enum class ColoropType : uint32_t { Curve1d = 0, Matrix3x4 = 2, FixedMatrix = 5 };

/// Values of CURVE_1D_TYPE.
enum class Curve1d : uint32_t { SrgbEotf = 0, SrgbInverseEotf = 1 };

/// What a value of FIXED_MATRIX_TYPE stands for: from YCbCr to RGB.
struct FixedMatrixType {
    ColorEncoding encoding = ColorEncoding::Bt601;
    ColorRange range = ColorRange::Full;

    static FixedMatrixType from_value(uint64_t value) {
        return {.encoding = static_cast<ColorEncoding>(value / 2),
                .range = value % 2 == 0 ? ColorRange::Full : ColorRange::Limited};
    }
    uint64_t value() const {
        return static_cast<uint64_t>(encoding) * 2 + (range == ColorRange::Limited ? 1 : 0);
    }
};

/// A value: copied into each request that touches the operation. What its type has no use for stays
/// as it is.
struct ColoropState {
    bool bypass = true;  // it does nothing
    Curve1d curve = Curve1d::SrgbEotf;
    FixedMatrixType fixed_matrix{};
    MaybeRef<Blob> data;  // of a matrix: a drm_color_ctm_3x4; none: it does nothing
};

/// Null: its type has not.
struct ColoropProperties {
    const Property *type = nullptr, *bypass = nullptr, *next = nullptr, *curve = nullptr,
                   *fixed_matrix = nullptr, *data = nullptr;
};

/// Owned by its plane. `index` counts all of the device's from 0 in the order of creation.
class Colorop final : public ModeObject {
  public:
    Colorop(Device& device, Plane& plane, ColoropType type);

    Device& device() const { return device_; }
    Plane& plane() const { return plane_; }
    uint32_t index() const { return index_; }
    ColoropType colorop_type() const { return type_; }
    const ColoropProperties& own_properties() const { return own_; }
    std::string name() const { return "colorop-" + std::to_string(index_); }
    /// Null: it is the last.
    const Colorop* next() const { return next_; }
    void set_next(const Colorop& next) { next_ = &next; }

    ColoropState state;  // guarded by the modeset lock

  private:
    Device& device_;
    Plane& plane_;
    uint32_t index_;
    ColoropType type_;
    ColoropProperties own_;
    const Colorop* next_ = nullptr;
};

/// "3x4 Matrix", as TYPE has it.
const char* colorop_type_name(ColoropType type);
const char* curve_1d_name(Curve1d curve);
const char* fixed_matrix_name(const FixedMatrixType& type);

}  // namespace plugboard::drm
