// What flip_record.py says of the flips of a client.
#pragma once

#include <regex>
#include <string>

namespace plugboard::tests {

/// The number behind the words; -1: there is none.
inline double number_after(const std::string& text, const std::string& words) {
    std::smatch match;
    if (!std::regex_search(text, match, std::regex(words + R"(\s*([0-9.]+))"))) return -1;
    return std::stod(match[1]);
}

/// By the daemon's record of each flip: its sequence numbers say for how many vblanks there was
/// none, because the client did not ask in time; and, measured beside it, for how many of these a
/// processor stood still for others too. -1: not there.
struct FlipRecord {
    explicit FlipRecord(const std::string& text)
        : mean(number_after(text, "recorded mean")),
          uneven(number_after(text, "uneven")),
          skipped(number_after(text, "skipped vblanks")),
          stood_still(number_after(text, "stood still")) {}
    double mean;    // vblanks a second
    double uneven;  // flips not on their vblank
    double skipped, stood_still;
};

}  // namespace plugboard::tests
