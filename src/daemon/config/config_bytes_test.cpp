// Random texts, most of them nearly a board's TOML: each is a configuration or a mistake that says
// where and what to do; of each configuration a board can be made.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "daemon/board.h"
#include "daemon/config/config.h"
#include "tests/support/garble.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using tests::Dice;

const std::vector<std::string> good_texts = {
    "",
    "bus = \"faux\"\n[[card]]\nname = \"left\"\nprofile = \"linux-6.1\"\ndriver = \"vkms\"\n"
    "overlays = true\ncursor = false\nwriteback = false\n"
    "screens = [\"1920x1080@60\", \"none\"]\ncrtcs = 2\n[[card]]\n",
    "[[card]]\n[[card.screen]]\nspec = \"none\"\n[[card.screen]]\nspec = \"64x64@1000\"\n",
    "card = [{name = \"a\", crtcs = 1}, {overlays = 8}]\n",
    "[[card]]\n[[card.limit]]\nplanes = 2\nplane = [\"overlay\"]\n[[card.limit]]\nbandwidth = "
    "\"2 GB/s\"\n[[card.fault]]\nioctl = \"MODE_ATOMIC\"\ncall = 3\nerrno = \"EBUSY\"\n",
    "clock = \"step\"\n[[card]]\nprofile = \"full\"\nhdr = false\nzpos = true\natomic = false\n"
    "driver_name = \"i915\"\ndriver_version = \"1.6.0\"\ndriver_date = \"20230101\"\n"
    "[[card.screen]]\nconnector = \"eDP-1\"\nspec = \"panel\"\n"
    "panel_orientation = \"left-side-up\"\n[[card.screen]]\nconnector = \"DP-1\"\n"
    "connected = false\n[[card.screen]]\nconnector = \"DP-2\"\npath = \"mst:DP-1-8\"\n"
    "spec = \"tiled-5k-left\"\n",
    "[[card]]\nprofile = \"linux-latest\"\ncolor_pipeline = true\nscaling = true\n"
    "[[card]]\nprofile = \"full\"\nvblank = false\nprime = false\nscreens = [\"broken\"]\n",
    "bus = 'platform' # as in Linux\n[[card]]\nscreens = ['default', '800x600']\n",
};

