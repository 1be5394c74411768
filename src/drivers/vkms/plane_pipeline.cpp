#include "drivers/vkms/plane_pipeline.h"

#include <array>
#include <cstring>

#include "drm/atomic/check.h"
#include "uapi/drm_extra.h"

namespace plugboard::vkms {
namespace {

const drm::ColoropState& next_state_of(drm::atomic::State& state, const drm::Colorop& colorop) {
    const drm::atomic::ColoropChange* change = state.find(colorop);
    return change ? change->new_state : colorop.state;
}

/// Nothing: it leaves colors as they are.
std::optional<ColorOperation> operation_of(drm::ColoropType type, const drm::ColoropState& state) {
    if (state.bypass) return std::nullopt;
    switch (type) {
        case drm::ColoropType::Curve1d:
            return state.curve == drm::Curve1d::SrgbEotf ? Curve::SrgbEotf : Curve::SrgbInverseEotf;
        case drm::ColoropType::FixedMatrix:
            return FixedMatrix{.encoding = state.fixed_matrix.encoding,
                               .range = state.fixed_matrix.range};
        case drm::ColoropType::Matrix3x4: break;
    }
    if (!state.data) return std::nullopt;
    std::array<uint64_t, 12> numbers{};
    static_assert(sizeof(numbers) == sizeof(drm_color_ctm_3x4));  // the core has checked the blob
    std::memcpy(numbers.data(), (*state.data)->bytes().data(), sizeof(numbers));
    return Matrix3x4::from_sign_magnitude(numbers);
}

}  // namespace

std::vector<drm::ColoropType> color_operations() {
    using enum drm::ColoropType;
    return {FixedMatrix, Curve1d, Matrix3x4, Matrix3x4, Curve1d};
}

Result<void> check_color_pipeline(drm::atomic::State& state,
                                  const drm::atomic::PlaneChange& change) {
    const drm::PlaneState& next = change.new_state;
    if (!next.color_pipeline || !(*next.fb)->format().is_yuv) return {};
    // An operation that is bypassed has no effect, so it converts nothing either.
    if (!next_state_of(state, *next.color_pipeline).bypass) return {};
    return state.refuse(
        Errno::Inval, "{}: {} has YUV format {}, but {}, which would make RGB of it, has BYPASS 1",
        drm::atomic::name_of(*change.plane), drm::atomic::name_of(**next.fb),
        drm::fourcc_name((*next.fb)->format().fourcc), drm::atomic::name_of(*next.color_pipeline));
}

void pull_in_pipeline(drm::atomic::State& state, const drm::atomic::PlaneChange& change) {
    if (!change.new_state.color_pipeline) return;
    for (const auto& operation : change.plane->colorops()) state.colorop(*operation);
}

std::optional<ColorPipeline> color_pipeline_of(drm::atomic::State& state,
                                               const drm::PlaneState& shown) {
    if (!shown.color_pipeline) return std::nullopt;
    ColorPipeline pipeline;
    for (const drm::Colorop* each = shown.color_pipeline; each; each = each->next()) {
        if (auto operation = operation_of(each->colorop_type(), next_state_of(state, *each)))
            pipeline.operations.push_back(*operation);
    }
    return pipeline;
}

}  // namespace plugboard::vkms
