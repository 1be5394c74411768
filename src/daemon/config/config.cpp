#include "daemon/config/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "daemon/config/fault_words.h"
#include "daemon/config/screen_spec.h"

namespace plugboard::daemon {
namespace {

constexpr std::array buses = {"platform", "faux"};
constexpr std::array clocks = {"real", "step"};
constexpr std::array driver_names = {"vkms", "vgem"};
constexpr size_t max_name_length = 31;
constexpr size_t max_cards = 256;

template <size_t N>
bool is_one_of(const std::array<const char*, N>& words, std::string_view word) {
    return std::any_of(words.begin(), words.end(), [&](const char* one) { return word == one; });
}

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > max_name_length) return false;
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

/// A card without screens has ioctls only.
Problem validate_faults(const CardConfig& card, size_t index) {
    const auto bad = std::ranges::find_if(card.vgem.faults, [](const drm::Fault& fault) {
        return !std::holds_alternative<drm::IoctlFault>(fault.what);
    });
    if (bad == card.vgem.faults.end()) return {};
    return {.message = fmt::format("a {} card has no vblanks, flips and links", card.driver),
            .remedy = "use ioctl faults, or write driver = \"vkms\"",
            .key = card_key(index, fmt::format("fault[{}].{}", bad - card.vgem.faults.begin(),
                                               fault_words(*bad).front().key))};
}

/// What the driver says of the card's description.
Problem validate_device(const CardConfig& card, size_t index) {
    if (card.driver != "vkms") return validate_faults(card, index);
    const auto errors = vkms::validate(card.device);
    if (errors.empty()) return {};
    const vkms::ConfigError& error = errors.front();
    return {.message = error.message, .remedy = error.remedy, .key = card_key(index, error.key)};
}

Problem validate_name(const std::string& name, size_t index) {
    if (!is_name(name)) {
        return {.message = fmt::format("\"{}\" is no name for a card", name),
                .remedy = fmt::format("use a letter, then letters, digits, - and _; at most {}",
                                      max_name_length),
                .key = card_key(index, "name")};
    }
    if (is_node_name(name)) {
        return {.message = fmt::format("\"{}\" is what a device node is called", name),
                .remedy = fmt::format("choose a name of the slot, such as \"gpu{}\"", index),
                .key = card_key(index, "name")};
    }
    if (parse_connector_name(name)) {
        return {.message = fmt::format("\"{}\" is what a connector is called", name),
                .remedy = fmt::format("choose a name of the slot, such as \"gpu{}\"", index),
                .key = card_key(index, "name")};
    }
    return {};
}

Problem validate_card(const CardConfig& card, size_t index) {
    if (Problem problem = validate_name(card.name, index); !problem.message.empty()) return problem;
    if (!is_one_of(driver_names, card.driver)) {
        return {.message = fmt::format("there is no driver \"{}\"", card.driver),
                .remedy = fmt::format("use one of: {}", fmt::join(driver_names, ", ")),
                .key = card_key(index, "driver")};
    }
    return validate_device(card, index);
}

/// Of a card with a layout: its connectors stay, and the screens at those that no option is about.
/// A Virtual one is of no kind: it becomes what the screen is plugged into. `taken`: those of the
/// options so far.
Problem replace_screen(CardConfig& card, const ScreenOption& option, std::vector<bool>& taken) {
    const vkms::ScreenConfig& screen = option.screen;
    const auto connectors = vkms::numbered_connectors(card.device);
    taken.resize(connectors.size());
    for (size_t i = 0; i < connectors.size(); ++i)  // whatever the others become
        card.device.screens[i].connector = connectors[i];
    const auto find = [&](auto is_it) {
        size_t index = 0;
        while (index < connectors.size() && !is_it(index)) ++index;
        return index;
    };
    const auto is_virtual = [&](size_t index) {
        return connectors[index].type == DRM_MODE_CONNECTOR_VIRTUAL;
    };
    const bool is_named = option.is_named();
    const auto refuse = [&](const std::string& message) {
        std::vector<std::string> names;
        names.reserve(connectors.size());
        for (const vkms::ConnectorConfig& one : connectors) names.push_back(connector_name(one));
        return Problem{.message = message,
                       .remedy = fmt::format("name one of {}'s connectors, each once: {}",
                                             card.name, fmt::join(names, ", ")),
                       .key = "--screen"};
    };
    size_t index = find([&](size_t i) {
        return is_named ? connectors[i].is_same_place(screen.connector) : !taken[i];
    });
    if (index == connectors.size())
        index = find([&](size_t i) { return !taken[i] && is_virtual(i); });
    if (index == connectors.size()) {
        return refuse(is_named ? fmt::format("{} has no connector {}", card.name,
                                             connector_name(screen.connector))
                               : fmt::format("{} has no connector for one more", card.name));
    }
    if (taken[index])
        return refuse(
            fmt::format("{} has the screen of another option", connector_name(connectors[index])));
    taken[index] = true;
    vkms::ScreenConfig& place = card.device.screens[index];
    if (is_virtual(index)) {
        place = screen;
        return {};
    }
    auto at_place = parse_screen_spec(option.spec, {.connector = place.connector});
    if (!at_place.ok()) {
        Problem problem = at_place.problem();
        problem.key = "--screen";
        return problem;
    }
    place = std::move(at_place.value());
    return {};
}

}  // namespace

