// Random texts that are nearly right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/dice.h"

namespace plugboard::tests {

/// The text after less than `changes` changes: something is taken out, doubled, or put in, which is
/// one of the parts, often many times over, or any byte.
inline std::string garble(Dice& dice, std::string text, const std::vector<std::string>& parts,
                          size_t changes) {
    for (uint32_t left = dice.below(changes); left > 0; left--) {
        const size_t at = dice.below(text.size() + 1);
        const size_t size = dice.below(16);
        switch (dice.below(6)) {
            case 0: text.erase(at, size); break;
            case 1: text.insert(at, text.substr(dice.below(text.size() + 1), size * 4)); break;
            case 2: text.insert(at, 1, static_cast<char>(dice.any())); break;
            case 3: {
                const std::string& part = dice.one_of(parts);
                for (uint32_t count = 1U << dice.below(12); count > 0; count--)
                    text.insert(at, part);
                break;
            }
            default: text.replace(at, size, dice.one_of(parts));
        }
    }
    return text;
}

}  // namespace plugboard::tests
