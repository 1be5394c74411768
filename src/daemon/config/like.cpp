#include "daemon/config/like.h"

#include <drm_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/config/json_place.h"
#include "daemon/config/named_file.h"
#include "drivers/vkms/profile.h"
#include "drm/edid/description.h"

namespace plugboard::daemon {
namespace {

constexpr size_t most_of_a_kind = 64;  // objects; vkms::validate() says how many there may be
constexpr size_t most_modes = 512;
constexpr size_t most_formats = 256;
constexpr size_t most_modifiers = 256;
constexpr size_t most_properties = 256;
constexpr uint64_t largest_size = 1 << 20;  // pixels
constexpr uint64_t largest_gamma = 65536;   // entries
constexpr uint32_t render_node_bit = 1U << 2;

/// A property says that the card can do something.
struct TellingProperty {
    std::string_view name;
    bool vkms::Features::*feature;
};
constexpr TellingProperty telling_properties[] = {
    {"zpos", &vkms::Features::zpos},
    {"alpha", &vkms::Features::alpha},
    {"pixel blend mode", &vkms::Features::blend_mode},
    {"SCALING_FILTER", &vkms::Features::scaling},
    {"FB_DAMAGE_CLIPS", &vkms::Features::damage_clips},
    {"SIZE_HINTS", &vkms::Features::size_hints},
    {"HOTSPOT_X", &vkms::Features::hotspot},
    {"DEGAMMA_LUT", &vkms::Features::degamma},
    {"CTM", &vkms::Features::ctm},
    {"HDR_OUTPUT_METADATA", &vkms::Features::hdr},
    {"max bpc", &vkms::Features::max_bpc},
    {"Colorspace", &vkms::Features::colorspace},
    {"content type", &vkms::Features::content_type},
    {"subconnector", &vkms::Features::subconnector},
    {"vrr_capable", &vkms::Features::vrr},
};

bool is_writeback(const JsonPlace& connector) {
    return connector.at("type").number(UINT32_MAX) == DRM_MODE_CONNECTOR_WRITEBACK;
}

/// The value of an object's property; 0: it has none.
uint64_t property_value(const JsonPlace& object, std::string_view name) {
    const auto properties = object.find("properties");
    const auto property = properties ? properties->find(name) : std::nullopt;
    return property ? property->number_or("raw_value", UINT64_MAX, 0) : 0;
}

bool has_property(const JsonPlace& object, std::string_view name) {
    const auto properties = object.find("properties");
    return properties && properties->find(name);
}

/// Reads one card. What is wrong is thrown as a Problem.
class LikenessReader {
  public:
    explicit LikenessReader(const JsonPlace& card) : card_(card) {}

    vkms::Config read() {
        config_ = vkms::with_profile(vkms::Profile::LinuxLatest);
        config_.is_probed = true;
        config_.screens.clear();
        layout_ = {};
        read_driver(card_.at("driver"));
        read_sizes();
        const auto planes = card_.at("planes").items(most_of_a_kind);
        const auto crtcs = card_.at("crtcs").items(most_of_a_kind);
        const auto encoders = card_.at("encoders").items(most_of_a_kind);
        const auto connectors = card_.at("connectors").items(most_of_a_kind);
        for (const JsonPlace& encoder : encoders) check_properties(encoder);
        for (const auto* objects : {&planes, &crtcs, &connectors})
            for (const JsonPlace& object : *objects) read_features(object);
        for (const JsonPlace& crtc : crtcs) read_crtc(crtc);
        read_encoders(encoders, connectors);
        for (const JsonPlace& connector : connectors)
            if (!is_writeback(connector)) read_connector(connector);
        if (!config_.features.universal_planes) add_untold_planes();
        for (const JsonPlace& plane : planes) read_plane(plane);
        config_.layout = std::move(layout_);
        return std::move(config_);
    }

