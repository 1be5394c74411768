#include "daemon/config/limit_words.h"

#include <drm_mode.h>
#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "drm/pixel/format.h"

namespace plugboard::daemon {
namespace {

constexpr uint64_t most_pixels = 65536;

using vkms::LimitRule;

drm::PlaneType read_plane_kind(const RuleReader& reader, std::string_view key,
                               const std::string& word) {
    for (const auto type :
         {drm::PlaneType::Primary, drm::PlaneType::Overlay, drm::PlaneType::Cursor}) {
        if (word == vkms::plane_kind_name(type)) return type;
    }
    reader.fail(key, fmt::format("\"{}\" is no kind of plane", word),
                "use primary, overlay and cursor");
}

vkms::PlaneKinds read_kinds(const RuleReader& reader, std::string_view key) {
    vkms::PlaneKinds kinds = 0;
    for (const std::string& word : reader.list(key))
        kinds |= vkms::kind_bit(read_plane_kind(reader, key, word));
    return kinds;
}

uint32_t read_count(const RuleReader& reader, std::string_view key, uint64_t most) {
    return static_cast<uint32_t>(reader.number(key, 1, most));
}

vkms::Per read_per(const RuleReader& reader, vkms::Per unless_given) {
    const std::string word = reader.text("per");
    if (word.empty()) return unless_given;
    if (word == "crtc") return vkms::Per::Crtc;
    if (word == "card") return vkms::Per::Card;
    reader.fail("per", fmt::format("nothing is counted per \"{}\"", word),
                "write per = \"crtc\" or per = \"card\"");
}

vkms::FormatOn read_format(const RuleReader& reader) {
    const std::string name = reader.text("format");
    uint32_t fourcc = 0;
    for (size_t i = 0; i < 4; ++i) {
        const char c = i < name.size() ? name[i] : ' ';  // "R8"
        fourcc |= static_cast<uint32_t>(static_cast<unsigned char>(c)) << (8 * i);
    }
    if (name.size() > 4 || drm::find_format(fourcc) == nullptr)
        reader.fail("format", fmt::format("there is no format \"{}\"", name),
                    "use a fourcc, such as NV12 or XR24");
    if (reader.has("only_on") == reader.has("not_on"))
        reader.fail("", "needs either only_on or not_on", "add for example only_on = \"overlay\"");
    if (reader.has("only_on")) return {.fourcc = fourcc, .kinds = read_kinds(reader, "only_on")};
    return {.fourcc = fourcc, .kinds = vkms::every_kind & ~read_kinds(reader, "not_on")};
}

vkms::Rotations read_rotations(const RuleReader& reader) {
    constexpr std::array<std::pair<std::string_view, uint32_t>, 6> names = {{
        {"rotate-0", DRM_MODE_ROTATE_0},
        {"rotate-90", DRM_MODE_ROTATE_90},
        {"rotate-180", DRM_MODE_ROTATE_180},
        {"rotate-270", DRM_MODE_ROTATE_270},
        {"reflect-x", DRM_MODE_REFLECT_X},
        {"reflect-y", DRM_MODE_REFLECT_Y},
    }};
    vkms::Rotations rotations;
    for (const std::string& word : reader.list("rotation")) {
        uint32_t bit = 0;
        for (const auto& [name, value] : names) bit |= word == name ? value : 0;
        if (bit == 0)
            reader.fail("rotation", fmt::format("\"{}\" is no rotation", word),
                        "use rotate-0, rotate-90, rotate-180, rotate-270, reflect-x and reflect-y");
        rotations.allowed |= bit;
    }
    return rotations;
}

struct LimitKey {
    std::string_view name;
    ValueKind value = ValueKind::Plain;
};
constexpr LimitKey plane_key{"plane", ValueKind::List};

/// How each rule is read, and its keys beside `plane` and `errno`.
struct LimitKind {
    LimitKey key;
    bool has_planes;  // may be about some kinds of planes only
    std::vector<LimitKey> keys;
    decltype(LimitRule::what) (*read)(const RuleReader&);
};

using LimitWhat = decltype(LimitRule::what);

LimitWhat read_planes(const RuleReader& from) {
    return vkms::MaxPlanes{read_count(from, "planes", 31), read_per(from, vkms::Per::Crtc)};
}

LimitWhat read_bandwidth(const RuleReader& from) {
    return vkms::MaxBandwidth{from.bytes_per_second("bandwidth"), read_per(from, vkms::Per::Card)};
}

LimitWhat read_inside(const RuleReader& from) {
    if (from.text("inside") != "true")
        from.fail("inside", "must be true", "leave it out: planes may cross the edge then");
    return vkms::Inside{};
}

LimitWhat read_beside(const RuleReader& from) {
    return vkms::Beside{read_plane_kind(from, "beside", from.text("beside"))};
}

const std::vector<LimitKind>& limit_kinds() {
    static const std::vector<LimitKind> kinds = {
        {{"planes"}, true, {{"per"}}, read_planes},
        {{"crtcs"},
         false,
         {},
         [](const RuleReader& from) -> LimitWhat {
             return vkms::MaxCrtcs{read_count(from, "crtcs", 31)};
         }},
        {{"upscale", ValueKind::Fraction},
         true,
         {},
         [](const RuleReader& from) -> LimitWhat {
             return vkms::MaxUpscale{from.factor("upscale")};
         }},
        {{"downscale", ValueKind::Fraction},
         true,
         {},
         [](const RuleReader& from) -> LimitWhat {
             return vkms::MaxDownscale{from.factor("downscale")};
         }},
        {{"bandwidth"}, true, {{"per"}}, read_bandwidth},
        {{"format"},
         false,
         {{"only_on", ValueKind::List}, {"not_on", ValueKind::List}},
         [](const RuleReader& from) -> LimitWhat { return read_format(from); }},
        {{"rotation", ValueKind::List},
         true,
         {},
         [](const RuleReader& from) -> LimitWhat { return read_rotations(from); }},
        {{"size"},
         true,
         {},
         [](const RuleReader& from) -> LimitWhat { return vkms::MaxSize{from.size("size")}; }},
        {{"source_size"},
         true,
         {},
         [](const RuleReader& from) -> LimitWhat {
             return vkms::MaxSourceSize{from.size("source_size")};
         }},
        {{"multiple"},
         true,
         {},
         [](const RuleReader& from) -> LimitWhat {
             return vkms::MultipleOf{read_count(from, "multiple", most_pixels)};
         }},
        {{"inside"}, true, {}, read_inside},
        {{"beside"}, true, {}, read_beside},
    };
    return kinds;
}

LimitRule read_limit(const Words& words) {
    const RuleReader reader(words);
    std::vector<std::string_view> kinds;
    for (const LimitKind& kind : limit_kinds()) kinds.push_back(kind.key.name);
    const std::string_view key = reader.find_kind(kinds, "planes = 2");
    for (const LimitKind& kind : limit_kinds()) {
        if (kind.key.name != key) continue;
        std::vector<std::string_view> known = {kind.key.name, "errno"};
        if (kind.has_planes) known.push_back(plane_key.name);
        for (const LimitKey& other : kind.keys) known.push_back(other.name);
        reader.check_keys(known);
        LimitRule rule{.what = kind.read(reader)};
        if (reader.has("plane")) rule.kinds = read_kinds(reader, "plane");
        if (reader.has("errno")) rule.error = reader.error("errno");
        return rule;
    }
    reader.fail(key, "is no limit", "");
}

}  // namespace

ValueKind limit_value_kind(std::string_view key) {
    if (key == plane_key.name) return plane_key.value;
    for (const LimitKind& kind : limit_kinds()) {
        if (key == kind.key.name) return kind.key.value;
        for (const LimitKey& other : kind.keys)
            if (key == other.name) return other.value;
    }
    return ValueKind::Plain;
}

Outcome<LimitRule> parse_limit(const Words& words) {
    try {
        return read_limit(words);
    } catch (Problem& problem) {
        return std::move(problem);
    }
}

}  // namespace plugboard::daemon
