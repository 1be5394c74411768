#include "daemon/config/like.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/config_json.h"
#include "tests/support/like_files.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;
using tests::text_of_like;

CardConfig card_like(const std::string& name) {
    auto card = parse_likeness(text_of_like(name), name);
    EXPECT_TRUE(card.ok()) << (card.ok() ? "" : card.problem().headline());
    return card.ok() ? std::move(card.value()) : CardConfig();
}

bool notes_begin(const CardConfig& card, const std::string& start) {
    return std::ranges::any_of(card.notes,
                               [&](const std::string& note) { return note.starts_with(start); });
}

TEST(Like, our_own_card_is_the_same_but_for_its_bus) {
    const CardConfig card = card_like("latest");
    ASSERT_EQ(card.notes.size(), 1u) << card.notes.back();
    EXPECT_TRUE(card.notes[0].starts_with("device:"));
    EXPECT_TRUE(card.device.layout->crtcs[0].writeback);
}

TEST(Like, a_laptop_has_its_outputs_planes_and_modes) {
    const CardConfig card = card_like("laptop");
    const vkms::Config& device = card.device;
    EXPECT_EQ(device.identity.name, "i915");
    ASSERT_EQ(device.screens.size(), 4u);
    EXPECT_EQ(device.screens[0].connector.type, uint32_t{DRM_MODE_CONNECTOR_eDP});
    EXPECT_EQ(device.screens[0].modes[0].size(), (drm::Size{2256, 1504}));
    EXPECT_EQ(device.screens[1].modes.size(), 4u);
    EXPECT_FALSE(device.screens[2].connected);
    EXPECT_EQ(device.layout->planes.size(), 9u);
    EXPECT_TRUE(device.features.zpos && device.features.alpha && device.features.blend_mode);
    EXPECT_TRUE(device.features.render_node && device.features.syncobj);
    EXPECT_FALSE(device.features.damage_clips);
}

TEST(Like, an_old_driver_has_no_atomic_and_no_planes_but_overlays) {
    json document = json::parse(text_of_like("latest"));
    json& card = document["/dev/dri/card0"];
    for (const char* cap : {"UNIVERSAL_PLANES", "ATOMIC", "WRITEBACK_CONNECTORS"})
        card["driver"]["client_caps"][cap] = false;
    card["driver"]["caps"]["PRIME"] = 0;
    card["planes"] = json::array();
    const auto like = parse_likeness(document.dump(), "old");
    ASSERT_TRUE(like.ok()) << like.problem().headline();
    const vkms::Features& features = like.value().device.features;
    EXPECT_FALSE(features.atomic || features.universal_planes || features.prime);
    EXPECT_FALSE(notes_begin(like.value(), "driver")) << like.value().notes.back();
    EXPECT_FALSE(notes_begin(like.value(), "planes")) << like.value().notes.back();
}

TEST(Like, what_nothing_draws_is_noted) {
    const CardConfig card = card_like("laptop");
    EXPECT_TRUE(notes_begin(card, "planes[0].formats: XR30 is listed"));
    EXPECT_TRUE(
        notes_begin(card, "planes[0].properties.IN_FORMATS: modifier 0x100000000000001 is listed"));
    EXPECT_FALSE(notes_begin(card, "planes[0].possible_crtcs"));
}

TEST(Like, a_small_computer_has_its_writeback_and_no_gamma_on_its_panel) {
    const CardConfig card = card_like("soc");
    const vkms::Layout& layout = *card.device.layout;
    EXPECT_FALSE(layout.crtcs[0].writeback && layout.crtcs[1].writeback);
    EXPECT_TRUE(layout.crtcs[0].writeback || layout.crtcs[1].writeback);
    EXPECT_EQ(layout.crtcs[1].gamma_size, 0u);
    EXPECT_EQ(layout.encoders.size(), 2u);
    EXPECT_EQ(card.device.screens[1].width_mm, 62u);
}

/// What is wrong with the soc after a change, which begins with the key.
struct BadLikeness {
    const char* pointer;  // RFC 6901, below the card
    json value;           // null: taken out
    const char* key;
};

class BadLike : public testing::TestWithParam<BadLikeness> {};

