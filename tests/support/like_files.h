// Reads what drm_info has told of cards: tests/like.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace plugboard::tests {

/// The text of tests/like/<name>.json; empty if there is no such file.
inline std::string text_of_like(const std::string& name) {
    std::ifstream file(PLUGBOARD_SOURCE_DIR "/tests/like/" + name + ".json");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace plugboard::tests
