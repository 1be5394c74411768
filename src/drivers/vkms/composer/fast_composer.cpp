// Composes what the Composer composes, bit for bit, many times faster.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c
#include "drivers/vkms/composer/fast_composer.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "drivers/vkms/composer/cover.h"
#include "drivers/vkms/composer/fingerprint.h"
#include "drivers/vkms/composer/line_crc.h"
#include "drivers/vkms/composer/pixel_writer.h"
#include "drivers/vkms/composer/plane_lines.h"
#include "drivers/vkms/composer/still_planes.h"
#include "drivers/vkms/composer/vector_lines.h"

namespace plugboard::vkms {
namespace {

// Three pieces of a line and what is read for them lie in the first cache.
constexpr uint32_t piece_pixels = 512;
using Piece = std::array<Argb16, piece_pixels>;

/// Lines of one scene, from the top to the bottom.
class Pass {
  public:
    Pass(const Scene& scene, const Outputs& outputs, const GammaTable& degamma,
         const GammaTable& gamma)
        : scene_(scene), outputs_(outputs), degamma_(degamma), gamma_(gamma) {
        background_.fill(scene.background);
        planes_.reserve(scene.planes.size());
        for (const ScenePlane& plane : scene.planes) planes_.emplace_back(plane, scene.size);
        for (const TargetImage& target : outputs.images)
            writers_.push_back(find_writer(target.format));
        copies_ = outputs.crc == nullptr && scene.degamma.empty() && !scene.ctm &&
                  scene.gamma.empty() &&
                  std::ranges::all_of(outputs.images, [](const TargetImage& target) {
                      return target.format == DRM_FORMAT_XRGB8888;
                  });
    }

    /// Lines from `top` to before `bottom`.
    void run(uint32_t top, uint32_t bottom) {
        const auto hides = std::make_unique<bool[]>(planes_.size());
        for (size_t i = 0; i < planes_.size(); ++i) hides[i] = planes_[i].is_opaque();
        for (const CoverBand& band : cover_of(scene_, {hides.get(), planes_.size()})) {
            const uint32_t end = std::min(band.bottom, bottom);
            for (uint32_t y = std::max(band.top, top); y < end; ++y) {
                for (const CoverSpan& span : band.spans) compose_span(span, y);
            }
        }
    }
    uint32_t crc() const { return crc_; }

  private:
    void compose_span(const CoverSpan& span, uint32_t y) {
        for (uint32_t x = span.left; x < span.right; x += piece_pixels) {
            const uint32_t count = std::min(piece_pixels, span.right - x);
            if (copies_ && copy_piece(span, x, y, count)) continue;
            const std::span<Argb16> line(line_.data(), count);
            draw(span, x, y, line);
            degamma_.apply(line);
            if (scene_.ctm) apply_ctm(*scene_.ctm, line);
            gamma_.apply(line);
            if (outputs_.crc != nullptr) crc_ = update_crc(crc_, line);
            for (size_t i = 0; i < writers_.size(); ++i)
                write(outputs_.images[i], *writers_[i], x, y, line);
        }
    }

    void draw(const CoverSpan& span, uint32_t x, uint32_t y, std::span<Argb16> line) {
        std::span<const size_t> planes = span.planes;
        if (span.is_filled) {
            planes_[planes.front()].read(x, y, line);
            planes = planes.subspan(1);
        } else {
            std::ranges::copy(std::span(background_).first(line.size()), line.begin());
        }
        const std::span<Argb16> stage(stage_.data(), line.size());
        for (const size_t plane : planes) {
            planes_[plane].read(x, y, stage);
            blend_in_vectors(stage, line);
        }
    }

    static void write(const TargetImage& target, const PixelWriter& writer, uint32_t x, uint32_t y,
                      std::span<const Argb16> line) {
        const uint64_t size = writer.bytes_per_pixel;
        const auto row = target.memory.at(y, x * size, line.size() * size);
        write_in_vectors(writer, line.first(row.size() / size), row.data());
    }

    /// One picture of 8 bits a channel stays as it is.
    bool copy_piece(const CoverSpan& span, uint32_t x, uint32_t y, uint32_t count) {
        if (!span.is_filled || span.planes.size() != 1) return false;
        const std::byte* source = planes_[span.planes.front()].xrgb8888_at(x, y);
        if (source == nullptr) return false;
        for (const TargetImage& target : outputs_.images) {
            const auto row = target.memory.at(y, uint64_t{x} * 4, uint64_t{count} * 4);
            copy_opaque(source, row.data(), row.size() / 4);
        }
        return true;
    }

