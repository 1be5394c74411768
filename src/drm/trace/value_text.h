// Single values as texts for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "uapi/words.h"

namespace plugboard::drm {

/// The word, or the number when there is none.
std::string word_text(std::span<const uapi::Word> words, uint64_t value);
/// "EVENT|ASYNC|0x80", the rest as a number; "0" for none.
std::string flags_text(std::span<const uapi::Word> words, uint64_t value);
/// A 16.16 number: "1024.0", "0.5".
std::string fixed_text(uint64_t value);
/// A drm_mode_modeinfo: "1024x768@60", "none" when it is empty.
std::string mode_text(std::span<const std::byte> info);
/// What stands before the first zero.
std::string until_zero(std::span<const std::byte> bytes);

}  // namespace plugboard::drm