const std::vector<std::string> known_words = {
    "[[card]]\n",
    "[card]\n",
    "[[card.screen]]\n",
    "[[card.limit]]\n",
    "[[card.fault]]\n",
    "planes = 1\n",
    "size = \"1x1\"\n",
    "upscale = 1.0\n",
    "clock = \"step\"\n",
    "profile = \"full\"\n",
    "path = \"mst:DP-1-8\"\n",
    "path = \"mst:\"\n",
    "panel_orientation = \"normal\"\n",
    "connector = \"DP-2\"\n",
    "connector",
    "connected = false\n",
    "driver_version = \"1.2\"\n",
    "driver_name = \"\"\n",
    "universal_planes = false\n",
    "atomic = false\n",
    "vblank = false\n",
    "modifiers = false\n",
    "clones = true\n",
    "vrr = true\n",
    "like = \"x.json\"\n",
    "vblank = \"lost\"\n",
    "nth = \"1..\"\n",
    "every",
    "after = \"1ms\"\n",
    "\n",
    "name",
    "driver",
    "profile",
    "overlays",
    "cursor",
    "writeback",
    "crtcs",
    "screen",
    "screens",
    "spec",
    "bus",
    "card",
    "=",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'''",
    "\"\"\"",
    ",",
    ".",
    "#",
    "-1",
    "0",
    "1",
    "31",
    "32",
    "8",
    "4294967296",
    "1e999",
    "nan",
    "true",
    "2024-01-01",
    "\\",
    "\\u00",
    "\"none\"",
    "\"vkms\"",
    "\"1x1@1\"",
    "\"9e9x1\"",
    "\"card0\"",
    "\"..\"",
    "\xff",
    "\xef\xbb\xbf",
    "\"8192x8192@999.99999\"",
    "99999999999999999999",
    "\"64x64@nan\"",
    std::string(1, '\0'),
};

std::string random_text(Dice dice) {
    return tests::garble(dice, dice.one_of(good_texts), known_words, 8);
}

using Parser = std::function<Outcome<Config>(std::string_view text, const std::string& file)>;
const Parser parse_alone = [](auto text, const auto& file) { return parse_toml(text, file); };

/// What is wrong with what the parser makes of the text.
std::optional<std::string> mistake_of(const Parser& parse, const std::string& text) {
    try {
        const auto config = parse(text, "board.toml");
        if (config.ok()) {
            const Problem problem = validate(config.value());
            if (problem.message.empty()) return std::nullopt;
            return "accepted, but not valid: " + problem.message;
        }
        const Problem& problem = config.problem();
        if (problem.file != "board.toml" || problem.line < 1) return "it does not say where";
        if (problem.message.empty()) return "it does not say what";
        if (problem.remedy.empty()) return "it has no remedy";
        return std::nullopt;
    } catch (...) {
        return "an exception";
    }
}

RC_GTEST_PROP(ConfigBytes, are_a_configuration_or_a_mistake_with_its_place_and_remedy, ()) {
    const auto numbers = *tests::any_numbers(32);
    const std::string text = random_text(Dice(numbers));
    if (const auto mistake = mistake_of(parse_alone, text)) RC_FAIL(*mistake + " in:\n" + text);
}

RC_GTEST_PROP(ConfigBytes, that_are_accepted_make_a_board, ()) {
    const auto numbers = *tests::any_numbers(32);
    const auto config = parse_toml(random_text(Dice(numbers)), "board.toml");
    if (!config.ok() || numbers.back() % 3 != 0) return;  // a board takes its time
    const size_t objects = live_object_count();
    {
        const tests::TemporaryFolder folder;
        const auto board = Board::create(config.value(), folder.path());
        if (!board.ok()) RC_FAIL(board.problem().headline());
        for (const SlotInfo& slot : board.value()->slots().all()) RC_ASSERT(slot.drm.has_value());
    }
    RC_ASSERT(live_object_count() == objects);
}

TEST(ConfigBytes, of_any_depth_do_not_overflow_the_stack) {
    for (const std::string word : {"a.", "[", "{a=", "a=[", "[\n{a.a.a.a=", "a.a\n=", "[a.a]\n"}) {
        std::string text;
        for (int i = 0; i < 100000; i++) text += word;
        EXPECT_EQ(mistake_of(parse_alone, text + "a = 1"), std::nullopt) << word;
        EXPECT_EQ(mistake_of(parse_alone, "a = " + text), std::nullopt) << word;
    }
}

/// Whether the judge notices a bug that is planted into the parser.
bool finds(const Parser& parse) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        const auto numbers = tests::any_numbers(32)(rc::Random(seed)).value();
        if (mistake_of(parse, random_text(Dice(numbers)))) return true;
    }
    return false;
}

TEST(ConfigBytes, the_judge_finds_a_mistake_without_its_line) {
    EXPECT_TRUE(finds([](std::string_view text, const std::string& file) -> Outcome<Config> {
        auto config = parse_toml(text, file);
        if (config.ok()) return config;
        Problem problem = config.problem();
        problem.line = 0;
        return problem;
    }));
}

TEST(ConfigBytes, the_judge_finds_an_exception) {
    EXPECT_TRUE(finds([](std::string_view text, const std::string& file) {
        if (text.find('{') != std::string_view::npos) throw text.size();
        return parse_toml(text, file);
    }));
}

TEST(ConfigBytes, the_judge_finds_a_configuration_that_is_not_valid) {
    EXPECT_TRUE(finds([](std::string_view text, const std::string& file) -> Outcome<Config> {
        auto config = parse_toml(text, file);
        return config.ok() ? config : Config{.bus = "pci", .cards = {}};
    }));
}

}  // namespace
}  // namespace plugboard::daemon
