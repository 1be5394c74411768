#include "drm/trace/ioctl_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "drm/pixel/format.h"
#include "drm/trace/property_text.h"
#include "drm/trace/value_text.h"

namespace plugboard::drm {
namespace {

using uapi::Field;
using uapi::Form;
using uapi::Side;

constexpr uint32_t most_ids = 32;  // of an array of the caller's

/// An integer of the struct as 64 bits, sign-extended where it has a sign.
uint64_t number_at(std::span<const std::byte> bytes, size_t size, bool is_signed) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), size);
    const size_t unused = 64 - 8 * size;
    if (!is_signed || unused == 0) return value;
    return static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
}

std::string element_text(const Field& field, uint64_t value) {
    switch (field.form) {
        case Form::Signed: return fmt::format("{}", static_cast<int64_t>(value));
        case Form::Hex:
        case Form::Cookie: return fmt::format("0x{:x}", value);
        case Form::Fixed: return fixed_text(value);
        case Form::Fourcc: return fourcc_name(static_cast<uint32_t>(value));
        case Form::Word: return word_text(field.words, value);
        case Form::Flags: return flags_text(field.words, value);
        default: return fmt::format("{}", value);
    }
}

/// "[1, 2]": without the zeros at the end, but for the first.
std::string array_text(const Field& field, std::span<const std::byte> bytes) {
    std::string text;
    std::string zeros;
    bool is_zero = true;
    for (size_t i = 0; i < field.elements; i++) {
        const uint64_t value =
            number_at(bytes.subspan(field.offset + i * field.bytes), field.bytes, false);
        const std::string element = (i == 0 ? "" : ", ") + element_text(field, value);
        is_zero = is_zero && value == 0;
        if (value == 0 && i > 0) {
            zeros += element;
            continue;
        }
        text += zeros + element;
        zeros.clear();
    }
    if (is_zero && field.form == Form::Cookie) return {};
    return "[" + text + "]";
}

std::string user_ids_text(Request& request, const Field& field, std::span<const std::byte> bytes) {
    const uint64_t count = number_at(bytes.subspan(field.count_offset), sizeof(uint32_t), false);
    const uapi::UserAddress array{number_at(bytes.subspan(field.offset), sizeof(uint64_t), false)};
    std::string text;
    for (uint64_t i = 0; i < std::min<uint64_t>(count, most_ids); i++) {
        const auto id = request.memory().read_value<uint32_t>(array + i * sizeof(uint32_t));
        if (!id.ok()) return fmt::format("[{}cannot be read]", text);
        text += fmt::format("{}{}", i == 0 ? "" : ", ", *id);
    }
    if (count > most_ids) text += fmt::format(", ... {} more", count - most_ids);
    return "[" + text + "]";
}

/// Nothing: not worth showing.
std::string field_text(Request* request, const Field& field, std::span<const std::byte> bytes) {
    const auto own = bytes.subspan(field.offset);
    if (field.form == Form::UserIds) return request ? user_ids_text(*request, field, bytes) : "";
    if (field.form == Form::Mode) return mode_text(own.first(sizeof(drm_mode_modeinfo)));
    if (field.form == Form::Text) return fmt::format("\"{}\"", until_zero(own.first(field.bytes)));
    if (field.elements > 1) return array_text(field, bytes);
    const uint64_t value = number_at(own, field.bytes, field.form == Form::Signed);
    if ((field.form == Form::Flags || field.form == Form::Cookie) && value == 0) return {};
    return element_text(field, value);
}

std::string fields_text(Request* request, std::span<const Field> fields, Side side,
                        std::span<const std::byte> bytes) {
    std::string text;
    for (const Field& field : fields) {
        if (field.side != side) continue;
        const std::string value = field_text(request, field, bytes);
        if (value.empty()) continue;
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", field.name, value);
    }
    return text;
}

}  // namespace

std::string argument_text(Request& request, Device& device, std::span<const Field> fields,
                          std::span<const std::byte> argument) {
    std::string text = fields_text(&request, fields, Side::In, argument);
    const std::string settings = settings_text(request, device, argument);
    if (!text.empty() && !settings.empty()) text += ' ';
    return text + settings;
}

std::string answer_text(std::span<const Field> fields, std::span<const std::byte> argument) {
    return fields_text(nullptr, fields, Side::Out, argument);
}

}  // namespace plugboard::drm
