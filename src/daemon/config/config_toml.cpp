// Reads a board's TOML: each problem names file, line, key and remedy.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/config_json.h"
#include "daemon/config/fault_words.h"
#include "daemon/config/like.h"
#include "daemon/config/limit_words.h"
#include "daemon/config/named_file.h"
#include "daemon/config/presets.h"
#include "daemon/config/screen_spec.h"
#include "daemon/config/toml_rules.h"
#include "daemon/config/toml_text.h"
#include "drivers/vkms/profile.h"

namespace plugboard::daemon {
namespace {

/// Of a [[card]], those that only vkms has.
constexpr std::array<std::string_view, 13> vkms_keys = {
    "like",        "profile",        "overlays", "cursor",      "writeback",
    "screens",     "screen",         "crtcs",    "driver_name", "driver_description",
    "driver_date", "driver_version", "limit"};

std::vector<std::string_view> keys_of_vkms() {
    std::vector<std::string_view> keys(vkms_keys.begin(), vkms_keys.end());
    for (const vkms::FeatureName& feature : vkms::feature_names()) keys.push_back(feature.key);
    return keys;
}

/// "1.0.0"; false: it is none.
bool read_version(std::string_view text, vkms::DriverIdentity& identity) {
    const char* at = text.data();
    const char* const end = at + text.size();
    for (int* part : {&identity.major, &identity.minor, &identity.patch}) {
        if (part != &identity.major && (at == end || *at++ != '.')) return false;
        const auto [stop, error] = std::from_chars(at, end, *part);
        if (error != std::errc{}) return false;
        at = stop;
    }
    return at == end;
}

enum class JudgeFaults { Now, Later };

/// Walks one document; the first problem ends it by an exception that stays in this file.
class Reader {
  public:
    explicit Reader(const std::string& file) : folder_(std::filesystem::path(file).parent_path()) {}

    /// Screens that come later may be what a fault is about: it is judged with them then.
    Config read(const toml::table& document, JudgeFaults judge_faults) {
        check_keys(document, "", {"bus", "clock", "card", "limits"});
        Config config;
        if (const auto* bus = document.get("bus")) config.bus = text(*bus, "bus");
        if (const auto* clock = document.get("clock")) config.clock = text(*clock, "clock");
        if (const auto* cards = document.get("card")) config.cards = read_cards(*cards);
        if (const auto* limits = document.get("limits")) read_limits(*limits, config.limits);
        Config judged = config;
        if (judge_faults == JudgeFaults::Later) {
            for (CardConfig& card : judged.cards) {
                card.device.faults.clear();
                card.vgem.faults.clear();
            }
        }
        if (Problem problem = validate(judged); !problem.message.empty()) fail_at_key(problem);
        return config;
    }

    [[noreturn]] void fail_at_key(Problem problem) const {
        problem.key = as_written(std::move(problem.key));
        const int line = line_of_key(problem.key);
        fail(std::move(problem), line);
    }

  private:
    [[noreturn]] static void fail(Problem problem, int line) {
        problem.line = line;
        throw problem;
    }
    [[noreturn]] void wrong_type(const toml::node& node, const std::string& key,
                                 const std::string& wanted, const std::string& example) const {
        fail({.message = fmt::format("must be {}", wanted),
              .remedy = fmt::format("write for example: {}", example),
              .key = key},
             line_of(node));
    }

    /// Of the key or the nearest that holds it: a default has no line of its own.
    int line_of_key(std::string key) const {
        for (;;) {
            if (const auto it = lines_.find(key); it != lines_.end()) return it->second;
            const auto end = key.find_last_of(".[");
            if (end == std::string::npos) return 1;
            key.resize(end);
        }
    }

    /// The driver calls them screens, also those that are tables.
    std::string as_written(std::string key) const {
        const auto at = key.find(".screens");
        if (at == std::string::npos || !lines_.contains(key.substr(0, at) + ".screen")) return key;
        return key.replace(at, 8, ".screen");
    }

    void check_keys(const toml::table& table, const std::string& prefix,
                    const std::vector<std::string_view>& known) const {
        for (const auto& [key, node] : table) {
            if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
            fail({.message = "unknown key",
                  .remedy = fmt::format("known here: {}", fmt::join(known, ", ")),
                  .key = prefix + std::string(key.str())},
                 static_cast<int>(key.source().begin.line));
        }
    }