TEST_P(BadLike, is_refused_with_file_and_key) {
    json document = json::parse(text_of_like("soc"));
    const json::json_pointer pointer("/~1dev~1dri~1card0" + std::string(GetParam().pointer));
    if (GetParam().value.is_null()) {
        document.at(pointer.parent_pointer()).erase(pointer.back());
    } else {
        document[pointer] = GetParam().value;
    }
    const auto card = parse_likeness(document.dump(), "soc.json");
    ASSERT_FALSE(card.ok());
    EXPECT_EQ(card.problem().file, "soc.json");
    EXPECT_EQ(card.problem().key, GetParam().key) << card.problem().headline();
    EXPECT_FALSE(card.problem().remedy.empty());
}

const BadLikeness bad_likenesses[] = {
    {"/planes", nullptr, "/"},
    {"/planes", 3, "planes"},
    {"/planes/0/formats", json::array(), "planes[0].formats"},
    {"/planes/0/formats/1", -1, "planes[0].formats[1]"},
    {"/planes/0/formats/1", 875713112, "planes[0].formats[1]"},
    {"/planes/0/possible_crtcs", 1e300, "planes[0].possible_crtcs"},
    {"/planes/0/possible_crtcs", 0, "plane[0]"},
    {"/planes/0/properties/type/raw_value", 3, "planes[0]"},
    {"/planes/0/properties/zpos", 3, "planes[0].properties.zpos"},
    {"/planes/2/properties/rotation/spec/0/value", 64,
     "planes[2].properties.rotation.spec[0].value"},
    {"/crtcs/0/gamma_size", 4294967296, "crtcs[0].gamma_size"},
    {"/encoders/0/id", "one", "encoders[0].id"},
    {"/encoders/0/type", 99, "encoders[0].type"},
    {"/encoders/2/possible_clones", "x", "encoders[2].possible_clones"},
    {"/connectors/0/encoders/0", 12345, "connectors[0].encoders[0]"},
    {"/connectors/0/status", 0, "connectors[0].status"},
    {"/connectors/0/status", 4, "connectors[0].status"},
    {"/connectors/0/type", 99, "screens[0].connector"},
    {"/connectors/0/modes/1/htotal", 1, "connectors[0].modes[1]"},
    {"/connectors/0/modes/1/clock", nullptr, "connectors[0].modes[1]"},
    {"/connectors/0/modes/1/name", std::string(100, 'x'), "connectors[0].modes[1].name"},
    {"/driver/name", 5, "driver.name"},
    {"/driver/caps/CURSOR_WIDTH", 18446744073709551615ULL, "driver.caps.CURSOR_WIDTH"},
    {"/driver/client_caps/ATOMIC", "yes", "driver.client_caps.ATOMIC"},
    {"/fb_size/min_width", 9000, "fb_size"},
};
INSTANTIATE_TEST_SUITE_P(All, BadLike, testing::ValuesIn(bad_likenesses));

TEST(Like, is_of_one_card) {
    json two = json::parse(text_of_like("soc"));
    two["/dev/dri/card1"] = two["/dev/dri/card0"];
    EXPECT_FALSE(parse_likeness(two.dump(), "x").ok());
    EXPECT_FALSE(parse_likeness("{}", "x").ok());
    EXPECT_FALSE(parse_likeness("[]", "x").ok());
    EXPECT_TRUE(parse_likeness(two["/dev/dri/card1"].dump(), "x").ok()) << "as drmdb has it";
}

TEST(Like, takes_null_for_what_is_missing) {
    json document = json::parse(text_of_like("soc"));
    json& card = document["/dev/dri/card0"];
    card["fb_size"] = card["driver"]["desc"] = card["encoders"][0]["properties"] = nullptr;
    const auto like = parse_likeness(document.dump(), "x");
    EXPECT_TRUE(like.ok()) << like.problem().headline();
    card["planes"] = nullptr;
    EXPECT_EQ(parse_likeness(document.dump(), "x").problem().headline(), "x: /: has no \"planes\"");
}

TEST(Like, says_where_the_file_is_no_json) {
    const auto card = parse_likeness("{\n\n\"a\": }", "x");
    ASSERT_FALSE(card.ok());
    EXPECT_EQ(card.problem().line, 3);
}

TEST(Like, says_where_a_number_is_too_large) {
    const auto card = parse_likeness("{\n\"a\": 1e400}", "x");
    ASSERT_FALSE(card.ok());
    EXPECT_EQ(card.problem().line, 2);
    EXPECT_EQ(card.problem().message, "has a number that is too large for any purpose");
}

