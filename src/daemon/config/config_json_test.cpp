#include "daemon/config/config_json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "tests/support/garble.h"
#include "tests/support/like_files.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;
using tests::Dice;
using tests::text_of_like;

const std::string vkmsctl_device = R"({"name": "d", "enabled": true,
 "planes": [{"name": "p", "type": "primary", "possible_crtcs": ["c"]},
            {"name": "o", "type": "overlay", "possible_crtcs": ["c"]}],
 "crtcs": [{"name": "c", "is_writeback_enabled": true}],
 "encoders": [{"name": "e", "possible_crtcs": ["c"]}],
 "connectors": [{"name": "k", "status": "disconnected", "possible_encoders": ["e"]},
                {"name": "l", "status": "unknown", "possible_encoders": ["e"]}]})";

TEST(VkmsctlJson, is_a_board) {
    const auto board = parse_json_config(vkmsctl_device, "d.json");
    ASSERT_TRUE(board.ok()) << board.problem().headline();
    ASSERT_EQ(board.value().cards.size(), 1u);
    const CardConfig& card = board.value().cards[0];
    EXPECT_EQ(card.name, "d");
    const vkms::Layout wanted{.planes = {{.type = drm::PlaneType::Primary, .possible_crtcs = 1},
                                         {.type = drm::PlaneType::Overlay, .possible_crtcs = 1}},
                              .crtcs = {{.writeback = true}},
                              .encoders = {{.possible_crtcs = 1}},
                              .possible_encoders = {1, 1}};
    EXPECT_EQ(card.device.layout, wanted);
    EXPECT_FALSE(card.device.screens[0].connected);
    EXPECT_TRUE(card.device.screens[1].is_unsure);
}

TEST(VkmsctlJson, takes_null_for_what_is_missing) {
    json document = json::parse(vkmsctl_device);
    document["connectors"][0]["status"] = document["enabled"] = nullptr;
    const auto board = parse_json_config(document.dump(), "d.json");
    ASSERT_TRUE(board.ok()) << board.problem().headline();
    EXPECT_TRUE(board.value().cards[0].device.screens[0].connected);
}

TEST(VkmsctlJson, may_list_several_and_those_that_are_off_are_none) {
    json off = json::parse(vkmsctl_device);
    off["enabled"] = false;
    off["name"] = "off";
    const json list = {json::parse(vkmsctl_device), off};
    const auto board = parse_json_config(list.dump(), "list.json");
    ASSERT_TRUE(board.ok()) << board.problem().headline();
    EXPECT_EQ(board.value().cards.size(), 1u);
}

TEST(VkmsctlJson, that_is_bad_says_where) {
    const std::pair<const char*, json> bad[] = {{"/planes/0/type", "middle"},
                                                {"/planes/0/possible_crtcs/0", "none"},
                                                {"/crtcs/0/is_writeback_enabled", 1},
                                                {"/connectors/0/status", "on"},
                                                {"/encoders/0/name", 7},
                                                {"/planes/1/name", "p"}};
    for (const auto& [pointer, value] : bad) {
        json document = json::parse(vkmsctl_device);
        document[json::json_pointer(pointer)] = value;
        const auto board = parse_json_config(document.dump(), "d.json");
        ASSERT_FALSE(board.ok()) << pointer;
        EXPECT_EQ(board.problem().file, "d.json");
        std::string key(pointer + 1);  // "planes[0].type"
        key = key.substr(0, key.find('/')) + "[" + key.substr(key.find('/') + 1, 1) + "]";
        EXPECT_TRUE(board.problem().key.starts_with(key)) << board.problem().headline();
        EXPECT_FALSE(board.problem().remedy.empty());
    }
}

TEST(VkmsctlJson, has_no_other_keys) {
    for (const char* pointer : {"/enabld", "/planes/0/typ", "/crtcs/0/writeback",
                                "/encoders/0/possible_crtc", "/connectors/0/statsu"}) {
        json document = json::parse(vkmsctl_device);
        document[json::json_pointer(pointer)] = true;
        const auto board = parse_json_config(document.dump(), "d.json");
        ASSERT_FALSE(board.ok()) << pointer;
        EXPECT_EQ(board.problem().message, "unknown key") << pointer;
        EXPECT_TRUE(board.problem().key.ends_with(
            std::string(pointer).substr(std::string(pointer).rfind('/') + 1)))
            << board.problem().key;
    }
}

