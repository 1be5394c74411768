// Flips as fast as events come for a number of seconds and says how evenly: flips SECONDS [CARD]
// [CRTC]. With "stuck" as fourth argument another CRTC of the same card waits for a fence all the
// while.
#include <algorithm>
#include <csignal>

#include "tests/system/clients/card.h"

namespace {

using client::Card;
using client::must;

/// A whole-screen flip of the n-th CRTC through ATOMIC.
struct Output {
    uint32_t crtc, plane, connector;
    client::Buffer buffers[2];
    uint32_t fb_property, fence_property;
};

Output light(const Card& card, size_t index) {
    Output output{};
    output.crtc = card.all_crtcs.at(index);
    for (const uint32_t plane : card.all_planes) {
        drm_mode_get_plane get{};
        get.plane_id = plane;
        must(card.call(DRM_IOCTL_MODE_GETPLANE, get) == 0, "GETPLANE");
        if (get.possible_crtcs == 1u << index && output.plane == 0) output.plane = plane;
    }
    output.connector = card.all_connectors.at(index);
    for (auto& buffer : output.buffers)
        buffer = card.create_buffer(card.mode.hdisplay, card.mode.vdisplay);
    drm_mode_crtc set{};
    set.crtc_id = output.crtc;
    set.fb_id = output.buffers[0].fb;
    set.set_connectors_ptr = Card::address(&output.connector);
    set.count_connectors = 1;
    set.mode = card.mode;
    set.mode_valid = 1;
    must(card.call(DRM_IOCTL_MODE_SETCRTC, set) == 0, "SETCRTC");
    output.fb_property = card.property(output.plane, DRM_MODE_OBJECT_PLANE, "FB_ID");
    output.fence_property = card.property(output.plane, DRM_MODE_OBJECT_PLANE, "IN_FENCE_FD");
    return output;
}

}  // namespace

volatile sig_atomic_t stopped = 0;

int main(int argc, char** argv) {
    std::signal(SIGINT, [](int) { stopped = 1; });
    const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
    Card card(argc > 2 ? argv[2] : "");
    const size_t which = argc > 3 ? static_cast<size_t>(std::atoi(argv[3])) : 0;
    const bool stuck = argc > 4 && std::strcmp(argv[4], "stuck") == 0;
    card.discover();
    const client::Timeline timeline;
    if (stuck) {
        const Output other = light(card, which == 0 ? 1 : 0);
        must(card.atomic(
                 {{other.plane, other.fb_property, other.buffers[1].fb},
                  {other.plane, other.fence_property, static_cast<uint64_t>(timeline.fence(1))}},
                 DRM_MODE_ATOMIC_NONBLOCK) == 0,
             "the commit that stays stuck");
    }
    const Output output = light(card, which);
    const int64_t end = client::now_ns() + static_cast<int64_t>(seconds * 1e9);
    int64_t last = 0, longest = 0, first = 0;
    uint32_t last_sequence = 0, flips = 0, uneven = 0, vblanks = 0, gaps = 0;
    for (int turn = 1; client::now_ns() < end && !stopped; turn ^= 1) {
        must(card.atomic({{output.plane, output.fb_property, output.buffers[turn].fb}},
                         DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT) == 0,
             "flip");
        drm_event_vblank event{};
        must(read(card.fd(), &event, sizeof event) == sizeof event, "read");
        const int64_t time = int64_t{event.tv_sec} * 1'000'000'000 + int64_t{event.tv_usec} * 1000;
        if (last != 0) {
            const int64_t interval = time - last;
            longest = std::max(longest, interval);
            // An interval longer than its sequence numbers say is uneven.
            if (interval > 25'000'000 * int64_t{event.sequence - last_sequence}) uneven++;
            flips++;
            vblanks += event.sequence - last_sequence;
            if (event.sequence - last_sequence > 1) gaps++;
        } else {
            first = time;
        }
        last = time;
        last_sequence = event.sequence;
    }
    const double hz = vblanks / (static_cast<double>(last - first) / 1e9);
    std::printf("flips %u hz %.3f longest_ms %.3f uneven %u gaps %u\n", flips, hz,
                static_cast<double>(longest) / 1e6, uneven, gaps);
    return uneven == 0 && flips > 0 ? 0 : 1;
}
