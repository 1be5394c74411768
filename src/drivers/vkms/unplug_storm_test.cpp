// Cards are unplugged and unbound while clients open, draw, flip, wait and close, in random order;
// each answer is compared with a model's. The time stands still but for the vblanks of the list.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/vkms/storm_fixture.h"

namespace plugboard::vkms {
namespace {

rc::Gen<std::vector<Command>> any_commands() {
    const auto verb = rc::gen::weightedElement<Verb>(
        {{6, Verb::Vblank},       {8, Verb::Flip},      {8, Verb::BlockingFlip}, {6, Verb::SetCrtc},
         {4, Verb::RmFb},         {4, Verb::AddFb},     {3, Verb::CreateDumb},   {4, Verb::Open},
         {1, Verb::OpenRender},   {1, Verb::Reopen},    {3, Verb::Close},        {1, Verb::GetCap},
         {1, Verb::GetResources}, {3, Verb::SetMaster}, {3, Verb::DropMaster},   {2, Verb::Map},
         {3, Verb::Write},        {2, Verb::Read},      {1, Verb::Pause},        {1, Verb::Unbind},
         {2, Verb::Unplug},       {6, Verb::Plug}});
    const auto index = rc::gen::inRange<size_t>(0, 4);
    return rc::gen::container<std::vector<Command>>(rc::gen::build<Command>(
        rc::gen::set(&Command::verb, verb), rc::gen::set(&Command::file, index),
        rc::gen::set(&Command::item, index)));
}

/// What a card does otherwise than the model. In the end nothing may be left of it.
std::optional<StormDifference> difference_in(const std::vector<Command>& commands,
                                             StormRules rules) {
    const size_t objects = live_object_count();
    auto difference = Storm(rules).play(commands);
    if (difference || live_object_count() == objects) return difference;
    return StormDifference{.text =
                               fmt::format("{} objects are left", live_object_count() - objects)};
}

RC_GTEST_PROP(UnplugStorm, leaves_nothing_and_keeps_its_promises, ()) {
    const auto commands = *any_commands();
    const auto difference = difference_in(commands, {});
    if (!difference) return;
    ADD_FAILURE() << difference->text;  // at once: what is told last comes from one more try
    // What has not come in time is not made smaller: each try would take as long.
    if (difference->kind == StormDifference::Kind::Answer) RC_FAIL(difference->text);
}

/// Whether the storm notices what is planted into the model, within as many runs as it has, by a
/// difference that has this text.
bool finds(std::string_view text, StormRules rules) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        const auto difference = difference_in(any_commands()(rc::Random(seed)).value(), rules);
        if (difference && difference->kind == StormDifference::Kind::Answer &&
            difference->text.find(text) != std::string::npos)
            return true;
    }
    return false;
}

TEST(UnplugStorm, finds_events_that_an_unplug_loses) {
    EXPECT_TRUE(finds("events: the model says", {.unplug_sends_events = false}));
}

TEST(UnplugStorm, finds_files_that_are_not_hung_up) {
    EXPECT_TRUE(finds("hang-up: the model says false", {.unplug_hangs_up = false}));
}

TEST(UnplugStorm, finds_a_waiting_flip_that_an_unplug_calls_done) {
    EXPECT_TRUE(finds("the model says 0, the card ENODEV", {.unplug_fails_waiting_flips = false}));
}

TEST(UnplugStorm, finds_a_master_that_outlives_its_file) {
    EXPECT_TRUE(finds("SetMaster", {.close_gives_up_master = false}));
}

TEST(UnplugStorm, finds_buffers_that_outlive_their_file) {
    EXPECT_TRUE(finds("objects: the model says", {.close_frees_buffers = false}));
}

TEST(UnplugStorm, finds_nothing_that_is_not_planted) {
    EXPECT_FALSE(finds("hang-up: the model says false", {.unplug_sends_events = false}));
}

}  // namespace
}  // namespace plugboard::vkms
