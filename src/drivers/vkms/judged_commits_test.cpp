// The scenes of the judge in Python, shown by real commits of a client, give the CRCs that it has
// worked out. tests/composer/compose.py
#include <gtest/gtest.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drivers/vkms/composer/judged_scenes.h"
#include "drivers/vkms/pipeline_fixture.h"
#include "drivers/vkms/profile.h"
#include "tests/support/reference_scene.h"

namespace plugboard::vkms {
namespace {

/// One of the judge's scenes on a board's screen. Each has a client of its own.
class JudgedScreen {
  public:
    JudgedScreen(TestBoard& board, drm::Device& device) : board_(board), client_(device) {}
    ~JudgedScreen() {
        EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);
        std::vector<Setting> settings;
        for (const uint32_t plane : client_.planes) {
            const Setting plain[] = {{plane, "COLOR_PIPELINE", 0},
                                     {plane, "alpha", drm::opaque_alpha},
                                     {plane, "pixel blend mode", value_named(plane, "pre")},
                                     {plane, "SCALING_FILTER", 0}};
            settings.insert(settings.end(), std::begin(plain), std::end(plain));
        }
        EXPECT_EQ(client_.atomic(settings, 0), 0) << client_.reason();
    }

    /// Nothing: no card of ours shows it, for its pictures are scaled too far or do not reach.
    std::optional<uint32_t> crc_of(drm::Device& device, const std::string& line) {
        const auto parts = judged_parts(line);
        const int error = show(parts);
        if (error == ERANGE || error == ENOSPC) return std::nullopt;
        EXPECT_EQ(error, 0) << client_.reason();
        EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);
        std::vector<Setting> settings;
        for (size_t i = 1; i < parts.size(); ++i) {
            const std::string& pipeline = parts[i].values.at("pipeline");
            if (pipeline != "none") add_pipeline(settings, plane(i), judged_pipeline(pipeline));
        }
        EXPECT_EQ(client_.atomic(settings, 0), 0) << client_.reason();
        return read_crc(board_, device);
    }

  private:
    /// Planes are in the scene's order: the primary, then overlays.
    uint32_t plane(size_t part) const { return client_.planes[part - 1]; }

    int show(const std::vector<JudgedPart>& parts) {
        const uint32_t crtc = client_.crtcs[0];
        std::vector<Setting> settings = {
            {client_.connectors[1], "CRTC_ID", crtc},
            {crtc, "MODE_ID", client_.add_mode_blob(mode_of(parts[0].size("size")))},
            {crtc, "ACTIVE", 1},
            {crtc, "BACKGROUND_COLOR", parts[0].number("background")},
            {crtc, "GAMMA_LUT", add_table(parts[0], "gamma")},
            {crtc, "DEGAMMA_LUT", add_table(parts[0], "degamma")},
            {crtc, "CTM", add_ctm(parts[0])}};
        for (size_t i = 1; i < parts.size(); ++i) place(settings, plane(i), parts[i]);
        return client_.atomic(settings, DRM_MODE_ATOMIC_ALLOW_MODESET);
    }

    uint32_t add_table(const JudgedPart& screen, const std::string& key) {
        if (!screen.has(key)) return 0;
        const auto table = tests::reference_gamma(screen.number(key));
        return table.empty() ? 0 : client_.add_blob(table.data(), table.size() * sizeof(table[0]));
    }
    uint32_t add_ctm(const JudgedPart& screen) {
        if (!screen.has("ctm")) return 0;
        const Ctm ctm = judged_ctm(static_cast<int64_t>(screen.number("ctm")));
        return client_.add_blob(ctm.factors.data(), sizeof(ctm.factors));
    }

    void place(std::vector<Setting>& settings, uint32_t plane, const JudgedPart& part) {
        const drm::Size size = part.size("size"), cut = part.size("cut");
        const auto at = part.place("at"), from = part.place("from");
        const drm::Rotation rotation{.bits = static_cast<uint32_t>(part.number("rotation"))};
        const bool turned = rotation.swaps_axes();
        const uint32_t fb = add_picture(
            client_, tests::raw_picture(tests::format_named(part.name), size.width, size.height));
        const auto placed = TestClient::place(
            plane, client_.crtcs[0], fb,
            {at.x, at.y, turned ? cut.height : cut.width, turned ? cut.width : cut.height},
            static_cast<uint32_t>(from.x), static_cast<uint32_t>(from.y));
        settings.insert(settings.end(), placed.begin(), placed.end());
        settings.push_back({plane, "SRC_W", uint64_t{cut.width} << 16});
        settings.push_back({plane, "SRC_H", uint64_t{cut.height} << 16});
        settings.push_back({plane, "rotation", rotation.bits});
        settings.push_back({plane, "COLOR_ENCODING", part.number("encoding")});
        settings.push_back({plane, "COLOR_RANGE", part.number("range")});
        if (part.has("alpha")) settings.push_back({plane, "alpha", part.number("alpha")});
        if (part.has("blend"))
            settings.push_back(
                {plane, "pixel blend mode", value_named(plane, part.values.at("blend"))});
        if (part.has("filter")) scale(settings, plane, part);
    }

