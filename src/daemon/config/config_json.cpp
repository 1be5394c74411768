#include "daemon/config/config_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "daemon/config/json_place.h"
#include "daemon/config/like.h"

namespace plugboard::daemon {
namespace {

constexpr size_t most_devices = 256;
constexpr size_t most_objects = 64;
constexpr size_t longest_object_name = 255;

using Names = std::map<std::string, size_t>;

/// The place of each object, by its name.
Names names_of(const std::vector<JsonPlace>& objects) {
    Names names;
    for (const JsonPlace& object : objects) {
        const JsonPlace name = object.at("name");
        if (!names.emplace(name.text(longest_object_name), names.size()).second)
            name.fail("is the name of another", "give each a name of its own");
    }
    return names;
}

uint32_t mask_of(const JsonPlace& links, const Names& names) {
    uint32_t mask = 0;
    for (const JsonPlace& link : links.items(most_objects)) {
        const auto found = names.find(link.text(longest_object_name));
        if (found == names.end()) link.fail("there is none of this name", "name one of the file");
        if (found->second < 32) mask |= 1U << found->second;
    }
    return mask;
}

template <class Value>
Value choice_of(const JsonPlace& place, const std::map<std::string, Value>& choices) {
    const auto found = choices.find(place.text(longest_object_name));
    if (found != choices.end()) return found->second;
    std::string words;
    for (const auto& [word, value] : choices)
        words += fmt::format("{}\"{}\"", words.empty() ? "" : ", ", word);
    place.fail("is none of the words that it may be", "write one of " + words);
}

void check_keys(const JsonPlace& object, const std::vector<std::string_view>& known) {
    for (const auto& [name, member] : object.members(most_objects)) {
        if (std::ranges::find(known, name) == known.end())
            member.fail("unknown key", fmt::format("known here: {}", fmt::join(known, ", ")));
    }
}

/// What it becomes on the kernel that has vkms' configfs.
vkms::Config device_of(const JsonPlace& device) {
    vkms::Config config = vkms::with_profile(vkms::Profile::LinuxLatest);
    config.screens.clear();
    check_keys(device, {"name", "enabled", "planes", "crtcs", "encoders", "connectors"});
    vkms::Layout& layout = config.layout.emplace();
    const auto crtcs = device.at("crtcs").items(most_objects);
    const auto encoders = device.at("encoders").items(most_objects);
    const auto planes = device.at("planes").items(most_objects);
    const auto connectors = device.at("connectors").items(most_objects);
    const Names crtc_names = names_of(crtcs), encoder_names = names_of(encoders);
    (void)names_of(planes);
    (void)names_of(connectors);
    for (const JsonPlace& plane : planes) check_keys(plane, {"name", "type", "possible_crtcs"});
    for (const JsonPlace& crtc : crtcs) check_keys(crtc, {"name", "is_writeback_enabled"});
    for (const JsonPlace& encoder : encoders) check_keys(encoder, {"name", "possible_crtcs"});
    for (const JsonPlace& connector : connectors)
        check_keys(connector, {"name", "status", "possible_encoders"});
    for (const JsonPlace& crtc : crtcs)
        layout.crtcs.push_back({.writeback = crtc.boolean_or("is_writeback_enabled", false)});
    for (const JsonPlace& plane : planes) {
        layout.planes.push_back(
            {.type =
                 choice_of<drm::PlaneType>(plane.at("type"), {{"overlay", drm::PlaneType::Overlay},
                                                              {"primary", drm::PlaneType::Primary},
                                                              {"cursor", drm::PlaneType::Cursor}}),
             .possible_crtcs = mask_of(plane.at("possible_crtcs"), crtc_names)});
    }
    for (const JsonPlace& encoder : encoders)
        layout.encoders.push_back(
            {.possible_crtcs = mask_of(encoder.at("possible_crtcs"), crtc_names)});
    for (const JsonPlace& connector : connectors) {
        const auto status = connector.find("status");
        const auto number =
            status
                ? choice_of<int>(*status, {{"connected", 1}, {"disconnected", 2}, {"unknown", 3}})
                : 1;
        config.screens.push_back({.connected = number == 1, .is_unsure = number == 3});
        layout.possible_encoders.push_back(
            mask_of(connector.at("possible_encoders"), encoder_names));
    }
    return config;
}

/// What a driver's key is in the file.
std::string file_key(const JsonPlace& device, std::string key) {
    const size_t end = std::min(key.find_first_of("[."), key.size());
    for (const auto& [ours, theirs] :
         {std::pair("screens", "connectors"), std::pair("plane", "planes"),
          std::pair("crtc", "crtcs"), std::pair("encoder", "encoders")}) {
        if (key.substr(0, end) != ours) continue;
        key.replace(0, end, theirs);
        break;
    }
    return device.key().empty() ? key : device.key() + "." + key;
}

/// A device that is not enabled is none.
Config devices_of(const std::vector<JsonPlace>& devices) {
    Config config;
    config.cards.clear();
    std::vector<JsonPlace> enabled;  // those of the cards
    for (const JsonPlace& device : devices) {
        CardConfig card;
        card.name = device.at("name").text(longest_object_name);
        const auto is_enabled = device.find("enabled");
        card.device = device_of(device);
        card.device.name = card.name;
        if (is_enabled && !is_enabled->boolean()) continue;
        const auto errors = vkms::validate(card.device);
        if (!errors.empty()) {
            throw Problem{.message = errors.front().message,
                          .remedy = errors.front().remedy,
                          .key = file_key(device, errors.front().key)};
        }
        for (const CardConfig& other : config.cards)
            if (other.name == card.name)
                device.at("name").fail("is the name of another", "give each a name of its own");
        config.cards.push_back(std::move(card));
        enabled.push_back(device);
    }
    Problem problem = validate(config);
    if (problem.message.empty()) return config;
    for (size_t i = 0; i < enabled.size(); ++i) {
        const std::string card = fmt::format("card[{}].", i);
        if (!problem.key.starts_with(card)) continue;
        problem.key = file_key(enabled[i], problem.key.substr(card.size()));
        break;
    }
    throw problem;
}

}  // namespace

bool is_json(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n", byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const auto start = text.find_first_not_of(blanks);
    if (start == text.npos) return false;
    if (text[start] == '{') return true;
    if (text[start] != '[') return false;  // a table's header is [name] or [[name]]
    const auto next = text.find_first_not_of(blanks, start + 1);
    return next != text.npos && (text[next] == '{' || text[next] == ']');
}

Outcome<Config> parse_json_config(std::string_view text, const std::string& file) {
    try {
        const nlohmann::json document = parse_json(text);
        const JsonPlace all(document, "", Nulls::AreMissing);
        if (document.is_array()) return devices_of(all.items(most_devices));
        if (all.find("name") && all.find("planes")) return devices_of({all});
        auto card = parse_likeness(text, file);
        if (!card.ok()) return card.problem();
        return board_of(std::move(card.value()));
    } catch (Problem& problem) {
        problem.file = file;
        return std::move(problem);
    }
}

}  // namespace plugboard::daemon
