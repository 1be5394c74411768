#include "drm/trace/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "drm/objects/mode.h"
#include "drm/pixel/geometry.h"

namespace plugboard::drm {

std::string word_text(std::span<const uapi::Word> words, uint64_t value) {
    for (const uapi::Word& word : words) {
        if (word.value == value) return std::string(word.name);
    }
    return fmt::format("{}", value);
}

std::string flags_text(std::span<const uapi::Word> words, uint64_t value) {
    std::string text;
    const auto add = [&text](std::string_view part) {
        if (!text.empty()) text += '|';
        text += part;
    };
    for (const uapi::Word& word : words) {
        if ((value & word.value) != word.value) continue;
        add(word.name);
        value &= ~word.value;
    }
    if (value != 0) add(fmt::format("0x{:x}", value));
    return text.empty() ? "0" : text;
}

std::string fixed_text(uint64_t value) {
    if (value % FixedRect::one == 0) return fmt::format("{}.0", value / FixedRect::one);
    return fmt::format("{}", static_cast<double>(value) / FixedRect::one);
}

std::string mode_text(std::span<const std::byte> info) {
    drm_mode_modeinfo user;
    std::memcpy(&user, info.data(), sizeof(user));
    if (user.hdisplay == 0 && user.vdisplay == 0) return "none";
    const auto mode = Mode::from_user(user);
    if (!mode.ok()) return fmt::format("{}x{}(invalid)", user.hdisplay, user.vdisplay);
    return fmt::format("{}x{}@{}", user.hdisplay, user.vdisplay, mode->vrefresh());
}

std::string until_zero(std::span<const std::byte> bytes) {
    const auto end = std::ranges::find(bytes, std::byte{0});
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(end - bytes.begin())};
}

}  // namespace plugboard::drm
