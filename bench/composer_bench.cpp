// Composing frames: the fast composer beside the scalar reference, pixman and a plain copy.
//   composer_bench --benchmark_filter=4096x2160
// "frames" a second; "pixels" of the screen a second; "bytes" read from what is seen of the planes
// and written to the target, a second.
#include <benchmark/benchmark.h>
#include <drm_fourcc.h>
#include <pixman.h>

#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "drivers/vkms/composer/composer.h"
#include "drivers/vkms/composer/fast_composer.h"
#include "drivers/vkms/composer/line_reader.h"
#include "drm/pixel/format.h"
#include "tests/support/raw_picture.h"

namespace {

using namespace plugboard;
using plugboard::tests::RawPicture;
using vkms::Scene;
using vkms::ScenePlane;

/// A plane of a case.
struct Part {
    uint32_t format;
    uint32_t width, height;
    int32_t x = 0, y = 0;
    uint32_t rotation = DRM_MODE_ROTATE_0;
};

struct Case {
    std::string name;
    drm::Size size;
    std::vector<Part> parts;
    bool crc = false;
};

/// A case's pictures, scene and target.
class Screen {
  public:
    explicit Screen(const Case& of) : case_(of), bytes_(of.size.area() * 4) {
        for (const Part& part : of.parts) {
            pictures_.push_back(tests::raw_picture(part.format, part.width, part.height));
            const RawPicture& picture = pictures_.back();
            ScenePlane plane;
            plane.image.format = picture.format;
            plane.image.size = {.width = picture.width, .height = picture.height};
            for (uint32_t i = 0; i < picture.planes.size(); ++i)
                plane.image.planes[i] = {.bytes = picture.planes[i], .pitch = picture.pitch(i)};
            plane.source = drm::FixedRect::from_pixels(0, 0, picture.width, picture.height);
            plane.rotation = {part.rotation};
            const bool turned = plane.rotation.swaps_axes();
            plane.destination = {.x = part.x,
                                 .y = part.y,
                                 .width = turned ? part.height : part.width,
                                 .height = turned ? part.width : part.height};
            planes_.push_back(plane);
        }
        scene_ = {.size = of.size, .planes = planes_};
        target_ = {.format = DRM_FORMAT_XRGB8888,
                   .memory = {.bytes = bytes_, .pitch = of.size.width * 4}};
    }

    const Scene& scene() const { return scene_; }
    vkms::Outputs outputs() {
        return {.crc = case_.crc ? &crc_ : nullptr, .images = {&target_, 1}};
    }
    std::vector<std::byte>& target() { return bytes_; }
    std::deque<RawPicture>& pictures() { return pictures_; }

    /// What is seen of the planes, and the target.
    double bytes_moved() const {
        double bytes = static_cast<double>(case_.size.area()) * 4;
        std::vector<uint8_t> seen(case_.size.area());
        for (size_t i = planes_.size(); i-- > 0;) {
            const auto& info = *drm::find_format(planes_[i].image.format);
            double all = 0;
            for (const auto& plane : pictures_[i].planes) all += static_cast<double>(plane.size());
            const drm::Rect shown = drm::intersect(
                planes_[i].destination,
                {.x = 0, .y = 0, .width = case_.size.width, .height = case_.size.height});
            uint64_t count = 0;
            for (int64_t y = shown.y; y < shown.bottom(); ++y) {
                for (int64_t x = shown.x; x < shown.right(); ++x) {
                    uint8_t& hidden = seen[static_cast<size_t>(y * case_.size.width + x)];
                    if (!hidden) ++count;
                    if (!info.has_alpha) hidden = 1;
                }
            }
            bytes += all * static_cast<double>(count) /
                     static_cast<double>(planes_[i].destination.size().area());
        }
        return bytes;
    }

