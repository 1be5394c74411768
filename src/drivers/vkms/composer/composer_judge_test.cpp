// The composer's CRCs are those of the judge in Python, for scenes that no kernel was asked about.
// tests/composer/compose.py says how a scene is written, and wrote tests/composer/scenes.txt.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"
#include "tests/support/reference_scene.h"

namespace plugboard::vkms {
namespace {

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

    bool has(const std::string& key) const { return values.count(key) != 0; }
    uint64_t number(const std::string& key) const {
        return std::strtoull(values.at(key).c_str(), nullptr, 0);
    }
    drm::Size size(const std::string& key) const {
        drm::Size size;
        std::sscanf(values.at(key).c_str(), "%ux%u", &size.width, &size.height);
        return size;
    }
};

Matrix3x4 judged_matrix(int64_t k) {
    Matrix3x4 matrix;
    for (int64_t i = 0; i < 12; ++i)
        matrix.factors[static_cast<size_t>(i)] =
            ((i * 7 + k * 5) % 11 - 4) * (int64_t{1} << 29) + 12345 * k;
    return matrix;
}

/// "f01,e,m3": a fixed matrix of an encoding and a range, a curve, a matrix.
ColorPipeline judged_pipeline(const std::string& text) {
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

Ctm judged_ctm(int64_t k) {
    Ctm ctm;
    for (int64_t i = 0; i < 9; ++i) {
        const int64_t large = k % 3 != 0 ? 1 : int64_t{1} << k;
        const int64_t factor = ((i * 5 + k * 7) % 13 - 6) * (int64_t{1} << 30) * large + 54321 * k;
        const auto size = static_cast<uint64_t>(factor < 0 ? -factor : factor);
        ctm.factors[static_cast<size_t>(i)] = size | (factor < 0 ? uint64_t{1} << 63 : 0);
    }
    return ctm;
}

drm::BlendMode judged_blend_mode(const std::string& word) {
    if (word == "coverage") return drm::BlendMode::Coverage;
    return word == "none" ? drm::BlendMode::None : drm::BlendMode::Premultiplied;
}

/// What only some planes say.
void add_what_is_rare(ScenePlane& plane, const JudgedPart& part) {
    if (part.has("alpha")) plane.alpha = static_cast<uint16_t>(part.number("alpha"));
    if (part.has("blend")) plane.blend_mode = judged_blend_mode(part.values.at("blend"));
    if (!part.has("filter")) return;
    plane.scaling = part.values.at("filter") == "nearest" ? drm::ScalingFilter::NearestNeighbor
                                                          : drm::ScalingFilter::Default;
    std::sscanf(part.values.at("source").c_str(), "%u,%u,%u,%u", &plane.source.x, &plane.source.y,
                &plane.source.width, &plane.source.height);
    plane.destination.width = part.size("shown").width;
    plane.destination.height = part.size("shown").height;
}

/// A scene with all that it borrows.
class JudgedScene {
  public:
    explicit JudgedScene(const std::string& line) {
        std::istringstream parts(line);
        std::string part;
        std::getline(parts, part, '|');
        const JudgedPart screen(part);
        crc = static_cast<uint32_t>(screen.number("crc"));
        gamma_ = tests::reference_gamma(screen.number("gamma"));
        while (std::getline(parts, part, '|')) add_plane(JudgedPart(part));
        scene = {.size = screen.size("size"),
                 .background = background_color(screen.number("background")),
                 .planes = planes_,
                 .gamma = gamma_};
        if (screen.has("degamma")) {
            degamma_ = tests::reference_gamma(screen.number("degamma"));
            scene.degamma = degamma_;
        }
        if (screen.has("ctm")) scene.ctm = judged_ctm(static_cast<int64_t>(screen.number("ctm")));
    }
    JudgedScene(const JudgedScene&) = delete;
    JudgedScene& operator=(const JudgedScene&) = delete;

    Scene scene;
    uint32_t crc = 0;

  private:
    void add_plane(const JudgedPart& part) {
        const drm::Size size = part.size("size");
        const drm::Size cut = part.size("cut");
        pictures_.push_back(
            tests::raw_picture(tests::format_named(part.name), size.width, size.height));
        int32_t x = 0;
        int32_t y = 0;
        std::sscanf(part.values.at("at").c_str(), "%d,%d", &x, &y);
        const drm::Rotation rotation{.bits = static_cast<uint32_t>(part.number("rotation"))};
        ScenePlane plane = at(pictures_.back(), x, y, rotation);
        uint32_t left = 0;
        uint32_t top = 0;
        std::sscanf(part.values.at("from").c_str(), "%u,%u", &left, &top);
        plane.source = drm::FixedRect::from_pixels(left, top, cut.width, cut.height);
        plane.destination.width = rotation.swaps_axes() ? cut.height : cut.width;
        plane.destination.height = rotation.swaps_axes() ? cut.width : cut.height;
        plane.image.encoding = static_cast<ColorEncoding>(part.number("encoding"));
        plane.image.range = static_cast<ColorRange>(part.number("range"));
        if (part.values.at("pipeline") != "none") {
            pipelines_.push_back(judged_pipeline(part.values.at("pipeline")));
            plane.pipeline = &pipelines_.back();
        }
        add_what_is_rare(plane, part);
        planes_.push_back(plane);
    }

    std::deque<tests::RawPicture> pictures_;
    std::deque<ColorPipeline> pipelines_;
    std::vector<ScenePlane> planes_;
    std::vector<drm_color_lut> gamma_, degamma_;
};

TEST(ComposerJudge, agrees_about_every_scene) {
    std::ifstream file(PLUGBOARD_SOURCE_DIR "/tests/composer/scenes.txt");
    size_t scenes = 0;
    for (std::string line; std::getline(file, line); ++scenes) {
        const JudgedScene judged(line);
        EXPECT_EQ(crc_of(judged.scene), judged.crc) << line;
    }
    EXPECT_GE(scenes, 250U);
}

}  // namespace
}  // namespace plugboard::vkms