  private:
    void read_driver(const JsonPlace& driver) {
        vkms::DriverIdentity& identity = config_.identity;
        identity.name = driver.at("name").text(255);
        if (const auto text = driver.find("desc")) identity.description = text->text(255);
        if (const auto version = driver.find("version")) {
            identity.major = static_cast<int>(version->number_or("major", INT32_MAX, 1));
            identity.minor = static_cast<int>(version->number_or("minor", INT32_MAX, 0));
            identity.patch = static_cast<int>(version->number_or("patch", INT32_MAX, 0));
            if (const auto date = version->find("date")) identity.date = date->text(255);
        }
        vkms::Features& features = config_.features;
        if (const auto caps = driver.find("caps")) {
            features.async_flip = caps->number_or("ASYNC_PAGE_FLIP", UINT64_MAX, 0) != 0;
            features.modifiers = caps->number_or("ADDFB2_MODIFIERS", UINT64_MAX, 0) != 0;
            features.prime = caps->number_or("PRIME", UINT64_MAX, 0) != 0;
            features.syncobj = caps->number_or("SYNCOBJ", UINT64_MAX, 0) != 0;
            config_.sizes.cursor_width = read_size(*caps, "CURSOR_WIDTH");
            config_.sizes.cursor_height = read_size(*caps, "CURSOR_HEIGHT");
        }
        if (const auto client_caps = driver.find("client_caps")) {
            for (const auto& [name, value] : client_caps->members(most_properties)) {
                const bool is_there = value.boolean();
                if (name == "ATOMIC") features.atomic = is_there;
                if (name == "UNIVERSAL_PLANES") features.universal_planes = is_there;
            }
        }
        if (const auto device = card_.find("device")) {
            features.render_node =
                (device->number_or("available_nodes", UINT32_MAX, 0) & render_node_bit) != 0;
        }
    }

    static uint32_t read_size(const JsonPlace& in, std::string_view name) {
        return static_cast<uint32_t>(in.number_or(name, largest_size, 0));
    }
    void read_sizes() {
        const auto sizes = card_.find("fb_size");
        if (!sizes) return;
        config_.sizes.min_width = read_size(*sizes, "min_width");
        config_.sizes.max_width = read_size(*sizes, "max_width");
        config_.sizes.min_height = read_size(*sizes, "min_height");
        config_.sizes.max_height = read_size(*sizes, "max_height");
        if (config_.sizes.min_width > config_.sizes.max_width ||
            config_.sizes.min_height > config_.sizes.max_height)
            sizes->fail("the least is above the most", "swap them");
    }

    static void check_properties(const JsonPlace& object) {
        const auto properties = object.find("properties");
        if (!properties) return;
        for (const auto& [name, property] : properties->members(most_properties))
            (void)property.number_or("flags", UINT32_MAX, 0);
    }
    void read_features(const JsonPlace& object) {
        check_properties(object);
        const auto properties = object.find("properties");
        if (!properties) return;
        for (const auto& [name, feature] : telling_properties)
            if (properties->find(name)) config_.features.*feature = true;
    }

    void read_crtc(const JsonPlace& crtc) {
        layout_.crtcs.push_back(
            {.gamma_size = static_cast<uint32_t>(crtc.at("gamma_size").number(largest_gamma)),
             .background_color = has_property(crtc, "BACKGROUND_COLOR")});
    }