TEST(VkmsctlJson, is_told_of_by_its_own_index_and_keys) {
    json off = json::parse(vkmsctl_device), bad = off, same = off, links = off;
    off["enabled"] = false;
    off["planes"] = json::array();  // no card, and none that could be one
    bad["name"] = "card0";
    links["name"] = "links";
    links["planes"][0]["possible_crtcs"] = json::array();
    const std::pair<json, const char*> mistakes[] = {
        {{off, bad}, "[1].name"},
        {{off, same, same}, "[2].name"},
        {{off, links}, "[1].planes[0]"},
    };
    for (const auto& [list, key] : mistakes) {
        const auto board = parse_json_config(list.dump(), "list.json");
        ASSERT_FALSE(board.ok()) << key;
        EXPECT_EQ(board.problem().key, key) << board.problem().headline();
    }
    EXPECT_TRUE(parse_json_config(json({off, same}).dump(), "list.json").ok());
}

TEST(JsonConfig, may_begin_with_a_byte_order_mark) {
    const std::string text = "\xef\xbb\xbf" + vkmsctl_device;
    EXPECT_TRUE(is_json(text));
    EXPECT_TRUE(parse_json_config(text, "d.json").ok());
}

TEST(JsonConfig, is_told_from_toml_by_its_start) {
    for (const char* text : {"{", " \n[ {", "[]"}) EXPECT_TRUE(is_json(text)) << text;
    for (const char* text : {"", "[[card]]", "[limits]", "bus = 1"}) EXPECT_FALSE(is_json(text));
}

const std::vector<std::string> json_words = {"null",
                                             "true",
                                             "-1",
                                             "0",
                                             "1",
                                             "31",
                                             "32",
                                             "64",
                                             "65536",
                                             "4294967295",
                                             "18446744073709551615",
                                             "1e400",
                                             "\"\"",
                                             "\"x\"",
                                             "[]",
                                             "{}",
                                             "[",
                                             "]",
                                             "{",
                                             "}",
                                             ",",
                                             ":",
                                             "\"",
                                             "\\u0000",
                                             "\xff",
                                             "\"id\": 3,",
                                             "\"possible_crtcs\": 4294967295",
                                             "\"formats\": [1,2]",
                                             "\"encoders\": [1]",
                                             "\"properties\": {\"x\": 5}",
                                             "\"flags\": -1"};

/// A value somewhere in the tree becomes another.
void change_one(json& document, Dice& dice) {
    json* at = &document;
    for (int depth = 0; depth < 12 && at->is_structured() && !at->empty(); ++depth) {
        if (depth > 1 && dice.one_in(6)) break;
        auto next = at->begin();
        std::advance(next, dice.below(at->size()));
        at = &*next;
    }
    const json word = json::parse(dice.one_of(json_words), nullptr, false);
    *at = word.is_discarded() ? json(nullptr) : word;
}

/// What is wrong with what a reader makes of the text.
std::optional<std::string> mistake_of_json(const std::string& text) {
    try {
        const auto config = parse_json_config(text, "card.json");
        if (config.ok()) {
            const Problem problem = validate(config.value());
            if (problem.message.empty()) return std::nullopt;
            return "accepted, but not valid: " + problem.message;
        }
        const Problem& problem = config.problem();
        if (problem.file != "card.json") return "it does not say in which file";
        if (problem.key.empty() && problem.line < 1) return "it does not say where";
        if (problem.message.empty() || problem.remedy.empty()) return "it does not say what";
        return std::nullopt;
    } catch (const std::exception& error) {
        return std::string("an exception: ") + error.what();
    }
}

RC_GTEST_PROP(LikeBytes, are_a_card_or_a_mistake_with_its_place_and_remedy, ()) {
    const auto numbers = *tests::any_numbers(40);
    Dice dice(numbers);
    const size_t objects = live_object_count();
    std::string text =
        dice.below(3) ? text_of_like(dice.below(2) ? "soc" : "latest") : vkmsctl_device;
    if (dice.below(4) != 0) {
        json document = json::parse(text);
        for (uint32_t left = dice.below(3) + 1; left > 0; --left) change_one(document, dice);
        text = document.dump();
    } else {
        text = tests::garble(dice, text, json_words, 4);
    }
    if (const auto mistake = mistake_of_json(text)) RC_FAIL(*mistake + " in:\n" + text);
    RC_ASSERT(live_object_count() == objects);
}

TEST(LikeBytes, of_any_depth_do_not_overflow_the_stack) {
    for (const std::string word : {"[", "{\"a\":", "[{\"planes\":["}) {
        std::string text;
        for (int i = 0; i < 100000; ++i) text += word;
        EXPECT_EQ(mistake_of_json("{" + text), std::nullopt) << word;
        EXPECT_EQ(mistake_of_json("[ {}," + text), std::nullopt) << word;
    }
}

}  // namespace
}  // namespace plugboard::daemon
