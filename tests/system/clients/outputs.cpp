// Flips every screen of a card between two pictures as fast as events come, and reads the CRC of
// each frame: outputs SECONDS [nocrc]. Says how many vblanks had no flip in the first quarter, when
// nobody had touched the pages before; how many vblanks came then, how many of them had no flip;
// and of all frames how many had no CRC.
#include <algorithm>
#include <cinttypes>

#include "tests/system/clients/card.h"

namespace {

using client::Card;
using client::must;

/// The numbers that vblanks should have, one after the other, and how many of them came.
struct Numbers {
    uint64_t first = 0, last = 0, came = 0;  // came: after the first

    void add(uint64_t number) {
        if (first == 0) first = number;
        came += number != first;
        last = number;
    }
    uint64_t all() const { return last - first; }
    uint64_t missed() const { return all() - came; }
};

struct Output {
    uint32_t crtc = 0;
    client::Buffer buffers[2]{};
    int crc = -1;  // of the frames, a line each
    uint32_t turn = 0;
    Numbers flips{}, crcs{};
};

std::string crc_file(size_t crtc, const char* name) {
    return "/sys/kernel/debug/dri/0/crtc-" + std::to_string(crtc) + "/crc/" + name;
}

void light(const Card& card, size_t index, Output& output) {
    output.crtc = card.all_crtcs[index];
    for (uint32_t turn = 0; turn < 2; ++turn) {
        client::Buffer& buffer = output.buffers[turn];
        buffer = card.create_buffer(card.mode.hdisplay, card.mode.vdisplay);
        for (uint64_t i = 0; i < buffer.size; ++i)
            buffer.pixels[i] = static_cast<uint8_t>((i * (turn + 3)) >> 5);
    }
    drm_mode_crtc set{};
    set.crtc_id = output.crtc;
    set.fb_id = output.buffers[0].fb;
    set.set_connectors_ptr = Card::address(&card.all_connectors[index]);
    set.count_connectors = 1;
    set.mode = card.mode;
    set.mode_valid = 1;
    must(card.call(DRM_IOCTL_MODE_SETCRTC, set) == 0, "SETCRTC");
}

void open_crc(size_t index, Output& output) {
    const int control = open(crc_file(index, "control").c_str(), O_WRONLY);
    must(control >= 0 && write(control, "auto", 4) == 4, "crc/control");
    close(control);
    output.crc = open(crc_file(index, "data").c_str(), O_RDONLY | O_NONBLOCK);
    must(output.crc >= 0, "crc/data");
}

void flip(const Card& card, Output& output) {
    output.turn ^= 1;
    drm_mode_crtc_page_flip flip{};
    flip.crtc_id = output.crtc;
    flip.fb_id = output.buffers[output.turn].fb;
    flip.flags = DRM_MODE_PAGE_FLIP_EVENT;
    must(card.call(DRM_IOCTL_MODE_PAGE_FLIP, flip) == 0, "PAGE_FLIP");
}

void handle_events(const Card& card, std::vector<Output>& outputs) {
    drm_event_vblank events[32];
    const ssize_t size = read(card.fd(), events, sizeof events);
    must(size > 0, "read");
    for (size_t i = 0; i < static_cast<size_t>(size) / sizeof events[0]; ++i) {
        const auto output = std::ranges::find(outputs, events[i].crtc_id, &Output::crtc);
        must(output != outputs.end(), "an event of a CRTC");
        output->flips.add(events[i].sequence);
        flip(card, *output);
    }
}

void read_crcs(Output& output) {
    char text[64];
    ssize_t size = 0;
    while ((size = read(output.crc, text, sizeof text - 1)) > 0) {
        text[size] = '\0';
        output.crcs.add(std::strtoul(text, nullptr, 16));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    const bool with_crc = argc < 3 || std::strcmp(argv[2], "nocrc") != 0;
    Card card;
    card.discover();
    std::vector<Output> outputs(card.all_crtcs.size());
    for (size_t i = 0; i < outputs.size(); ++i) light(card, i, outputs[i]);
    for (size_t i = 0; i < outputs.size() && with_crc; ++i) open_crc(i, outputs[i]);
    for (Output& output : outputs) flip(card, output);

    std::vector<pollfd> polled = {{card.fd(), POLLIN, 0}};
    for (const Output& output : outputs) polled.push_back({output.crc, POLLIN, 0});
    const int64_t begin = client::now_ns(), length = static_cast<int64_t>(seconds * 1e9);
    bool has_settled = false;
    uint64_t missed_at_first = 0;
    while (client::now_ns() < begin + length) {
        if (!has_settled && client::now_ns() > begin + length / 4) {
            has_settled = true;
            for (Output& output : outputs) {
                missed_at_first += output.flips.missed();
                output.flips = {};
            }
        }
        must(poll(polled.data(), polled.size(), 1000) >= 0, "poll");
        if (polled[0].revents != 0) handle_events(card, outputs);
        for (size_t i = 0; i < outputs.size(); ++i)
            if (polled[i + 1].revents != 0) read_crcs(outputs[i]);
    }
    uint64_t vblanks = 0, without_flip = 0, frames = 0, without_crc = 0;
    for (const Output& output : outputs) {
        vblanks += output.flips.all();
        without_flip += output.flips.missed();
        frames += output.crcs.all();
        without_crc += output.crcs.missed();
    }
    std::printf("outputs %zu missed_at_first %" PRIu64 " vblanks %" PRIu64 " without_flip %" PRIu64
                " frames %" PRIu64 " without_crc %" PRIu64 "\n",
                outputs.size(), missed_at_first, vblanks, without_flip, frames, without_crc);
    return 0;
}
