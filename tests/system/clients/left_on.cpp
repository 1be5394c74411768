// Shows a picture on each screen that is there, and follows those that come and go. The bug: of a
// screen that has gone it forgets all it knows, and with that to turn off its CRTC.
#include <map>

#include "tests/system/clients/planted.h"

namespace {

using client::Card;

void follow(const Card& card, std::map<size_t, client::Screen>& screens, bool is_fixed) {
    for (size_t i = 0; i < card.all_connectors.size() && i < card.all_crtcs.size(); i++) {
        const auto mode = client::probe(card, card.all_connectors[i]);
        const auto known = screens.find(i);
        if (mode && known == screens.end()) {
            screens.emplace(i, client::light(card, i, *mode));
        } else if (!mode && known != screens.end()) {
            if (is_fixed) client::set_crtc(card, known->second.crtc, nullptr);
            screens.erase(known);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_fixed = client::is_fixed(argc, argv);
    Card card;
    card.discover();
    const client::HotplugEvents hotplug;
    std::map<size_t, client::Screen> screens;
    follow(card, screens, is_fixed);
    for (;;) {
        if (client::wait_for_events(card, hotplug)) follow(card, screens, is_fixed);
    }
}