  private:
    const Case& case_;
    std::deque<RawPicture> pictures_;
    std::vector<ScenePlane> planes_;
    std::vector<std::byte> bytes_;
    vkms::TargetImage target_;
    Scene scene_;
    uint32_t crc_ = 0;
};

void report(benchmark::State& state, const Case& of, const Screen& screen) {
    const auto frames = static_cast<double>(state.iterations());
    const auto rate = [&](double amount) {
        return benchmark::Counter(frames * amount, benchmark::Counter::kIsRate);
    };
    state.counters["frames"] = rate(1);
    state.counters["pixels"] = rate(static_cast<double>(of.size.area()));
    state.counters["bytes"] = rate(screen.bytes_moved());
}

template <class Composer>
void compose(benchmark::State& state, const Case& of, Composer&& composer) {
    Screen screen(of);
    for (auto _ : state) {
        if (!composer.compose(screen.scene(), screen.outputs()).ok())
            state.SkipWithError("not composed");
        benchmark::ClobberMemory();
    }
    report(state, of, screen);
}

/// The CRC of a picture of which so many lines change from frame to frame.
void compose_changes(benchmark::State& state, const Case& of, uint32_t lines) {
    Screen screen(of);
    vkms::FastComposer composer;
    vkms::KeptCrcs kept;
    uint32_t crc = 0;
    RawPicture& picture = screen.pictures().front();
    const auto compose_next = [&] {
        for (uint32_t y = 0; y < lines; ++y)
            picture.planes[0][size_t{y} * picture.pitch(0)] ^= std::byte{1};
        if (!composer.compose(screen.scene(), crc, kept).ok()) state.SkipWithError("not composed");
        benchmark::DoNotOptimize(crc);
    };
    for (int frame = 0; frame < 4; ++frame) compose_next();  // copies have their memory then
    for (auto _ : state) compose_next();
    report(state, of, screen);
}

/// The nearest that pixman has; 0: nothing.
pixman_format_code_t pixman_format(uint32_t format) {
    switch (format) {
        case DRM_FORMAT_XRGB8888: return PIXMAN_x8r8g8b8;
        case DRM_FORMAT_ARGB8888: return PIXMAN_a8r8g8b8;
        case DRM_FORMAT_RGB565: return PIXMAN_r5g6b5;
        case DRM_FORMAT_XRGB16161616:
        case DRM_FORMAT_ARGB16161616: return PIXMAN_rgba_float;  // it has no 16 bits a channel
        default: return static_cast<pixman_format_code_t>(0);
    }
}

bool has_pixman(const Case& of) {
    for (const Part& part : of.parts)
        if (pixman_format(part.format) == 0 || part.rotation != DRM_MODE_ROTATE_0) return false;
    return true;
}

/// As compositors use it, which is 8 bits a channel but for pictures that have more.
void compose_with_pixman(benchmark::State& state, const Case& of) {
    using Image = std::unique_ptr<pixman_image_t, decltype(&pixman_image_unref)>;
    Screen screen(of);
    std::deque<std::vector<float>> floats;
    std::vector<Image> sources;
    for (RawPicture& picture : screen.pictures()) {
        auto* bits = reinterpret_cast<uint32_t*>(picture.planes[0].data());
        int pitch = static_cast<int>(picture.pitch(0));
        const pixman_format_code_t format = pixman_format(picture.format);
        if (format == PIXMAN_rgba_float) {
            floats.emplace_back(size_t{picture.width} * picture.height * 4, 1.0F);
            bits = reinterpret_cast<uint32_t*>(floats.back().data());
            pitch = static_cast<int>(picture.width * 16);
        }
        sources.emplace_back(
            pixman_image_create_bits(format, static_cast<int>(picture.width),
                                     static_cast<int>(picture.height), bits, pitch),
            &pixman_image_unref);
    }
    const auto width = static_cast<int>(of.size.width), height = static_cast<int>(of.size.height);
    const Image target(
        pixman_image_create_bits(PIXMAN_x8r8g8b8, width, height,
                                 reinterpret_cast<uint32_t*>(screen.target().data()), width * 4),
        &pixman_image_unref);
    const pixman_color_t black{0, 0, 0, 0xffff};
    const pixman_box32_t all{0, 0, width, height};
    for (auto _ : state) {
        pixman_image_fill_boxes(PIXMAN_OP_SRC, target.get(), &black, 1, &all);
        for (size_t i = 0; i < sources.size(); ++i) {
            const Part& part = of.parts[i];
            const bool has_alpha = drm::find_format(part.format)->has_alpha;
            pixman_image_composite32(has_alpha ? PIXMAN_OP_OVER : PIXMAN_OP_SRC, sources[i].get(),
                                     nullptr, target.get(), 0, 0, 0, 0, part.x, part.y,
                                     static_cast<int>(part.width), static_cast<int>(part.height));
        }
        benchmark::ClobberMemory();
    }
    report(state, of, screen);
}

/// As many bytes read and as many written as a screen has.
void copy(benchmark::State& state, drm::Size size) {
    const size_t bytes = size.area() * 4;
    std::vector<std::byte> from(bytes, std::byte{1}), to(bytes);
    for (auto _ : state) {
        std::memcpy(to.data(), from.data(), bytes);
        benchmark::ClobberMemory();
    }
    state.counters["frames"] =
        benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
    state.counters["bytes"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * 2 * static_cast<double>(bytes),
                           benchmark::Counter::kIsRate);
}

std::string name_of_changes(uint32_t lines, uint32_t height) {
    if (lines == 0) return "still";
    return lines == height ? "all_changes" : "an_eighth_changes";
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const drm::Size size : {drm::Size{1920, 1080}, drm::Size{4096, 2160}}) {
        const auto full = [&](uint32_t format) { return Part{format, size.width, size.height}; };
        const auto add = [&](const std::string& name, std::vector<Part> parts) {
            for (const bool crc : {false, true}) all.push_back({name, size, parts, crc});
        };
        // A 4096x2160 screen's, and half of each side on the smaller one.
        const uint32_t part = size.width == 4096 ? 1 : 2;
        const auto x = static_cast<int32_t>(101 / part);
        add("XR24", {full(DRM_FORMAT_XRGB8888)});
        add("AR24", {full(DRM_FORMAT_ARGB8888)});
        add("XR24_XR48_AR24", {{DRM_FORMAT_XRGB8888, 3639 / part, 2160 / part, x},
                               {DRM_FORMAT_XRGB16161616, 3033 / part, 1777 / part, x},
                               {DRM_FORMAT_ARGB8888, 1507 / part, 1400 / part, x}});
        add("XR48", {full(DRM_FORMAT_XRGB16161616)});
        add("XR24_AR48", {full(DRM_FORMAT_XRGB8888), full(DRM_FORMAT_ARGB16161616)});
        add("RG16", {full(DRM_FORMAT_RGB565)});
        add("NV12", {full(DRM_FORMAT_NV12)});
        Part turned{DRM_FORMAT_XRGB8888, size.height, size.width};
        turned.rotation = DRM_MODE_ROTATE_90;
        add("XR24_rotate-90", {turned});
        Part upside_down = full(DRM_FORMAT_XRGB8888);
        upside_down.rotation = DRM_MODE_ROTATE_180;
        add("XR24_rotate-180", {upside_down});
    }
    // Each format, through the path that AR24 needs.
    for (const uint32_t format : vkms::readable_formats())
        all.push_back({"format_" + drm::fourcc_name(format), {1920, 1080}, {{format, 1920, 1080}}});
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<Case> all = cases();
    const auto add = [](const std::string& name, auto run) {
        benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMillisecond);
    };
    const drm::Size* last = nullptr;
    for (const Case& of : all) {
        const std::string size =
            std::to_string(of.size.width) + "x" + std::to_string(of.size.height);
        const drm::Size screen = of.size;
        if (last == nullptr || *last != screen)
            add("memcpy/" + size, [screen](benchmark::State& state) { copy(state, screen); });
        last = &of.size;
        const std::string name = of.name + (of.crc ? "_crc/" : "/") + size;
        add("ours/" + name,
            [&of](benchmark::State& state) { compose(state, of, vkms::FastComposer()); });
        add("two_threads/" + name, [&of](benchmark::State& state) {
            vkms::Helpers helper(1);
            compose(state, of, vkms::FastComposer(helper, 2));
        });
        if (of.crc) {
            const uint32_t height = of.size.height;
            for (const uint32_t lines : {0U, height / 8, height}) {
                add(name_of_changes(lines, height) + "/" + name,
                    [&of, lines](benchmark::State& state) { compose_changes(state, of, lines); });
            }
        }
        add("scalar/" + name,
            [&of](benchmark::State& state) { compose(state, of, vkms::Composer()); });
        if (!of.crc && has_pixman(of))
            add("pixman/" + name,
                [&of](benchmark::State& state) { compose_with_pixman(state, of); });
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