    std::string text(const toml::node& node, const std::string& key) {
        lines_[key] = line_of(node);
        const auto value = node.value_exact<std::string>();
        if (!value) wrong_type(node, key, "a text", "\"...\" in double quotes");
        return *value;
    }
    bool boolean(const toml::node& node, const std::string& key) {
        lines_[key] = line_of(node);
        const auto value = node.value_exact<bool>();
        if (!value)
            wrong_type(node, key, "true or false", key.substr(key.rfind('.') + 1) + " = true");
        return *value;
    }
    uint32_t number(const toml::node& node, const std::string& key, const std::string& wanted) {
        lines_[key] = line_of(node);
        const auto value = node.value_exact<int64_t>();
        if (!value || *value < 0 || *value > UINT32_MAX)
            wrong_type(node, key, wanted, key.substr(key.rfind('.') + 1) + " = 1");
        return static_cast<uint32_t>(*value);
    }
    uint32_t overlays(const toml::node& node, const std::string& key, vkms::Profile profile) {
        lines_[key] = line_of(node);
        if (const auto on = node.value_exact<bool>())
            return *on ? vkms::limits_of(profile).overlays : 0;
        return number(node, key, "true, false or a number");
    }
    vkms::Profile profile(const toml::node& node, const std::string& key) {
        const std::string word = text(node, key);
        const auto profile = vkms::find_profile(word);
        if (!profile) {
            fail({.message = fmt::format("there is no profile \"{}\"", word),
                  .remedy = "use one of " + vkms::profile_words(),
                  .key = key},
                 line_of(node));
        }
        return *profile;
    }
    std::vector<vkms::ScreenConfig> screens(const toml::node& node, const std::string& key) {
        const toml::array* list = node.as_array();
        if (list == nullptr) wrong_type(node, key, "a list", "screens = [\"1920x1080@60\"]");
        lines_[key] = line_of(node);
        std::vector<vkms::ScreenConfig> screens;
        for (const toml::node& entry : *list)
            screens.push_back(screen(entry, fmt::format("{}[{}]", key, screens.size()),
                                     {.connector = {}, .folder = folder_}));
        return screens;
    }
    std::vector<vkms::ScreenConfig> screen_tables(const toml::node& node, const std::string& key) {
        const toml::array* list = node.as_array();
        if (list == nullptr) wrong_type(node, key, "a list of tables", "[[card.screen]] on a line");
        lines_[key] = line_of(node);
        std::vector<vkms::ScreenConfig> screens;
        for (const toml::node& entry : *list) {
            const std::string entry_key = fmt::format("{}[{}]", key, screens.size());
            const toml::table* table = entry.as_table();
            if (table == nullptr)
                wrong_type(entry, entry_key, "a table", "[[card.screen]] on a line");
            lines_[entry_key] = line_of(entry);
            screens.push_back(screen_table(*table, entry_key));
        }
        return screens;
    }
    vkms::ScreenConfig screen_table(const toml::table& table, const std::string& key) {
        check_keys(table, key + ".",
                   {"connector", "spec", "connected", "path", "panel_orientation"});
        SpecContext context{.connector = {}, .folder = folder_};
        if (const auto* node = table.get("connector"))
            context.connector = connector(*node, key + ".connector");
        const auto* spec = table.get("spec");
        vkms::ScreenConfig read;
        if (spec) {
            read = screen(*spec, key + ".spec", context);
        } else if (context.connector) {
            read = {.connected = false, .connector = *context.connector};
        }
        if (const auto* node = table.get("path"))
            read.connector.dock = dock(*node, key + ".path", read.connector);
        if (const auto* node = table.get("panel_orientation"))
            read.connector.panel_orientation = orientation(*node, key + ".panel_orientation");
        const auto* connected = table.get("connected");
        if (connected) read.connected = boolean(*connected, key + ".connected");
        return read;
    }
    vkms::DockPort dock(const toml::node& node, const std::string& key,
                        const vkms::ConnectorConfig& at) {
        const std::string path = text(node, key);
        if (at.type == DRM_MODE_CONNECTOR_DisplayPort) {
            if (const auto found = parse_dock_path(path)) return *found;
            fail({.message = fmt::format("\"{}\" is no place behind a dock", path),
                  .remedy = "write where the dock is and its port: path = \"mst:DP-1-8\"",
                  .key = key},
                 line_of(node));
        }
        fail({.message = "only DP connectors are a dock's",
              .remedy = "write connector = \"DP-4\", or another number, beside it",
              .key = key},
             line_of(node));
    }
    drm::PanelOrientation orientation(const toml::node& node, const std::string& key) {
        const std::string word = text(node, key);
        if (const auto found = vkms::find_panel_orientation(word)) return *found;
        fail({.message = fmt::format("a panel is not built in \"{}\"", word),
              .remedy = "use one of " + vkms::panel_orientation_words(),
              .key = key},
             line_of(node));
    }
    vkms::ConnectorConfig connector(const toml::node& node, const std::string& key) {
        const std::string name = text(node, key);
        const auto found = parse_connector_name(name);
        if (found) return *found;
        fail({.message = fmt::format("\"{}\" is no connector", name),
              .remedy = connector_remedy(),
              .key = key},
             line_of(node));
    }
    vkms::ScreenConfig screen(const toml::node& node, const std::string& key,
                              const SpecContext& context) {
        const auto spec = parse_screen_spec(text(node, key), context);
        if (spec.ok()) return spec.value();
        Problem problem = spec.problem();
        problem.key = key;
        fail(std::move(problem), line_of(node));
    }