    /// Those of writeback connectors are the driver's own, before all others.
    void read_encoders(const std::vector<JsonPlace>& encoders,
                       const std::vector<JsonPlace>& connectors) {
        std::map<uint64_t, size_t> indexes;  // by id, in the file
        for (size_t i = 0; i < encoders.size(); ++i) {
            if (!indexes.emplace(encoders[i].at("id").number(UINT32_MAX), i).second)
                encoders[i].fail("has the id of another", "give each encoder one of its own");
        }
        std::vector<bool> is_own(encoders.size());
        for (const JsonPlace& connector : connectors) {
            if (!is_writeback(connector)) continue;
            for (const JsonPlace& id : connector.at("encoders").items(most_of_a_kind)) {
                const size_t index = find_encoder(indexes, id);
                (void)encoders[index].at("possible_clones").number(UINT32_MAX);
                is_own[index] = true;
                add_writeback(encoders[index]);
            }
        }
        number_encoders(encoders, is_own);
        for (size_t i = 0; i < encoders.size(); ++i)
            if (!is_own[i]) read_encoder(encoders[i]);
        encoder_bits_.clear();
        for (const auto& [id, index] : indexes)
            if (!is_own[index]) encoder_bits_[id] = numbers_[index] - writebacks_;
    }
    static size_t find_encoder(const std::map<uint64_t, size_t>& indexes, const JsonPlace& id) {
        const auto found = indexes.find(id.number(UINT32_MAX));
        if (found == indexes.end()) id.fail("there is no such encoder", "name one by its id");
        return found->second;
    }
    void add_writeback(const JsonPlace& encoder) {
        const uint64_t mask = encoder.at("possible_crtcs").number(UINT32_MAX);
        for (size_t i = 0; i < layout_.crtcs.size() && i < 32; ++i) {
            if ((mask & (1U << i)) == 0 || layout_.crtcs[i].writeback) continue;
            layout_.crtcs[i].writeback = true;
            return;
        }
        encoder.fail("no CRTC is left for this writeback", "there is one for each CRTC");
    }
    /// The place that each encoder has on the card.
    void number_encoders(const std::vector<JsonPlace>& encoders, const std::vector<bool>& is_own) {
        writebacks_ = static_cast<size_t>(std::ranges::count(is_own, true));
        size_t own = 0, other = writebacks_;
        for (size_t i = 0; i < encoders.size(); ++i)
            numbers_.push_back(is_own[i] ? own++ : other++);
    }
    void read_encoder(const JsonPlace& encoder) {
        const uint64_t clones = encoder.at("possible_clones").number(UINT32_MAX);
        uint32_t moved = 0;
        for (size_t i = 0; i < numbers_.size() && i < 32; ++i)
            if ((clones & (1U << i)) != 0 && numbers_[i] < 32) moved |= 1U << numbers_[i];
        layout_.encoders.push_back(
            {.possible_crtcs =
                 static_cast<uint32_t>(encoder.at("possible_crtcs").number(UINT32_MAX)),
             .type = static_cast<uint32_t>(encoder.at("type").number(DRM_MODE_ENCODER_DPI)),
             .possible_clones = moved});
    }

    void read_connector(const JsonPlace& connector) {
        uint32_t bits = 0;
        for (const JsonPlace& id : connector.at("encoders").items(most_of_a_kind)) {
            const auto found = encoder_bits_.find(id.number(UINT32_MAX));
            if (found == encoder_bits_.end())
                id.fail("there is no such encoder for screens", "name one by its id");
            if (found->second < 32) bits |= 1U << found->second;
        }
        layout_.possible_encoders.push_back(bits);
        const auto status = static_cast<unsigned>(connector.at("status").number(3));
        if (status == 0) connector.at("status").fail("is no status", "write 1, 2 or 3");
        vkms::ScreenConfig screen{
            .connected = status == 1,
            .connector = {.type = static_cast<uint32_t>(connector.at("type").number(UINT32_MAX))},
            .is_unsure = status == 3,
            .width_mm = static_cast<uint32_t>(connector.number_or("phy_width", UINT16_MAX, 0)),
            .height_mm = static_cast<uint32_t>(connector.number_or("phy_height", UINT16_MAX, 0)),
            .subpixel = static_cast<uint32_t>(
                std::max<uint64_t>(connector.number_or("subpixel", 6, 1), 1) - 1)};
        for (const JsonPlace& mode : connector.at("modes").items(most_modes))
            screen.modes.push_back(read_mode(mode));
        if (property_value(connector, "EDID") != 0) screen.edid = edid_of(connector, screen);
        config_.screens.push_back(std::move(screen));
    }

