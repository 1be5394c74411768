#include "examples/small_screen/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "device/mock_device.h"
#include "drm/minors.h"
#include "examples/small_screen/client.h"
#include "examples/small_screen/driver.h"

namespace plugboard::small {
namespace {

class Teller {
  public:
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

/// What cannot fail here but would be a bug of the program.
template <class T>
T expect(Result<T> result) {
    if (!result.ok()) std::abort();
    return std::move(result).value();
}

const char* outcome(const Result<void>& result) {
    return result.ok() ? "done" : errno_name(result.error());
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
        const auto client = expect(Client::open(*drm));
        const auto modes = client->modes();
        for (const drm_mode_modeinfo& mode : modes)
            teller.say("A client opens it. Its screen has the mode {} at {} Hz.", mode.name,
                       mode.vrefresh);
        teller.say("The glass is {}.", seen(glass));
        teller.say("The client draws blue: {}.",
                   outcome(client->draw(0x0000ff, 1024, 768, modes[0])));
        teller.say("The glass has {}.", seen(glass));
        teller.say("The client draws a larger picture: {}.",
                   outcome(client->draw(0xff0000, 1920, 1080, modes[0])));
        teller.say("The glass has {}.", seen(glass));
        expect(screen.bus().unbind("screen0", "small").ok() ? Result<int>(0) : Errno::NoDev);
        teller.say("The driver is unbound. The client draws green: {}.",
                   outcome(client->draw(0x00ff00, 1024, 768, modes[0])));
        teller.say("The glass is {}.", seen(glass));
        teller.say("The client closes its file; the device is deleted.");
    }
    const std::string left = screen.finish();
    teller.say("Left behind: {}", left.empty() ? "nothing." : "\n" + left);
    return teller.take();
}

}  // namespace plugboard::small
