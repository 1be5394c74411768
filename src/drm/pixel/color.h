// How a plane's luma and chroma become colors: the values of its properties COLOR_ENCODING and
// COLOR_RANGE.
// Linux: include/drm/drm_color_mgmt.h
#pragma once

#include <array>
#include <cstdint>

namespace plugboard::drm {

enum class ColorEncoding : uint32_t { Bt601 = 0, Bt709 = 1, Bt2020 = 2 };
enum class ColorRange : uint32_t { Limited = 0, Full = 1 };

/// By their values.
inline constexpr std::array color_encoding_names = {"ITU-R BT.601 YCbCr", "ITU-R BT.709 YCbCr",
                                                    "ITU-R BT.2020 YCbCr"};
inline constexpr std::array color_range_names = {"YCbCr limited range", "YCbCr full range"};

}  // namespace plugboard::drm
