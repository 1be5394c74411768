// What lines of a screen are made of, as a number: where it is the same, they look the same.
#include "drivers/vkms/composer/fingerprint.h"

#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>  // the widest vectors that the machine has
#endif

#include <algorithm>
#include <memory>
#include <variant>

#include "drivers/vkms/composer/plane_cut.h"
#include "drm/pixel/format.h"

namespace plugboard::vkms {
namespace {

class Hash {
  public:
    Hash() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }

    void add(std::span<const std::byte> bytes) {
        XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
    }
    template <class T>
    void add_all(std::span<const T> values) {
        add(std::as_bytes(values));
    }
    void add(const Fingerprint& print) {
        add_all(std::span<const uint64_t>({print.low, print.high}));
    }
    Fingerprint value() const {
        const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
        return {.low = hash.low64, .high = hash.high64};
    }

  private:
    struct Free {
        void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
    };
    std::unique_ptr<XXH3_state_t, Free> state_;
};

void append(std::vector<uint64_t>& to, const ColorPipeline& pipeline) {
    for (const ColorOperation& operation : pipeline.operations) {
        to.push_back(operation.index());
        if (const auto* fixed = std::get_if<FixedMatrix>(&operation)) {
            to.push_back(static_cast<uint64_t>(fixed->encoding));
            to.push_back(static_cast<uint64_t>(fixed->range));
        } else if (const auto* curve = std::get_if<Curve>(&operation)) {
            to.push_back(static_cast<uint64_t>(*curve));
        } else {
            for (const int64_t factor : std::get<Matrix3x4>(operation).factors)
                to.push_back(static_cast<uint64_t>(factor));
        }
    }
}

/// All that is no pixel, and what lies beside the picture in memory is none.
void add_numbers(Hash& hash, const ScenePlane& plane) {
    const SourceImage& image = plane.image;
    std::vector<uint64_t> numbers = {image.format,
                                     image.size.width,
                                     image.size.height,
                                     static_cast<uint64_t>(image.encoding),
                                     static_cast<uint64_t>(image.range),
                                     plane.source.x,
                                     plane.source.y,
                                     plane.source.width,
                                     plane.source.height,
                                     static_cast<uint64_t>(plane.destination.x),
                                     static_cast<uint64_t>(plane.destination.y),
                                     plane.destination.width,
                                     plane.destination.height,
                                     plane.rotation.bits,
                                     plane.alpha,
                                     static_cast<uint64_t>(plane.blend_mode),
                                     plane.scaling ? 1 + static_cast<uint64_t>(*plane.scaling) : 0};
    if (plane.pipeline) append(numbers, *plane.pipeline);
    hash.add_all(std::span<const uint64_t>(numbers));
}

void add_pixels(Hash& hash, const SourceImage& image) {
    const drm::FormatInfo& format = *drm::find_format(image.format);
    for (uint32_t i = 0; i < format.num_planes; ++i) {
        const uint64_t rows = drm::plane_height(format, i, image.size.height);
        const uint64_t row_bytes = drm::min_pitch(format, i, image.size.width);
        if (row_bytes == image.planes[i].pitch) {
            hash.add(image.planes[i].at(0, 0, rows * row_bytes));
            continue;
        }
        for (uint64_t y = 0; y < rows; ++y) hash.add(image.planes[i].at(y, 0, row_bytes));
    }
}

}  // namespace

Fingerprint fingerprint_of(const SourceImage& picture) {
    Hash hash;
    hash.add_all(
        std::span<const uint32_t>({picture.format, picture.size.width, picture.size.height}));
    add_pixels(hash, picture);
    return hash.value();
}

Fingerprints::Fingerprints(const Scene& scene, std::span<const Fingerprint> whole_pictures)
    : whole_pictures_(whole_pictures.begin(), whole_pictures.end()) {
    Hash hash;
    hash.add_all(
        std::span<const uint64_t>({scene.size.width, scene.size.height, scene.background.r,
                                   scene.background.g, scene.background.b, scene.degamma.size(),
                                   scene.gamma.size(), uint64_t{scene.ctm.has_value()}}));
    hash.add_all(scene.degamma);
    hash.add_all(scene.gamma);
    if (scene.ctm) hash.add_all(std::span<const uint64_t>(scene.ctm->factors));
    frame_ = hash.value();
}

Fingerprint Fingerprints::of(std::span<const ScenePlane> planes, uint32_t top,
                             uint32_t bottom) const {
    Hash hash;
    hash.add(frame_);
    for (size_t i = 0; i < planes.size(); ++i) {
        const ScenePlane& plane = planes[i];
        if (plane.destination.is_empty() || plane.destination.y >= int64_t{bottom} ||
            plane.destination.bottom() <= int64_t{top})
            continue;
        if (is_read_line_by_line(plane)) {
            const ScenePlane part = cut_to_lines(plane, top, bottom);
            add_numbers(hash, part);
            add_pixels(hash, part.image);
        } else {
            add_numbers(hash, plane);
            hash.add(whole_pictures_[i]);
        }
    }
    return hash.value();
}

}  // namespace plugboard::vkms
