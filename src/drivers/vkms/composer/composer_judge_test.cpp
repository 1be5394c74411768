// The composer's CRCs are those of the judge in Python, for scenes that no kernel was asked about.
// tests/composer/compose.py says how a scene is written, and wrote tests/composer/scenes.txt.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"
#include "drivers/vkms/composer/fast_composer.h"
#include "drivers/vkms/composer/judged_scenes.h"
#include "tests/support/reference_scene.h"

namespace plugboard::vkms {
namespace {

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
        const std::vector<JudgedPart> parts = judged_parts(line);
        const JudgedPart& screen = parts.front();
        crc = static_cast<uint32_t>(screen.number("crc"));
        gamma_ = tests::reference_gamma(screen.number("gamma"));
        for (size_t i = 1; i < parts.size(); ++i) add_plane(parts[i]);
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
        const auto [x, y] = part.place("at");
        const drm::Rotation rotation{.bits = static_cast<uint32_t>(part.number("rotation"))};
        ScenePlane plane = at(pictures_.back(), x, y, rotation);
        const auto [left, top] = part.place("from");
        plane.source = drm::FixedRect::from_pixels(
            static_cast<uint32_t>(left), static_cast<uint32_t>(top), cut.width, cut.height);
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
    FastComposer fast;
    const std::vector<std::string> lines = judged_lines(PLUGBOARD_SOURCE_DIR);
    for (const std::string& line : lines) {
        const JudgedScene judged(line);
        EXPECT_EQ(crc_of(judged.scene), judged.crc) << line;
        uint32_t crc = 0;
        ASSERT_TRUE(fast.compose(judged.scene, {.crc = &crc, .images = {}}).ok());
        EXPECT_EQ(crc, judged.crc) << line;
    }
    EXPECT_GE(lines.size(), 250U);
}

}  // namespace
}  // namespace plugboard::vkms
