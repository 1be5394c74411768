#include "daemon/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>

namespace plugboard::daemon {
namespace {

constexpr std::array kBuses = {"platform", "faux"};
constexpr std::array kDrivers = {"vkms"};
constexpr std::array kProfiles = {"linux-6.1"};
constexpr uint32_t kMaxOverlays = 29;  // 31 planes with a primary and a cursor
constexpr uint32_t kVkmsOverlays = 8;  // what the kernel's enable_overlay adds
constexpr size_t kMaxNameLength = 31;
constexpr size_t kMaxCards = 64;  // the primary minors

template <size_t N>
bool is_one_of(const std::array<const char*, N>& words, std::string_view word) {
    return std::any_of(words.begin(), words.end(), [&](const char* one) { return word == one; });
}

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameLength) return false;
    if (std::isalpha(static_cast<unsigned char>(name.front())) == 0) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    });
}

/// "card0" and "renderD128" name nodes, which come and go.
bool is_node_name(std::string_view name) {
    for (const std::string_view prefix : {"card", "renderD"}) {
        if (!name.starts_with(prefix)) continue;
        const auto number = name.substr(prefix.size());
        if (!number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos)
            return true;
    }
    return false;
}

std::string card_key(size_t index, std::string_view member) {
    return fmt::format("card[{}].{}", index, member);
}

Problem validate_card(const CardConfig& card, size_t index) {
    if (!is_name(card.name)) {
        return {.message = fmt::format("\"{}\" is no name for a card", card.name),
                .remedy = fmt::format("use a letter, then letters, digits, - and _; {} at most",
                                      kMaxNameLength),
                .key = card_key(index, "name")};
    }
    if (is_node_name(card.name)) {
        return {.message = fmt::format("\"{}\" is what a device node is called", card.name),
                .remedy = fmt::format("choose a name of the slot, such as \"gpu{}\"", index),
                .key = card_key(index, "name")};
    }
    if (!is_one_of(kDrivers, card.driver)) {
        return {.message = fmt::format("there is no driver \"{}\"", card.driver),
                .remedy = fmt::format("use one of: {}", fmt::join(kDrivers, ", ")),
                .key = card_key(index, "driver")};
    }
    if (!is_one_of(kProfiles, card.profile)) {
        return {.message = fmt::format("there is no profile \"{}\"", card.profile),
                .remedy = fmt::format("use one of: {}", fmt::join(kProfiles, ", ")),
                .key = card_key(index, "profile")};
    }
    if (card.overlays > kMaxOverlays) {
        return {.message = fmt::format("{} overlay planes are too many", card.overlays),
                .remedy = fmt::format("use at most {}, or true for the kernel's {}", kMaxOverlays,
                                      kVkmsOverlays),
                .key = card_key(index, "overlays")};
    }
    if (card.screens.size() > 1) {
        return {.message = fmt::format("{} screens on one card; the profile {} has one",
                                       card.screens.size(), card.profile),
                .remedy = "give each screen a [[card]] of its own",
                .key = card_key(index, "screens")};
    }
    return {};
}

/// Walks a TOML document; the first problem ends it by an exception that stays in this file.
class Reader {
  public:
    explicit Reader(const std::string& file) : file_(file) {}

    Config read(const toml::table& document) {
        check_keys(document, "", {"bus", "card"});
        Config config;
        if (const auto* bus = document.get("bus")) config.bus = text(*bus, "bus");
        if (const auto* cards = document.get("card")) config.cards = read_cards(*cards);
        if (Problem problem = validate(config); !problem.message.empty())
            fail(std::move(problem), line_of(problem.key));
        return config;
    }