    static drm::Mode read_mode(const JsonPlace& mode) {
        const auto number = [&](const char* name) {
            return static_cast<uint16_t>(mode.number_or(name, UINT16_MAX, 0));
        };
        const auto flags = static_cast<uint32_t>(mode.number_or("flags", UINT32_MAX, 0));
        const auto made = drm::Mode::create(
            {.clock_khz = static_cast<uint32_t>(mode.at("clock").number(UINT32_MAX)),
             .hdisplay = number("hdisplay"),
             .hsync_start = number("hsync_start"),
             .hsync_end = number("hsync_end"),
             .htotal = number("htotal"),
             .hskew = number("hskew"),
             .vdisplay = number("vdisplay"),
             .vsync_start = number("vsync_start"),
             .vsync_end = number("vsync_end"),
             .vtotal = number("vtotal"),
             .vscan = number("vscan"),
             .flags = flags & ~static_cast<uint32_t>(DRM_MODE_FLAG_PIC_AR_MASK)},
            mode.at("name").text(31),
            static_cast<uint32_t>(mode.number_or("type", UINT32_MAX, DRM_MODE_TYPE_DRIVER)),
            static_cast<drm::AspectRatio>(
                std::min<uint32_t>((flags & DRM_MODE_FLAG_PIC_AR_MASK) >> 19, 4)));
        if (!made.ok()) mode.fail("no screen has such timings", "take the mode out");
        return *made;
    }

    /// One of the size and of what modes an EDID has room for: the file does not have its bytes.
    static std::vector<std::byte> edid_of(const JsonPlace& connector,
                                          const vkms::ScreenConfig& screen) {
        drm::edid::Description description{
            .width_mm = screen.width_mm,
            .height_mm = screen.height_mm,
            .name = "Like another",
            .timings = {drm::Mode::cvt(1024, 768, 60).timings()},
            .is_headset = property_value(connector, "non-desktop") != 0};
        for (const drm::Mode& mode : screen.modes) {
            drm::edid::Description with = description;
            with.timings = {mode.timings()};
            auto built = drm::edid::build(with);
            if (built.ok()) return *std::move(built);
        }
        auto built = drm::edid::build(description);
        return built.ok() ? *std::move(built) : std::vector<std::byte>();
    }

    /// Where clients are told of overlays alone, each CRTC has its primary plane all the same.
    void add_untold_planes() {
        for (size_t i = 0; i < std::min<size_t>(layout_.crtcs.size(), 32); ++i)
            layout_.planes.push_back({.type = drm::PlaneType::Primary, .possible_crtcs = 1U << i});
    }

