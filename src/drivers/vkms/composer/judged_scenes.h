// For tests: the scenes that the judge in Python wrote; tests/composer/compose.py says how.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "drivers/vkms/composer/color_pipeline.h"
#include "drivers/vkms/composer/ctm.h"
#include "drm/pixel/geometry.h"

namespace plugboard::vkms {

/// "NV12 size=70x41 at=-3,7": a name, and values by key.
struct JudgedPart {
    std::string name;
    std::map<std::string, std::string> values;

    explicit JudgedPart(const std::string& text) {
        std::istringstream words(text);
        words >> name;
        for (std::string word; words >> word;) {
            const size_t equals = word.find('=');
            values[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }

    bool has(const std::string& key) const { return values.contains(key); }
    uint64_t number(const std::string& key) const {
        return std::strtoull(values.at(key).c_str(), nullptr, 0);
    }
    drm::Size size(const std::string& key) const {
        drm::Size size;
        std::sscanf(values.at(key).c_str(), "%ux%u", &size.width, &size.height);
        return size;
    }
    /// "-3,7"
    struct Place {
        int32_t x = 0, y = 0;
    };
    Place place(const std::string& key) const {
        Place place;
        std::sscanf(values.at(key).c_str(), "%d,%d", &place.x, &place.y);
        return place;
    }
};

/// The screen, then its planes from the lowest.
inline std::vector<JudgedPart> judged_parts(const std::string& line) {
    std::vector<JudgedPart> parts;
    std::istringstream text(line);
    for (std::string part; std::getline(text, part, '|');) parts.emplace_back(part);
    return parts;
}

/// Of the file tests/composer/scenes.txt below this folder.
inline std::vector<std::string> judged_lines(const std::string& source_folder) {
    std::vector<std::string> lines;
    std::ifstream file(source_folder + "/tests/composer/scenes.txt");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

inline Matrix3x4 judged_matrix(int64_t k) {
    Matrix3x4 matrix;
    for (int64_t i = 0; i < 12; ++i)
        matrix.factors[static_cast<size_t>(i)] =
            ((i * 7 + k * 5) % 11 - 4) * (int64_t{1} << 29) + 12345 * k;
    return matrix;
}

/// "f01,e,m3": a fixed matrix of an encoding and a range, a curve, a matrix.
inline ColorPipeline judged_pipeline(const std::string& text) {
    ColorPipeline pipeline;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        const int number = std::atoi(word.c_str() + 1);
        switch (word[0]) {
            case 'f':
                pipeline.operations.emplace_back(
                    FixedMatrix{.encoding = static_cast<ColorEncoding>(number / 10),
                                .range = static_cast<ColorRange>(number % 10)});
                break;
            case 'e': pipeline.operations.emplace_back(Curve::SrgbEotf); break;
            case 'i': pipeline.operations.emplace_back(Curve::SrgbInverseEotf); break;
            default: pipeline.operations.emplace_back(judged_matrix(number));
        }
    }
    return pipeline;
}

inline Ctm judged_ctm(int64_t k) {
    Ctm ctm;
    for (int64_t i = 0; i < 9; ++i) {
        const int64_t large = k % 3 != 0 ? 1 : int64_t{1} << k;
        const int64_t factor = ((i * 5 + k * 7) % 13 - 6) * (int64_t{1} << 30) * large + 54321 * k;
        const auto size = static_cast<uint64_t>(factor < 0 ? -factor : factor);
        ctm.factors[static_cast<size_t>(i)] = size | (factor < 0 ? uint64_t{1} << 63 : 0);
    }
    return ctm;
}

}  // namespace plugboard::vkms
