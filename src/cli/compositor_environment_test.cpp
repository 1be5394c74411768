#include "cli/compositor_environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <string>

namespace plugboard::cli {
namespace {

/// Without any of the variables; they are as before at the end.
class CompositorEnvironment : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : names) {
            if (const char* value = getenv(name)) before_[name] = value;
            unsetenv(name);
        }
    }
    void TearDown() override {
        for (const char* name : names) unsetenv(name);
        for (const auto& [name, value] : before_) setenv(name.c_str(), value.c_str(), 1);
    }
    static std::map<std::string, std::string> made() {
        std::map<std::string, std::string> variables;
        for (const auto& [name, value] : compositor_environment("/run/b")) variables[name] = value;
        return variables;
    }

    static constexpr const char* names[] = {
        "XDG_RUNTIME_DIR", "SEATD_SOCK",      "LIBSEAT_BACKEND",      "SEATD_VTBOUND",
        "DISPLAY",         "WAYLAND_DISPLAY", "WESTON_LAUNCHER_SOCK", "WLR_LIBINPUT_NO_DEVICES",
        "XDG_SEAT",        "XDG_VTNR",        "XDG_SESSION_ID",       "WAYLAND_SOCKET"};
    std::map<std::string, std::string> before_;
};

TEST_F(CompositorEnvironment, has_a_seat_and_a_place_for_sockets_on_the_board) {
    const std::map<std::string, std::string> expected = {
        {"XDG_RUNTIME_DIR", "/run/b/runtime"}, {"SEATD_SOCK", "/run/b/seat"},
        {"LIBSEAT_BACKEND", "seatd"},          {"SEATD_VTBOUND", "0"},
        {"WESTON_LAUNCHER_SOCK", "400"},       {"WLR_LIBINPUT_NO_DEVICES", "1"}};
    EXPECT_EQ(made(), expected);
}

TEST_F(CompositorEnvironment, leaves_what_the_caller_has_chosen) {
    setenv("LIBSEAT_BACKEND", "builtin", 1);
    setenv("WLR_LIBINPUT_NO_DEVICES", "0", 1);
    EXPECT_EQ(made().count("LIBSEAT_BACKEND"), 0u);
    EXPECT_EQ(made().count("WLR_LIBINPUT_NO_DEVICES"), 0u);
}

TEST_F(CompositorEnvironment, has_nothing_of_another_seat_session_or_desktop) {
    setenv("SEATD_SOCK", "/run/seatd.sock", 1);
    setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "XDG_SEAT", "XDG_SESSION_ID"})
        setenv(name, "host", 1);
    const auto variables = made();
    EXPECT_EQ(variables.at("SEATD_SOCK"), "/run/b/seat");
    EXPECT_EQ(variables.at("XDG_RUNTIME_DIR"), "/run/b/runtime");
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "XDG_SEAT", "XDG_SESSION_ID"})
        EXPECT_EQ(variables.at(name), "") << "removed: " << name;
}

TEST(CompositorHint, says_what_a_compositor_needs_that_the_environment_cannot_give) {
    EXPECT_NE(compositor_hint({"/usr/bin/weston"}).find("--continue-without-input"),
              std::string::npos);
    EXPECT_EQ(compositor_hint({"weston", "--continue-without-input"}), "");
    EXPECT_NE(compositor_hint({"mutter"}).find("logind"), std::string::npos);
    EXPECT_EQ(compositor_hint({"mutter", "--headless"}), "");
    EXPECT_EQ(compositor_hint({"modetest"}), "");
    EXPECT_EQ(compositor_hint({}), "");
}

}  // namespace
}  // namespace plugboard::cli