    const Scene& scene_;
    const Outputs& outputs_;
    const GammaTable& degamma_;
    const GammaTable& gamma_;
    std::vector<PlaneLines> planes_;
    std::vector<const PixelWriter*> writers_;
    bool copies_ = false;  // nobody needs 16 bits
    uint32_t crc_ = crc_seed;
    alignas(64) Piece background_;
    alignas(64) Piece line_;
    alignas(64) Piece stage_;
};

/// Where slices of the screen begin, and the end.
std::vector<uint32_t> cut(uint32_t height, uint32_t slices) {
    std::vector<uint32_t> cuts;
    for (uint32_t i = 0; i <= slices; ++i)
        cuts.push_back(static_cast<uint32_t>(uint64_t{height} * i / slices));
    return cuts;
}

/// More than there are hands, so that one that is late does not hold up the others.
uint32_t slices_for(drm::Size size, size_t hands) {
    constexpr uint64_t least_pixels = 256 * 256;
    const uint64_t most = hands == 1 ? 1 : hands * 4;
    return static_cast<uint32_t>(std::clamp<uint64_t>(size.area() / least_pixels, 1, most));
}

/// So low that little is composed for a small change, and a multiple of what is read of columns.
std::vector<uint32_t> kept_cuts(uint32_t height) {
    constexpr uint32_t lines = 32;
    return cut(height, std::max(height / lines, 1U));
}

uint32_t join(std::span<const uint32_t> crcs, std::span<const uint32_t> cuts, uint32_t width) {
    uint32_t all = crc_seed;
    for (size_t i = 0; i < crcs.size(); ++i)
        all = join_crcs(all, crcs[i], uint64_t{cuts[i + 1] - cuts[i]} * width);
    return all;
}

}  // namespace

Result<void> FastComposer::prepare(const Scene& scene, const Outputs& outputs) {
    TRY(validate(scene, outputs));
    TRY(degamma_.set(scene.degamma));
    return gamma_.set(scene.gamma);
}

void FastComposer::run(size_t count, const std::function<void(size_t)>& job) {
    if (helpers_ != nullptr) return helpers_->run(count, job);
    for (size_t i = 0; i < count; ++i) job(i);
}

Result<void> FastComposer::compose(const Scene& scene, const Outputs& outputs) {
    TRY(prepare(scene, outputs));
    const auto cuts = cut(scene.size.height, slices_for(scene.size, hands_));
    std::vector<uint32_t> crcs(cuts.size() - 1);
    run(crcs.size(), [&](size_t i) {
        Pass pass(scene, outputs, degamma_, gamma_);
        pass.run(cuts[i], cuts[i + 1]);
        crcs[i] = pass.crc();
    });
    if (outputs.crc != nullptr) *outputs.crc = join(crcs, cuts, scene.size.width);
    return {};
}

std::vector<Fingerprint> FastComposer::look_at(const Scene& scene) {
    std::vector<Fingerprint> whole_pictures(scene.planes.size());
    for (size_t i = 0; i < scene.planes.size(); ++i) {
        if (!is_read_line_by_line(scene.planes[i]))
            whole_pictures[i] = fingerprint_of(scene.planes[i].image);
    }
    const Fingerprints fingerprints(scene, whole_pictures);
    const auto cuts = kept_cuts(scene.size.height);
    std::vector<Fingerprint> seen(cuts.size() - 1);
    run(seen.size(),
        [&](size_t i) { seen[i] = fingerprints.of(scene.planes, cuts[i], cuts[i + 1]); });
    return seen;
}

Result<void> FastComposer::compose(const Scene& scene, uint32_t& crc, KeptCrcs& kept) {
    const Outputs outputs{.crc = &crc, .images = {}};
    const KeptCrcs::Look look = kept.begin_frame();
    if (look == KeptCrcs::Look::None) return compose(scene, outputs);
    TRY(prepare(scene, outputs));
    if (look == KeptCrcs::Look::Compare) {
        kept.compare(look_at(scene));
        return compose(scene, outputs);
    }
    const auto cuts = kept_cuts(scene.size.height);
    std::vector<KeptCrcs::Slice>& slices = kept.slices(cuts.size() - 1);
    // What a CRC is kept for is what it was made of, even if a client draws meanwhile.
    std::vector<ScenePlane> planes(scene.planes.begin(), scene.planes.end());
    const auto whole_pictures = kept.copy_whole_pictures(planes);
    if (!whole_pictures.ok()) return compose(scene, outputs);
    const Fingerprints fingerprints(scene, whole_pictures.value());
    Scene live = scene;
    live.planes = planes;
    std::vector<uint32_t> crcs(slices.size());
    std::atomic<size_t> reused = 0;
    std::atomic<bool> has_memory = true;
    run(slices.size(), [&](size_t i) {
        KeptCrcs::Slice& slice = slices[i];
        if (slice.made_of == fingerprints.of(live.planes, cuts[i], cuts[i + 1])) {
            ++reused;
        } else {
            slice.made_of.reset();
            // The hand's own: memory that is fresh for each slice costs more than its copy.
            thread_local StillPlanes copies;
            const auto lines = copies.copy(live.planes, cuts[i], cuts[i + 1]);
            if (!lines.ok()) {
                has_memory = false;
                return;
            }
            Scene still = live;
            still.planes = *lines;
            Pass pass(still, outputs, degamma_, gamma_);
            pass.run(cuts[i], cuts[i + 1]);
            slice.made_of = fingerprints.of(still.planes, cuts[i], cuts[i + 1]);
            slice.crc = pass.crc();
        }
        crcs[i] = slice.crc;
    });
    if (!has_memory) return compose(scene, outputs);
    crc = join(crcs, cuts, scene.size.width);
    kept.end_frame(reused);
    return {};
}

}  // namespace plugboard::vkms
