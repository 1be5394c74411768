// How long the vblanks of a screen are whose rate may vary, on a board whose time stands still
// until `plugboard step`: one that a flip waits for, and one that nobody flips at, without
// VRR_ENABLED and with it.
#include "tests/system/clients/card.h"

namespace {

using client::Card;
using client::must;

/// The event of the vblank to which the board's time goes on.
int64_t step(const Card& card) {
    must(client::plugboard("step >/dev/null") == 0, "plugboard step");
    must(client::poll_for(card.fd(), POLLIN, 10'000) == POLLIN, "the event of a vblank");
    drm_event_vblank event{};
    must(read(card.fd(), &event, sizeof event) == sizeof event, "read");
    return int64_t{event.tv_sec} * 1'000'000 + event.tv_usec;
}

struct Screen {
    const Card& card;
    client::Buffer buffers[2];
    uint32_t fb = card.property(card.primary, DRM_MODE_OBJECT_PLANE, "FB_ID");
    uint32_t turn = 0;

    int64_t flip(std::vector<Card::Value> values = {}) {
        turn ^= 1;
        values.push_back({card.primary, fb, buffers[turn].fb});
        must(card.atomic(values, DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT) == 0, "flip");
        return step(card);
    }
    int64_t wait() const {
        drm_wait_vblank wait{};
        wait.request.type =
            static_cast<drm_vblank_seq_type>(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT);
        wait.request.sequence = 1;
        must(card.call(DRM_IOCTL_WAIT_VBLANK, wait) == 0, "WAIT_VBLANK");
        return step(card);
    }
};

}  // namespace

int main() {
    Card card;
    card.discover();
    const uint16_t width = card.mode.hdisplay, height = card.mode.vdisplay;
    Screen screen{card, {card.create_buffer(width, height), card.create_buffer(width, height)}};
    must(card.set_crtc(screen.buffers[0]) == 0, "SETCRTC");
    std::printf("vrr_capable %d\n", static_cast<int>(card.property_value(
                                        card.connector, DRM_MODE_OBJECT_CONNECTOR, "vrr_capable")));
    const uint32_t enabled = card.property(card.crtc, DRM_MODE_OBJECT_CRTC, "VRR_ENABLED");
    for (const uint64_t on : {0U, 1U}) {
        const int64_t begin = screen.flip({{card.crtc, enabled, on}});
        const int64_t flipped = screen.flip();
        const int64_t idle = screen.wait();
        std::printf("VRR_ENABLED %d: flip %.1f ms, idle %.1f ms\n", static_cast<int>(on),
                    static_cast<double>(flipped - begin) / 1000,
                    static_cast<double>(idle - flipped) / 1000);
    }
    return 0;
}
