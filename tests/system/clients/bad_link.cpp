// Flips on one screen for ever. When it hears of a change it looks whether the screen is still
// there. The bug: it does not look at link-status, so it never does the modeset that trains a
// failed link anew, and goes on flipping on a dark screen.
#include "tests/system/clients/planted.h"

namespace {

using client::Card;
using client::must;

bool is_link_bad(const Card& card, uint32_t connector) {
    return card.property_value(connector, DRM_MODE_OBJECT_CONNECTOR, "link-status") ==
           DRM_MODE_LINK_STATUS_BAD;
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_fixed = client::is_fixed(argc, argv);
    Card card;
    card.discover();
    const client::HotplugEvents hotplug;
    client::Screen screen = client::light(card, 0, card.mode);
    bool is_flipping = false;
    for (;;) {
        if (!is_flipping) client::flip(card, screen);
        is_flipping = true;
        pollfd ready[2] = {{card.fd(), POLLIN, 0}, {hotplug.fd(), POLLIN, 0}};
        must(::poll(ready, 2, -1) > 0, "poll");
        if ((ready[0].revents & POLLIN) != 0) {
            char events[1024];
            must(read(card.fd(), events, sizeof events) > 0, "read");
            is_flipping = false;
        }
        must((ready[0].revents & (POLLHUP | POLLERR)) == 0, "the card");
        if ((ready[1].revents & POLLIN) == 0 || !hotplug.take()) continue;
        must(client::probe(card, screen.connector).has_value(), "the screen");
        // The modeset waits for the flip, whose event comes as ever.
        if (is_fixed && is_link_bad(card, screen.connector))
            client::set_crtc(card, screen.crtc, &screen);
    }
}
