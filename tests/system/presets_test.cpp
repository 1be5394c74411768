// Each preset with the clients that people try first.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "daemon/config/presets.h"
#include "tests/support/comes_true.h"
#include "tests/system/board.h"
#include "tests/system/stage.h"

namespace plugboard::tests {
namespace {

using daemon::Preset;

/// Its driver's name, which modetest has to be told.
std::string driver_of(const Preset& preset) {
    return preset.name == "legacy" ? "legacy" : "vkms";
}

/// Nothing is plugged in, so that nothing can be drawn.
bool is_dark(const Preset& preset) {
    return preset.name == "no-screen";
}

class Presets : public testing::TestWithParam<Preset> {
  protected:
    static std::string name() { return std::string(GetParam().name); }
    /// Of the first card, which is weston's.
    static nlohmann::json screens_of(const Stage& stage) {
        const auto status = nlohmann::json::parse(stage.ask({"status", "--json"}));
        return status.at("cards").at(0).at("screens");
    }
    static bool lights_all(const Stage& stage) {
        return std::ranges::all_of(screens_of(stage), [](const auto& screen) {
            return screen.value("plugged", false) == screen.contains("mode");
        });
    }
    static ClientRun run_on_it(const std::vector<std::string>& command) {
        return run_on_fresh_board(command, {"-p", name(), "--strict", "--check-leaks"});
    }
};

TEST_P(Presets, modetest_lists_and_shows) {
    const auto listed = run_on_it({"modetest", "-M", driver_of(GetParam())});
    EXPECT_EQ(listed.status, 0) << listed.err;
    EXPECT_NE(listed.out.find("Connectors:"), std::string::npos) << listed.out;
}

TEST_P(Presets, drm_info_tells_of_every_card) {
    const auto told = run_on_it({"drm_info", "-j"});
    EXPECT_EQ(told.status, 0) << told.err;
    const auto cards = nlohmann::json::parse(told.out, nullptr, false);
    ASSERT_TRUE(cards.is_object()) << told.out;
    EXPECT_EQ(cards.size(), name() == "two-cards" ? 2u : 1u);
    for (const auto& [node, card] : cards.items()) {
        for (const char* kind : {"connectors", "encoders", "crtcs"})
            EXPECT_FALSE(card.at(kind).empty()) << node << " " << kind;
    }
}

TEST_P(Presets, kmscube_turns_its_cube) {
    const auto turned = run_on_it({"kmscube", "-c", "10"});
    if (is_dark(GetParam())) {
        EXPECT_NE(turned.out.find("no connected connector"), std::string::npos) << turned.out;
        return;
    }
    EXPECT_EQ(turned.status, 0) << turned.out << turned.err;
    EXPECT_NE(turned.out.find("Rendered 9 frames"), std::string::npos) << turned.out << turned.err;
}

TEST_P(Presets, weston_shows_its_background_on_every_screen) {
    Stage weston(compositors().front(), {.board = std::string(GetParam().toml)});
    ASSERT_TRUE(weston.prints("Output repaint window")) << weston.log();
    std::set<std::string> shown;
    EXPECT_TRUE(comes_true([&] { return lights_all(weston); })) << weston.log();
    for (const auto& screen : screens_of(weston)) {
        if (!screen.contains("mode")) continue;
        const std::string mode = screen.at("mode");  // "1920x1080"
        const auto width = static_cast<uint32_t>(std::stoul(mode));
        const auto height = static_cast<uint32_t>(std::stoul(mode.substr(mode.find('x') + 1)));
        EXPECT_TRUE(weston.comes_to_show_background(screen.at("name"), width, height));
        shown.insert(screen.at("name"));
    }
    EXPECT_EQ(shown.empty(), is_dark(GetParam()));
    EXPECT_TRUE(weston.ends_cleanly());
}

INSTANTIATE_TEST_SUITE_P(All, Presets, testing::ValuesIn(daemon::presets), [](const auto& of) {
    std::string name(of.param.name);
    for (char& c : name)
        if (!isalnum(static_cast<unsigned char>(c))) c = '_';
    return name;
});

}  // namespace
}  // namespace plugboard::tests