bool is_card_name(const std::string& name) {
    return validate_name(name, 0).message.empty();
}

std::string connector_remedy() {
    return fmt::format("write its type and a number, such as DP-1; the types: {}",
                       vkms::connector_type_words());
}

Problem validate(const Config& config) {
    if (!is_one_of(buses, config.bus)) {
        return {.message = fmt::format("there is no bus \"{}\"", config.bus),
                .remedy = fmt::format("use one of: {}", fmt::join(buses, ", ")),
                .key = "bus"};
    }
    if (!is_one_of(clocks, config.clock)) {
        return {.message = fmt::format("there is no clock \"{}\"", config.clock),
                .remedy = fmt::format("use one of: {}", fmt::join(clocks, ", ")),
                .key = "clock"};
    }
    if (config.cards.size() > max_cards) {
        return {.message = fmt::format("{} cards are too many", config.cards.size()),
                .remedy = fmt::format("use at most {}", max_cards),
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

Outcome<ScreenOption> parse_screen_option(std::string_view text) {
    ScreenOption option;
    SpecContext context;
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
        std::string_view name = text.substr(0, equals);
        text.remove_prefix(equals + 1);
        const auto slash = name.find('/');
        context.connector = parse_connector_name(name.substr(slash + 1));  // npos + 1 is 0
        if (slash != std::string_view::npos && !context.connector) {
            return Problem{.message = fmt::format("\"{}\" is no connector", name.substr(slash + 1)),
                           .remedy = connector_remedy(),
                           .key = "--screen"};
        }
        if (context.connector) name = name.substr(0, slash == name.npos ? 0 : slash);
        option.card = std::string(name);
    }
    option.spec = text;
    auto screen = parse_screen_spec(text, context);
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
    std::vector<std::vector<bool>> taken(config.cards.size());
    std::vector<std::pair<CardConfig*, const ScreenOption*>> at_layouts;
    for (const ScreenOption& option : options) {
        const auto card =
            std::find_if(config.cards.begin(), config.cards.end(), [&](const CardConfig& one) {
                return option.card.empty() ? one.has_screens() : one.name == option.card;
            });
        if (card == config.cards.end()) {
            std::vector<std::string> names;
            for (const CardConfig& one : config.cards) names.push_back(one.name);
            return Problem{.message = option.card.empty()
                                          ? "the board has no card with screens"
                                          : fmt::format("there is no card \"{}\"", option.card),
                           .remedy = fmt::format("the board's cards: {}; for a connector, {}",
                                                 fmt::join(names, ", "), connector_remedy()),
                           .key = "--screen"};
        }
        if (!card->has_screens()) {
            return Problem{
                .message =
                    fmt::format("{} is a {} card and has no screens", card->name, card->driver),
                .remedy = "name a vkms card, or leave its name out: the first is meant then",
                .key = "--screen"};
        }
        const auto index = static_cast<size_t>(card - config.cards.begin());
        if (card->device.layout) {
            at_layouts.emplace_back(&*card, &option);
            continue;
        }
        if (!replaced[index]) card->device.screens.clear();
        replaced[index] = true;
        card->device.screens.push_back(option.screen);
    }
    // First those that say where.
    std::stable_partition(at_layouts.begin(), at_layouts.end(),
                          [](const auto& one) { return one.second->is_named(); });
    for (const auto& [card, option] : at_layouts) {
        const auto index = static_cast<size_t>(card - config.cards.data());
        if (Problem problem = replace_screen(*card, *option, taken[index]);
            !problem.message.empty())
            return problem;
    }
    if (Problem problem = validate(config); !problem.message.empty()) return problem;
    return config;
}

}  // namespace plugboard::daemon
