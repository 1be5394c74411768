// What lines of a screen are made of, as a number: where it is the same, they look the same.
#include "drivers/vkms/composer/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <variant>

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

std::vector<uint64_t> numbers_of(const ScenePlane& plane) {
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
    for (const PlaneMemory& memory : image.planes) numbers.push_back(memory.pitch);
    if (plane.pipeline) append(numbers, *plane.pipeline);
    return numbers;
}

/// Rows `first` to `last` of the picture, whole, with what lies between them in memory.
void add_rows(Hash& hash, const SourceImage& image, uint64_t first, uint64_t last) {
    const drm::FormatInfo& format = *drm::find_format(image.format);
    for (uint32_t i = 0; i < format.num_planes; ++i) {
        const uint64_t lines = drm::plane_height(format, i, image.size.height);
        const uint64_t share = std::max<uint64_t>((image.size.height + lines - 1) / lines, 1);
        const uint64_t begin = first / share, end = last / share + 1;
        hash.add(image.planes[i].at(begin, 0, (end - begin) * image.planes[i].pitch));
    }
}

bool is_read_line_by_line(const ScenePlane& plane) {
    return !plane.scaling && !plane.rotation.swaps_axes();
}

std::optional<Fingerprint> whole_picture_of(const ScenePlane& plane) {
    if (is_read_line_by_line(plane) || plane.image.size.height == 0) return std::nullopt;
    Hash hash;
    add_rows(hash, plane.image, 0, plane.image.size.height - 1);
    return hash.value();
}

}  // namespace

Fingerprints::Fingerprints(const Scene& scene) : scene_(scene) {
    Hash hash;
    hash.add_all(
        std::span<const uint64_t>({scene.size.width, scene.size.height, scene.background.r,
                                   scene.background.g, scene.background.b, scene.degamma.size(),
                                   scene.gamma.size(), uint64_t{scene.ctm.has_value()}}));
    hash.add_all(scene.degamma);
    hash.add_all(scene.gamma);
    if (scene.ctm) hash.add_all(std::span<const uint64_t>(scene.ctm->factors));
    frame_ = hash.value();
    planes_.reserve(scene.planes.size());
    for (const ScenePlane& plane : scene.planes)
        planes_.push_back({.numbers = numbers_of(plane), .whole_picture = whole_picture_of(plane)});
}

Fingerprint Fingerprints::of(uint32_t top, uint32_t bottom) const {
    Hash hash;
    hash.add(frame_);
    for (size_t i = 0; i < planes_.size(); ++i) {
        const ScenePlane& plane = scene_.planes[i];
        const int64_t first = std::max<int64_t>(top, plane.destination.y);
        const int64_t last = std::min<int64_t>(bottom, plane.destination.bottom()) - 1;
        if (first > last || plane.destination.width == 0) continue;
        hash.add_all(std::span<const uint64_t>(planes_[i].numbers));
        if (planes_[i].whole_picture) {
            hash.add(*planes_[i].whole_picture);
            continue;
        }
        const int64_t a = walk_through(plane, plane.destination.x, first).y;
        const int64_t b = walk_through(plane, plane.destination.x, last).y;
        const int64_t height = plane.image.size.height;
        const int64_t from = std::max<int64_t>(std::min(a, b), 0);
        const int64_t to = std::min(std::max(a, b), height - 1);
        if (from <= to)
            add_rows(hash, plane.image, static_cast<uint64_t>(from), static_cast<uint64_t>(to));
    }
    return hash.value();
}

bool Fingerprints::still_holds() const {
    for (size_t i = 0; i < planes_.size(); ++i) {
        if (planes_[i].whole_picture != whole_picture_of(scene_.planes[i])) return false;
    }
    return true;
}

}  // namespace plugboard::vkms
