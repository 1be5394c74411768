#include "examples/small_screen/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "device/mock_device.h"
#include "drm/minors.h"
#include "examples/client.h"
#include "examples/small_screen/driver.h"
#include "examples/teller.h"

namespace plugboard::small {
namespace {

using examples::Client;
using examples::outcome;
using examples::Teller;

/// A picture of one colour.
Result<void> show(Client& client, uint32_t xrgb, uint32_t width, uint32_t height,
                  const drm_mode_modeinfo& mode) {
    const examples::Buffer picture = TRY(client.make_buffer(width, height));
    TRY(client.draw(picture, xrgb));
    return client.show(picture, mode);
}

std::string seen(const Glass& glass) {
    if (glass.pixels.empty()) return "dark";
    const uint32_t first = glass.pixels.front();
    const auto same = static_cast<size_t>(std::ranges::count(glass.pixels, first));
    return fmt::format("{} pixels of {:#08x}, {} others", same, first, glass.pixels.size() - same);
}

}  // namespace

std::string tell_small_screen() {
    Teller teller;
    Glass glass;
    Driver driver;
    device::MockOptions options;
    options.info.name = "screen0";
    options.info.platform_data = &glass;
    device::MockDevice screen(driver, std::move(options));
    {
        const Ref<drm::Device> drm = *drm::find_device(screen.model(), drm::NodeType::Primary, 0);
        teller.say("The driver {} was probed on {} and published {}.",
                   screen.device().driver_name(), screen.device().name(), drm->card_name());
        const auto client = Client::open(*drm).value();
        const auto modes = client->modes().value();
        for (const drm_mode_modeinfo& mode : modes)
            teller.say("A client opens it. Its screen has the mode {} at {} Hz.", mode.name,
                       mode.vrefresh);
        teller.say("The glass is {}.", seen(glass));
        teller.say("The client draws blue: {}.",
                   outcome(show(*client, 0x0000ff, 1024, 768, modes[0])));
        teller.say("The glass has {}.", seen(glass));
        teller.say("The client draws a larger picture: {}.",
                   outcome(show(*client, 0xff0000, 1920, 1080, modes[0])));
        teller.say("The glass has {}.", seen(glass));
        screen.bus().unbind("screen0", "small").value();
        teller.say("The driver is unbound. The client draws green: {}.",
                   outcome(show(*client, 0x00ff00, 1024, 768, modes[0])));
        teller.say("The glass is {}.", seen(glass));
        teller.say("The client closes its file; the device is deleted.");
    }
    const std::string left = screen.finish();
    teller.say("Left behind: {}", left.empty() ? "nothing." : "\n" + left);
    return teller.take();
}

}  // namespace plugboard::small