    /// Those that are there replace the defaults.
    void read_limits(const toml::node& node, drm::Amounts& limits) {
        const toml::table* table = node.as_table();
        if (table == nullptr) wrong_type(node, "limits", "a table", "[limits] on a line");
        std::vector<std::string_view> known;
        for (size_t i = 0; i < drm::resource_count; ++i)
            known.push_back(drm::resource_name(static_cast<drm::Resource>(i)));
        check_keys(*table, "limits.", known);
        for (size_t i = 0; i < known.size(); ++i) {
            const auto* limit = table->get(known[i]);
            if (limit == nullptr) continue;
            const auto amount = limit->value_exact<int64_t>();
            if (!amount || *amount < 0)
                wrong_type(*limit, fmt::format("limits.{}", known[i]), "a number; 0: no limit",
                           fmt::format("{} = 1000", known[i]));
            limits[static_cast<drm::Resource>(i)] = static_cast<uint64_t>(*amount);
        }
    }

    std::vector<CardConfig> read_cards(const toml::node& node) {
        const toml::array* list = node.as_array();
        if (list == nullptr) wrong_type(node, "card", "a list of tables", "[[card]] on a line");
        std::vector<CardConfig> cards;
        for (const toml::node& entry : *list) {
            const toml::table* table = entry.as_table();
            const std::string key = fmt::format("card[{}]", cards.size());
            if (table == nullptr) wrong_type(entry, key, "a table", "[[card]] on a line");
            lines_[key] = line_of(entry);
            cards.push_back(read_card(*table, cards.size()));
        }
        return cards;
    }

    /// Those of a card whose driver has no screens.
    static void refuse_keys_of_vkms(const toml::table& table, const std::string& prefix,
                                    const std::string& driver) {
        for (const auto& [key, node] : table) {
            // A vgem has syncobj too.
            const auto keys = keys_of_vkms();
            if (key.str() == "syncobj" || std::ranges::find(keys, key.str()) == keys.end())
                continue;
            fail({.message = fmt::format("a {} card has no {}", driver, key.str()),
                  .remedy = "remove the key, or write driver = \"vkms\"",
                  .key = prefix + std::string(key.str())},
                 static_cast<int>(key.source().begin.line));
        }
    }

    void read_identity(const toml::table& table, const std::string& prefix,
                       vkms::DriverIdentity& identity) {
        const auto read = [&](const char* member, std::string& to) {
            if (const auto* node = table.get(member)) to = text(*node, prefix + member);
        };
        read("driver_name", identity.name);
        read("driver_description", identity.description);
        read("driver_date", identity.date);
        if (!table.contains("driver_version")) return;
        std::string version;
        read("driver_version", version);
        if (read_version(version, identity)) return;
        const std::string key = prefix + "driver_version";
        fail({.message = fmt::format("\"{}\" is no version", version),
              .remedy = "write three numbers, such as \"1.0.0\"",
              .key = key},
             lines_[key]);
    }

    /// The file says what most other keys would.
    void be_like(const toml::table& table, const toml::node& node, const std::string& key,
                 CardConfig& card) {
        const std::string file = text(node, key);
        for (const char* other :
             {"profile", "overlays", "cursor", "writeback", "screens", "screen", "crtcs"}) {
            if (!table.contains(other)) continue;
            fail({.message = fmt::format("there are both like and {}", other),
                  .remedy = "write one of them",
                  .key = key},
                 line_of(node));
        }
        auto read = read_likeness((std::filesystem::path(folder_) / file).string());
        if (!read.ok()) {
            fail(
                {.message = read.problem().headline(), .remedy = read.problem().remedy, .key = key},
                line_of(node));
        }
        card.device = std::move(read.value().device);
        card.notes = std::move(read.value().notes);
    }

