// What stands in the argument of each core DRM ioctl, for people: the members' names and forms.
// Linux: include/uapi/drm/drm.h, drm_mode.h
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "uapi/words.h"

namespace plugboard::uapi {

enum class Form : uint8_t {
    Number,
    Signed,
    Hex,
    Cookie,   // hexadecimal, of no interest when it is 0
    Fixed,    // 16.16
    Fourcc,   // a pixel format
    Text,     // bytes up to a zero
    Mode,     // a drm_mode_modeinfo
    Word,     // one of the words
    Flags,    // the words' bits
    UserIds,  // a pointer to u32s in the caller's memory
};

/// Who wrote what is worth showing: the caller or the handler.
enum class Side : uint8_t { In, Out };

struct Field {
    std::string_view name;
    Side side = Side::In;
    Form form = Form::Number;
    uint16_t offset = 0;
    uint8_t bytes = 0;              // of one element
    uint8_t elements = 1;           // more: an array in the struct
    uint16_t count_offset = 0;      // UserIds: of the u32 that says how many
    std::span<const Word> words{};  // Word, Flags
};

/// In the order in which they are shown; all lie in the row's struct. Without what depends on the
/// device: the properties of ATOMIC, SETPROPERTY and OBJ_SETPROPERTY.
std::span<const Field> ioctl_fields(uint32_t number);

}  // namespace plugboard::uapi
