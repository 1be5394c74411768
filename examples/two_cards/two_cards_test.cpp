#include <gtest/gtest.h>

#include "examples/client.h"
#include "examples/two_cards/machine.h"
#include "examples/two_cards/story.h"

namespace plugboard::two_cards {
namespace {

using examples::Client;

TEST(TwoCardsStory, is_told) {
    EXPECT_EQ(tell_two_cards(),
              R"(card0 shows pictures: vkms. card1 only keeps them: vgem.
A client draws blue into a buffer of card1: done.
card0 imports the buffer. Its screen is dark.
card0 shows it: done. Its screen is 0x0000ff in 786432 pixels, 0 others.
The client draws green on card1: done. The screen of card0 is 0x00ff00 in 786432 pixels, 0 others.
card1 is pulled. Another buffer there: ENODEV. The screen of card0 is 0x00ff00 in 786432 pixels, 0 others.
card0 is pulled. Showing it once more: ENODEV.
The clients close their files. Left behind: 0 objects.
)");
}

TEST(TwoCards, one_that_only_keeps_pictures_shows_none) {
    Machine machine;
    const auto client = Client::open(machine.vgem()).value();
    const auto shown = client->show(client->make_buffer(1024, 768).value());
    ASSERT_FALSE(shown.ok());
    EXPECT_EQ(shown.error(), Errno::OpNotSupp);
}

TEST(TwoCards, a_size_without_a_mode_is_not_shown) {
    Machine machine;
    const auto client = Client::open(machine.vkms()).value();
    const auto shown = client->show(client->make_buffer(1000, 700).value());
    ASSERT_FALSE(shown.ok());
    EXPECT_EQ(shown.error(), Errno::Inval);
}

}  // namespace
}  // namespace plugboard::two_cards
