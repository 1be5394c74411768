#include "examples/two_cards/story.h"

#include <fmt/format.h>

#include "base/ref.h"
#include "drivers/vkms/screenshot.h"
#include "examples/client.h"
#include "examples/teller.h"
#include "examples/two_cards/machine.h"

namespace plugboard::two_cards {
namespace {

using examples::Buffer;
using examples::Client;
using examples::outcome;
using examples::Teller;

/// What a person sees on the first screen.
std::string seen(drm::Device& card) {
    const auto image = vkms::screenshot(card, 0);
    if (!image.ok()) return "dark";
    const auto colour = [&](size_t pixel) {
        const auto rgb = image->rgb.subspan(3 * pixel, 3);
        return uint32_t{rgb[0]} << 16 | uint32_t{rgb[1]} << 8 | rgb[2];
    };
    const size_t all = size_t{image->width} * image->height;
    size_t same = 0;
    for (size_t pixel = 0; pixel < all; pixel++) same += colour(pixel) == colour(0);
    return fmt::format("{:#08x} in {} pixels, {} others", colour(0), same, all - same);
}

void tell_of(Machine& machine, Teller& teller) {
    drm::Device& screen = machine.vkms();
    drm::Device& memory = machine.vgem();
    teller.say("{} shows pictures: {}. {} only keeps them: {}.", screen.card_name(),
               screen.info().name, memory.card_name(), memory.info().name);
    const auto artist = Client::open(memory).value();
    const auto exhibitor = Client::open(screen).value();
    const Buffer picture = artist->make_buffer(1024, 768).value();
    const auto drawn = artist->draw(picture, 0x0000ff);
    teller.say("A client draws blue into a buffer of card1: {}.", outcome(drawn));

    const UniqueFd shared = artist->share(picture).value();
    const Buffer imported = exhibitor->import(shared, picture).value();
    teller.say("card0 imports the buffer. Its screen is {}.", seen(screen));
    const auto shown = exhibitor->show(imported);
    teller.say("card0 shows it: {}. Its screen is {}.", outcome(shown), seen(screen));
    const auto redrawn = artist->draw(picture, 0x00ff00);
    teller.say("The client draws green on card1: {}. The screen of card0 is {}.", outcome(redrawn),
               seen(screen));

    machine.pull_vgem();
    teller.say("card1 is pulled. Another buffer there: {}. The screen of card0 is {}.",
               outcome(artist->make_buffer(1024, 768)), seen(screen));
    machine.pull_vkms();
    teller.say("card0 is pulled. Showing it once more: {}.", outcome(exhibitor->show(imported)));
}

}  // namespace

std::string tell_two_cards() {
    Teller teller;
    const size_t before = live_object_count();
    {
        Machine machine;
        tell_of(machine, teller);
    }
    teller.say("The clients close their files. Left behind: {} objects.",
               live_object_count() - before);
    return teller.take();
}

}  // namespace plugboard::two_cards