    void scale(std::vector<Setting>& settings, uint32_t plane, const JudgedPart& part) {
        uint32_t source[4] = {};
        std::sscanf(part.values.at("source").c_str(), "%u,%u,%u,%u", &source[0], &source[1],
                    &source[2], &source[3]);
        const char* const names[] = {"SRC_X", "SRC_Y", "SRC_W", "SRC_H"};
        for (size_t i = 0; i < 4; ++i) settings.push_back({plane, names[i], source[i]});
        settings.push_back({plane, "CRTC_W", part.size("shown").width});
        settings.push_back({plane, "CRTC_H", part.size("shown").height});
        settings.push_back(
            {plane, "SCALING_FILTER", part.values.at("filter") == "nearest" ? 1U : 0U});
    }

    /// Of a pixel blend mode, by the start of its name in small letters.
    uint64_t value_named(uint32_t plane, const std::string& start) {
        std::array<drm_mode_property_enum, 8> enums{};
        drm_mode_get_property get{};
        get.prop_id = client_.property(plane, "pixel blend mode").id;
        get.count_enum_blobs = enums.size();
        get.enum_blob_ptr = reinterpret_cast<uint64_t>(enums.data());
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPERTY, &get), 0);
        for (const drm_mode_property_enum& each : enums)
            if (strncasecmp(each.name, start.c_str(), start.size()) == 0) return each.value;
        ADD_FAILURE() << "no " << start;
        return 0;
    }

    /// Each goes to the first operation of its type behind the one before.
    void add_pipeline(std::vector<Setting>& settings, uint32_t plane,
                      const ColorPipeline& pipeline) {
        const auto operations = operations_of(client_, plane);
        settings.push_back({plane, "COLOR_PIPELINE", operations[0]});
        for (const uint32_t operation : operations) settings.push_back({operation, "BYPASS", 1});
        size_t next = 0;
        for (const ColorOperation& each : pipeline.operations) {
            const uint64_t type = std::array<uint64_t, 3>{5, 0, 2}.at(each.index());
            while (client_.property(operations.at(next), "TYPE").value != type) ++next;
            settings.push_back(value_of(operations[next], each));
            settings.push_back({operations[next++], "BYPASS", 0});
        }
    }

    Setting value_of(uint32_t operation, const ColorOperation& what) {
        if (const auto* fixed = std::get_if<FixedMatrix>(&what)) {
            const bool limited = fixed->range == ColorRange::Limited;
            return {operation, "FIXED_MATRIX_TYPE",
                    static_cast<uint64_t>(fixed->encoding) * 2 + (limited ? 1 : 0)};
        }
        if (const auto* curve = std::get_if<Curve>(&what))
            return {operation, "CURVE_1D_TYPE", *curve == Curve::SrgbEotf ? 0U : 1U};
        return {operation, "DATA", add_matrix(client_, std::get<Matrix3x4>(what))};
    }

    TestBoard& board_;
    TestClient client_;
};

/// Framebuffers are at least 10 pixels wide and high. A pipeline of curves alone may have them in
/// an order that no plane has.
bool can_be_shown(const std::string& line) {
    const auto parts = judged_parts(line);
    return std::all_of(parts.begin() + 1, parts.end(), [](const JudgedPart& plane) {
        const drm::Size size = plane.size("size");
        const std::string& pipeline = plane.values.at("pipeline");
        const bool fits =
            pipeline == "none" || pipeline.starts_with("f") || pipeline.find('m') != pipeline.npos;
        return size.width >= 10 && size.height >= 10 && fits;
    });
}

TEST(JudgedCommits, are_drawn_as_the_judge_says) {
    Config config = with_profile(Profile::Full);
    config.overlays = 8;
    TestBoard board(config);
    const Ref<drm::Device> device = board.drm();
    size_t shown = 0;
    for (const std::string& line : judged_lines(PLUGBOARD_SOURCE_DIR)) {
        if (!can_be_shown(line)) continue;
        JudgedScreen screen(board, *device);
        const auto crc = screen.crc_of(*device, line);
        if (!crc) continue;
        EXPECT_EQ(*crc, judged_parts(line)[0].number("crc")) << line;
        ++shown;
    }
    EXPECT_GE(shown, 80u);
}

}  // namespace
}  // namespace plugboard::vkms