TEST(Like, may_be_as_deep_as_64_brackets) {
    const auto with_brackets = [](size_t depth) {
        json document = json::parse(text_of_like("soc"));
        document["/dev/dri/card0"]["crtcs"][0]["properties"]["ACTIVE"]["spec"] = "deep";
        std::string text = document.dump(2);
        depth -= 6;  // those around it
        const std::string brackets = std::string(depth, '[') + std::string(depth, ']');
        return text.replace(text.find("\"deep\""), 6, brackets);
    };
    EXPECT_TRUE(parse_likeness(with_brackets(64), "x").ok());
    for (const size_t depth : {size_t{65}, size_t{400'000}}) {
        const auto card = parse_likeness(with_brackets(depth), "x");
        ASSERT_FALSE(card.ok()) << depth;
        EXPECT_EQ(card.problem().message, "has more than 64 brackets in each other");
        EXPECT_GT(card.problem().line, 1);
    }
}

TEST(Like, an_empty_file_has_no_card) {
    for (const char* text : {"", " \n"}) {
        const auto card = parse_likeness(text, "x");
        ASSERT_FALSE(card.ok());
        EXPECT_EQ(card.problem().headline(), "x:1: no card is in it");
        EXPECT_FALSE(card.problem().remedy.empty());
    }
}

/// The first entry of each list, and of each object's properties those that are read by name, or
/// the first.
void collect_places(const json& value, const json::json_pointer& at,
                    std::vector<json::json_pointer>& places) {
    constexpr std::string_view read_by_name[] = {"type", "rotation", "IN_FORMATS", "EDID"};
    places.push_back(at);
    if (value.is_array() && !value.empty()) collect_places(value[0], at / 0, places);
    if (!value.is_object()) return;
    const bool are_properties = !at.empty() && at.back() == "properties";
    for (const auto& [name, member] : value.items()) {
        if (are_properties && name != value.begin().key() &&
            std::ranges::find(read_by_name, name) == std::end(read_by_name))
            continue;
        collect_places(member, at / name, places);
    }
}

TEST(Like, a_value_of_any_other_type_is_good_or_has_its_place) {
    const json document = json::parse(text_of_like("soc"));
    std::vector<json::json_pointer> places;
    collect_places(document, json::json_pointer(), places);
    places.push_back(json::json_pointer("/~1dev~1dri~1card0/encoders/0/properties"));
    places.push_back(json::json_pointer("/~1dev~1dri~1card0/driver/properties"));
    const json others[] = {nullptr, true, -1, 1.5, "x", json::array(), {{"x", 5}}};
    size_t refused = 0;
    for (size_t i = 0; i < places.size(); ++i) {
        const auto& place = places[i];
        for (const size_t step : {size_t{0}, size_t{3}}) {  // each makes a card
            const json& other = others[(i + step) % std::size(others)];
            json changed = document;
            changed[place] = other;
            try {
                const auto card = parse_likeness(changed.dump(), "x");
                if (card.ok()) continue;
                ++refused;
                EXPECT_EQ(card.problem().file, "x");
                EXPECT_FALSE(card.problem().key.empty()) << place << " as " << other;
            } catch (const std::exception& error) {
                ADD_FAILURE() << place << " as " << other << ": " << error.what();
            }
        }
    }
    EXPECT_GE(refused, 169u) << "of " << 2 * places.size() << ": a reader takes more than it did";
}

TEST(Like, is_a_key_of_a_card) {
    const auto board = parse_toml("[[card]]\nlike = \"tests/like/soc.json\"\nzpos = false\n",
                                  PLUGBOARD_SOURCE_DIR "/board.toml");
    ASSERT_TRUE(board.ok()) << board.problem().headline();
    EXPECT_EQ(board.value().cards[0].device.screens.size(), 2u);
    EXPECT_FALSE(board.value().cards[0].device.features.zpos);
    EXPECT_FALSE(board.value().cards[0].notes.empty());
}

TEST(Like, leaves_no_other_key_the_same_say) {
    const auto both = parse_toml("[[card]]\nlike = \"tests/like/soc.json\"\ncrtcs = 2\n",
                                 PLUGBOARD_SOURCE_DIR "/board.toml");
    ASSERT_FALSE(both.ok());
    EXPECT_EQ(both.problem().line, 2);
    EXPECT_EQ(both.problem().key, "card[0].like");
    EXPECT_FALSE(parse_toml("[[card]]\nlike = \"none.json\"\n", "board.toml").ok());
}

}  // namespace
}  // namespace plugboard::daemon