    CardConfig read_card(const toml::table& table, size_t index) {
        const std::string prefix = fmt::format("card[{}].", index);
        std::vector<std::string_view> known = keys_of_vkms();
        known.insert(known.end(), {"name", "driver", "fault"});
        check_keys(table, prefix, known);
        CardConfig card;
        card.name = fmt::format("gpu{}", index);
        vkms::Config& device = card.device;
        const auto with = [&](std::string_view member, auto read) {
            if (const auto* node = table.get(member)) read(*node, prefix + std::string(member));
        };
        with("name", [&](auto& node, auto key) { card.name = text(node, key); });
        with("driver", [&](auto& node, auto key) { card.driver = text(node, key); });
        if (card.driver == "vgem") refuse_keys_of_vkms(table, prefix, card.driver);
        with("like", [&](auto& node, auto key) { be_like(table, node, key, card); });
        with("profile",
             [&](auto& node, auto key) { device = vkms::with_profile(profile(node, key)); });
        for (const vkms::FeatureName& feature : vkms::feature_names()) {
            with(feature.key, [&](auto& node, auto key) {
                device.features.*feature.member = boolean(node, key);
            });
        }
        card.vgem.syncobj = table.contains("syncobj") && device.features.syncobj;
        read_identity(table, prefix, device.identity);
        with("overlays",
             [&](auto& node, auto key) { device.overlays = overlays(node, key, device.profile); });
        with("cursor", [&](auto& node, auto key) { device.cursor = boolean(node, key); });
        with("writeback", [&](auto& node, auto key) { device.writeback = boolean(node, key); });
        with("screens", [&](auto& node, auto key) { device.screens = screens(node, key); });
        with("screen", [&](auto& node, auto key) {
            if (table.contains("screens")) {
                fail({.message = "there are both screens and [[card.screen]]",
                      .remedy = "write one of them",
                      .key = key},
                     line_of(node));
            }
            device.screens = screen_tables(node, key);
        });
        with("limit", [&](auto& node, auto key) {
            device.limit_rules = read_rules(node, key, parse_limit, limit_value_kind, lines_);
        });
        with("fault", [&](auto& node, auto key) {
            card.vgem.faults = device.faults =
                read_rules(node, key, parse_fault, fault_value_kind, lines_);
        });
        with("crtcs", [&](auto& node, auto key) { device.crtcs = number(node, key, "a number"); });
        device.name = card.name;
        return card;
    }

    const std::string folder_;  // that paths in it are relative to
    std::map<std::string, int> lines_;
};

}  // namespace

Outcome<Config> parse_toml(std::string_view text, const std::string& file,
                           const std::vector<ScreenOption>& screens) {
    try {
        Reader reader(file);
        Config config = reader.read(parse_toml_text(text),
                                    screens.empty() ? JudgeFaults::Now : JudgeFaults::Later);
        if (screens.empty()) return config;
        auto applied = apply_screens(std::move(config), screens);
        if (!applied.ok() && applied.problem().key.find("].fault[") != std::string::npos)
            reader.fail_at_key(applied.problem());
        return applied;
    } catch (Problem& problem) {
        problem.file = file;
        return std::move(problem);
    }
}

Outcome<Config> read_config_file(const std::string& file,
                                 const std::vector<ScreenOption>& screens) {
    try {
        const std::string text = read_named_file(file, config_file_limit);
        if (!is_json(text)) return parse_toml(text, file, screens);
        auto config = parse_json_config(text, file);
        return config.ok() ? apply_screens(std::move(config.value()), screens) : config;
    } catch (const Problem& problem) {
        return problem;
    }
}

Outcome<Config> read_preset(std::string_view name, const std::vector<ScreenOption>& screens) {
    const Preset* preset = find_preset(name);
    if (preset) return parse_toml(preset->toml, fmt::format("preset {}", name), screens);
    return Problem{.message = fmt::format("there is no preset \"{}\"", name),
                   .remedy = fmt::format("use one of: {}", preset_names()),
                   .key = "--preset"};
}

Outcome<Config> read_cards(const CardSource& source, const std::vector<ScreenOption>& screens) {
    std::vector<std::pair<const char*, const char*>> given;  // each option, and what it names
    if (!source.toml.empty()) given.emplace_back("--toml", "a configuration");
    if (!source.preset.empty()) given.emplace_back("--preset", "a preset");
    if (!source.like.empty()) given.emplace_back("--like", "a card to be like");
    if (given.size() > 1) {
        return Problem{
            .message = fmt::format("there are both {} and {}", given[0].second, given[1].second),
            .remedy =
                "give one of them; plugboard config show writes a preset to a file that can be "
                "changed",
            .key = given[1].first};
    }
    if (!source.preset.empty()) return read_preset(source.preset, screens);
    if (!source.toml.empty()) return read_config_file(source.toml, screens);
    if (source.like.empty()) return apply_screens(Config{}, screens);
    auto card = read_likeness(source.like);
    if (!card.ok()) return card.problem();
    return apply_screens(board_of(std::move(card.value())), screens);
}

}  // namespace plugboard::daemon
