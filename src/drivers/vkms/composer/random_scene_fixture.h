// For tests of the composer: scenes of any pictures, wherever and however they are shown.
#pragma once

#include <rapidcheck.h>

#include <deque>
#include <vector>

#include "drivers/vkms/composer/composer_fixture.h"
#include "drivers/vkms/composer/line_reader.h"
#include "drm/pixel/format.h"
#include "tests/support/reference_scene.h"

namespace plugboard::vkms {

inline constexpr uint32_t rotations[] = {DRM_MODE_ROTATE_0, DRM_MODE_ROTATE_90, DRM_MODE_ROTATE_180,
                                         DRM_MODE_ROTATE_270};
inline constexpr uint32_t reflections[] = {0, DRM_MODE_REFLECT_X, DRM_MODE_REFLECT_Y,
                                           DRM_MODE_REFLECT_X | DRM_MODE_REFLECT_Y};

/// A scene and all it borrows.
struct RandomScene {
    std::deque<tests::RawPicture> pictures;
    std::vector<ScenePlane> planes;
    std::vector<drm_color_lut> gamma, degamma = tests::reference_gamma(17);
    ColorPipeline pipeline{{Curve::SrgbEotf, Curve::SrgbInverseEotf}};
    ColorPipeline yuv_pipeline{
        {FixedMatrix{.encoding = ColorEncoding::Bt709, .range = ColorRange::Limited},
         Matrix3x4{{3LL << 30, 0, 1LL << 31, 0, 0, -(1LL << 32), 0, 1LL << 32, 0, 0, 5, 7}},
         Curve::SrgbInverseEotf}};
    Scene scene;
};

inline uint32_t number(uint32_t from, uint32_t to) {
    return *rc::gen::inRange(from, to);
}

inline void scale_at_random(ScenePlane& plane) {
    const drm::Size size = plane.image.size;
    plane.scaling = drm::ScalingFilter{number(0, 2)};
    plane.destination.width = number(1, 120);
    plane.destination.height = number(1, 90);
    // Most lie within the picture, at any fraction.
    plane.source.x = number(0, size.width << 16);
    plane.source.y = number(0, size.height << 16);
    plane.source.width = number(1, (size.width << 16) - plane.source.x + 2);
    plane.source.height = number(1, (size.height << 16) - plane.source.y + 2);
    if (number(0, 8) == 0) plane.source.x += 3 << 16;
}

inline void make_random(RandomScene& random) {
    random.scene.size = {.width = number(1, 90), .height = number(1, 50)};
    const auto formats = readable_formats();
    const uint32_t count = number(0, 5);
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t format = *rc::gen::elementOf(formats);
        // An even size: halves of samples are another test's.
        random.pictures.push_back(tests::raw_picture(format, 2 * number(1, 50), 2 * number(1, 40)));
        tests::RawPicture& picture = random.pictures.back();
        const drm::Rotation rotation{rotations[number(0, 4)] | reflections[number(0, 4)]};
        ScenePlane plane = at(picture, static_cast<int32_t>(number(0, 120)) - 40,
                              static_cast<int32_t>(number(0, 90)) - 40, rotation);
        plane.source.x = number(0, 3) << 16;  // may lead out of the picture
        plane.source.y = number(0, 2) << 15;
        plane.image.encoding = ColorEncoding{number(0, 3)};
        plane.image.range = ColorRange{number(0, 2)};
        if (number(0, 8) == 0)
            plane.pipeline =
                drm::find_format(format)->is_yuv ? &random.yuv_pipeline : &random.pipeline;
        if (number(0, 6) == 0) plane.image.planes[0].offset = number(0, 200);
        if (number(0, 3) == 0) plane.alpha = *rc::gen::arbitrary<uint16_t>();
        plane.blend_mode = drm::BlendMode{number(0, 3)};
        if (number(0, 3) == 0) scale_at_random(plane);
        random.planes.push_back(plane);
    }
    random.scene.planes = random.planes;
    random.scene.background = background_color(*rc::gen::arbitrary<uint64_t>());
    if (number(0, 4) == 0) random.gamma = tests::reference_gamma(256);
    random.scene.gamma = random.gamma;
    if (number(0, 4) == 0) random.scene.degamma = random.degamma;
    if (number(0, 4) == 0) {
        random.scene.ctm.emplace();
        for (uint64_t& factor : random.scene.ctm->factors)
            factor = *rc::gen::arbitrary<uint64_t>() & 0x8000'0001'ffff'ffff;
    }
}

}  // namespace plugboard::vkms