    void read_plane(const JsonPlace& plane) {
        vkms::PlaneConfig read{
            .possible_crtcs = static_cast<uint32_t>(plane.at("possible_crtcs").number(UINT32_MAX))};
        const uint64_t type = property_value(plane, "type");
        if (type > 2) plane.fail("is of an unknown type", "write 0, 1 or 2 as its raw_value");
        read.type = static_cast<drm::PlaneType>(type);
        read.formats = read_formats(plane.at("formats"));
        if (read.formats.empty()) plane.at("formats").fail("is empty", "a plane has one at least");
        for (const uint32_t format : read.formats)
            if (!is_drawn(format)) read.not_drawn.push_back(format);
        read.rotations = read_rotations(plane);
        read.yuv_colors =
            has_property(plane, "COLOR_ENCODING") && has_property(plane, "COLOR_RANGE");
        read_modifiers(plane, read);
        layout_.planes.push_back(std::move(read));
    }
    static std::vector<uint32_t> read_formats(const JsonPlace& list) {
        std::vector<uint32_t> formats;
        for (const JsonPlace& format : list.items(most_formats)) {
            const auto fourcc = static_cast<uint32_t>(format.number(UINT32_MAX));
            if (std::ranges::find(formats, fourcc) != formats.end())
                format.fail("is there already", "take it out");
            formats.push_back(fourcc);
        }
        return formats;
    }
    static bool is_drawn(uint32_t format) {
        const auto drawn = vkms::limits_of(vkms::Profile::LinuxLatest).overlay_formats;
        return std::ranges::find(drawn, format) != drawn.end();
    }
    static uint32_t read_rotations(const JsonPlace& plane) {
        const auto properties = plane.find("properties");
        const auto rotation = properties ? properties->find("rotation") : std::nullopt;
        if (!rotation) return 0;
        uint32_t bits = 0;
        for (const JsonPlace& choice : rotation->at("spec").items(8))
            bits |= 1U << choice.at("value").number(5);
        return (bits & DRM_MODE_ROTATE_0) != 0 ? bits : 0;
    }
    static void read_modifiers(const JsonPlace& plane, vkms::PlaneConfig& read) {
        const auto properties = plane.find("properties");
        const auto in_formats = properties ? properties->find("IN_FORMATS") : std::nullopt;
        const auto data = in_formats ? in_formats->find("data") : std::nullopt;
        if (!data) return;
        for (const JsonPlace& entry : data->items(most_modifiers)) {
            const uint64_t modifier = entry.at("modifier").number(UINT64_MAX);
            read.modifiers.push_back({.modifier = modifier,
                                      .formats = read_formats(entry.at("formats")),
                                      .is_drawn = modifier == 0});
        }
    }

    const JsonPlace card_;
    vkms::Config config_;
    vkms::Layout layout_;
    std::vector<size_t> numbers_;  // of the file's encoders, on the card
    size_t writebacks_ = 0;
    std::map<uint64_t, size_t> encoder_bits_;  // by id, of those for screens
};

constexpr const char* no_card_remedy = "write it for one: drm_info -j /dev/dri/card0";

/// The only node of drm_info's, or the file itself.
JsonPlace card_of(const nlohmann::json& document) {
    JsonPlace all(document, "", Nulls::AreMissing);
    if (all.find("driver")) return all;
    const auto nodes = all.members(256);
    if (nodes.size() == 1) {
        const auto& [name, node] = nodes.front();
        return JsonPlace(node.value(), "", Nulls::AreMissing);
    }
    all.fail(nodes.empty() ? "no card is in it" : "more than one card is in it", no_card_remedy);
}

}  // namespace

Outcome<vkms::Config> config_like(const nlohmann::json& card) {
    try {
        vkms::Config config = LikenessReader(JsonPlace(card, "", Nulls::AreMissing)).read();
        const auto errors = vkms::validate(config);
        if (errors.empty()) return config;
        return Problem{.message = errors.front().message,
                       .remedy = errors.front().remedy,
                       .key = errors.front().key};
    } catch (Problem& problem) {
        return std::move(problem);
    }
}

Outcome<CardConfig> parse_likeness(std::string_view text, const std::string& file) {
    try {
        if (text.find_first_not_of(" \t\r\n") == text.npos)
            throw Problem{.message = "no card is in it", .remedy = no_card_remedy, .line = 1};
        const nlohmann::json document = parse_json(text);
        const JsonPlace card = card_of(document);
        auto config = config_like(card.value());
        if (!config.ok()) throw config.problem();
        CardConfig made;
        made.notes = differences_of(card.value(), config.value());
        made.device = std::move(config.value());
        return made;
    } catch (Problem& problem) {
        problem.file = file;
        return std::move(problem);
    }
}

Config board_of(CardConfig card) {
    Config config;
    card.device.name = card.name = config.cards[0].name;
    config.cards = {std::move(card)};
    return config;
}

Outcome<CardConfig> read_likeness(const std::string& file) {
    try {
        return parse_likeness(read_named_file(file, config_file_limit), file);
    } catch (const Problem& problem) {
        return problem;
    }
}

}  // namespace plugboard::daemon