  private:
    [[noreturn]] void fail(Problem problem, int line) const {
        problem.file = file_;
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

    static int line_of(const toml::node& node) {
        return static_cast<int>(node.source().begin.line);
    }
    /// Of the key, or of the table that should have it: defaults have no line of their own.
    int line_of(const std::string& key) const {
        if (const auto it = lines_.find(key); it != lines_.end()) return it->second;
        const auto it = lines_.find(key.substr(0, key.rfind('.')));
        return it == lines_.end() ? 1 : it->second;
    }

    void check_keys(const toml::table& table, const std::string& prefix,
                    const std::vector<std::string_view>& known) const {
        for (const auto& [key, node] : table) {
            if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
            fail({.message = "unknown key",
                  .remedy = fmt::format("known here are: {}", fmt::join(known, ", ")),
                  .key = prefix + std::string(key.str())},
                 static_cast<int>(key.source().begin.line));
        }
    }

    std::string text(const toml::node& node, const std::string& key) {
        const auto value = node.value_exact<std::string>();
        if (!value) wrong_type(node, key, "a text", "\"...\" in double quotes");
        lines_[key] = line_of(node);
        return *value;
    }
    bool boolean(const toml::node& node, const std::string& key) {
        const auto value = node.value_exact<bool>();
        if (!value) wrong_type(node, key, "true or false", key.substr(key.rfind('.') + 1) + " = true");
        lines_[key] = line_of(node);
        return *value;
    }
    uint32_t overlays(const toml::node& node, const std::string& key) {
        lines_[key] = line_of(node);
        if (const auto on = node.value_exact<bool>()) return *on ? kVkmsOverlays : 0;
        const auto count = node.value_exact<int64_t>();
        if (!count || *count < 0) wrong_type(node, key, "true, false or a number", "overlays = 8");
        return static_cast<uint32_t>(std::min<int64_t>(*count, UINT32_MAX));
    }
    std::vector<ScreenSpec> screens(const toml::node& node, const std::string& key) {
        const toml::array* list = node.as_array();
        if (list == nullptr) wrong_type(node, key, "a list", "screens = [\"1920x1080@60\"]");
        lines_[key] = line_of(node);
        std::vector<ScreenSpec> screens;
        for (const toml::node& entry : *list) {
            const std::string entry_key = fmt::format("{}[{}]", key, screens.size());
            const auto spec = parse_screen_spec(text(entry, entry_key));
            if (!spec.ok()) {
                Problem problem = spec.problem();
                problem.key = entry_key;
                fail(std::move(problem), line_of(entry));
            }
            screens.push_back(spec.value());
        }
        return screens;
    }

    std::vector<CardConfig> read_cards(const toml::node& node) {
        const toml::array* list = node.as_array();
        if (list == nullptr) wrong_type(node, "card", "a list of tables", "[[card]] on a line");
        std::vector<CardConfig> cards;
        for (const toml::node& entry : *list) {
            const size_t index = cards.size();
            const toml::table* table = entry.as_table();
            const std::string key = fmt::format("card[{}]", index);
            if (table == nullptr) wrong_type(entry, key, "a table", "[[card]] on a line");
            lines_[key] = line_of(entry);
            cards.push_back(read_card(*table, index));
        }
        return cards;
    }

    CardConfig read_card(const toml::table& table, size_t index) {
        check_keys(table, fmt::format("card[{}].", index),
                   {"name", "driver", "profile", "overlays", "cursor", "writeback", "screens"});
        CardConfig card;
        card.name = fmt::format("gpu{}", index);
        const auto with = [&](std::string_view member, auto read) {
            if (const auto* node = table.get(member)) read(*node, card_key(index, member));
        };
        with("name", [&](auto& node, auto key) { card.name = text(node, key); });
        with("driver", [&](auto& node, auto key) { card.driver = text(node, key); });
        with("profile", [&](auto& node, auto key) { card.profile = text(node, key); });
        with("overlays", [&](auto& node, auto key) { card.overlays = overlays(node, key); });
        with("cursor", [&](auto& node, auto key) { card.cursor = boolean(node, key); });
        with("writeback", [&](auto& node, auto key) { card.writeback = boolean(node, key); });
        with("screens", [&](auto& node, auto key) { card.screens = screens(node, key); });
        return card;
    }

    const std::string& file_;
    std::map<std::string, int> lines_;
};

}  // namespace

Problem validate(const Config& config) {
    if (!is_one_of(kBuses, config.bus)) {
        return {.message = fmt::format("there is no bus \"{}\"", config.bus),
                .remedy = fmt::format("use one of: {}", fmt::join(kBuses, ", ")),
                .key = "bus"};
    }
    if (config.cards.size() > kMaxCards) {
        return {.message = fmt::format("{} cards are too many", config.cards.size()),
                .remedy = fmt::format("use at most {}", kMaxCards),
                .key = "card"};
    }
    for (size_t i = 0; i < config.cards.size(); ++i) {
        if (Problem problem = validate_card(config.cards[i], i); !problem.message.empty())
            return problem;
        for (size_t j = 0; j < i; ++j) {
            if (config.cards[j].name != config.cards[i].name) continue;
            return {.message = fmt::format("\"{}\" is the name of card[{}] already",
                                           config.cards[i].name, j),
                    .remedy = "give every card a name of its own",
                    .key = card_key(i, "name")};
        }
    }
    return {};
}

Outcome<Config> parse_toml(std::string_view text, const std::string& file) {
    try {
        return Reader(file).read(toml::parse(text));
    } catch (const toml::parse_error& error) {
        return Problem{.message = std::string(error.description()),
                       .remedy = "the file must be TOML: see https://toml.io",
                       .key = {},
                       .file = file,
                       .line = static_cast<int>(error.source().begin.line)};
    } catch (const Problem& problem) {
        return problem;
    }
}

Outcome<Config> read_config_file(const std::string& file) {
    std::ifstream stream(file);
    std::stringstream text;
    if (stream) text << stream.rdbuf();
    if (!stream || text.fail()) {
        return Problem{.message = "cannot be read",
                       .remedy = "check the path and its permissions",
                       .key = {},
                       .file = file};
    }
    return parse_toml(text.str(), file);
}

Outcome<ScreenOption> parse_screen_option(std::string_view text) {
    ScreenOption option;
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
        option.card = std::string(text.substr(0, equals));
        text.remove_prefix(equals + 1);
    }
    auto screen = parse_screen_spec(text);
    if (!screen.ok()) {
        Problem problem = screen.problem();
        problem.key = "--screen";
        return problem;
    }
    option.screen = screen.value();
    return option;
}

Outcome<Config> apply_screens(Config config, const std::vector<ScreenOption>& options) {
    std::vector<bool> replaced(config.cards.size());
    for (const ScreenOption& option : options) {
        const auto card = option.card.empty()
                              ? config.cards.begin()
                              : std::find_if(config.cards.begin(), config.cards.end(),
                                             [&](auto& one) { return one.name == option.card; });
        if (card == config.cards.end()) {
            std::vector<std::string> names;
            for (const CardConfig& one : config.cards) names.push_back(one.name);
            return Problem{.message = fmt::format("there is no card \"{}\"", option.card),
                           .remedy = fmt::format("the board's cards are: {}", fmt::join(names, ", ")),
                           .key = "--screen"};
        }
        const auto index = static_cast<size_t>(card - config.cards.begin());
        if (!replaced[index]) card->screens.clear();
        replaced[index] = true;
        card->screens.push_back(option.screen);
    }
    if (Problem problem = validate(config); !problem.message.empty()) return problem;
    return config;
}

}  // namespace plugboard::daemon
