// For the clients with a planted bug (docs/faults.md): --fixed is the same client without it.
#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "tests/system/clients/card.h"

namespace client {

inline bool is_fixed(int argc, char** argv) {
    return argc > 1 && std::strcmp(argv[1], "--fixed") == 0;
}

/// What a kernel says of devices that change.
class HotplugEvents {
  public:
    HotplugEvents()
        : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)) {
        sockaddr_nl address{};
        address.nl_family = AF_NETLINK;
        address.nl_groups = 1;
        must(fd_ >= 0 && bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
             "uevents");
    }
    ~HotplugEvents() { close(fd_); }
    HotplugEvents(const HotplugEvents&) = delete;
    HotplugEvents& operator=(const HotplugEvents&) = delete;

    int fd() const { return fd_; }
    /// Takes all that have come; whether a screen's was among them.
    bool take() const {
        bool found = false;
        char text[4096];
        for (ssize_t size; (size = recv(fd_, text, sizeof text, 0)) > 0;) {
            const std::string event(text, static_cast<size_t>(size));
            found = found || event.find(std::string("\0HOTPLUG=1\0", 11)) != std::string::npos;
        }
        return found;
    }

  private:
    int fd_;
};

/// A connector with the CRTC that is used for it, and two pictures of its size.
struct Screen {
    uint32_t connector = 0, crtc = 0;
    drm_mode_modeinfo mode{};
    std::vector<Buffer> buffers{};
    size_t shown = 0;

    const Buffer& front() const { return buffers[shown]; }
};

/// The connector's first mode; nothing: no screen is there.
inline std::optional<drm_mode_modeinfo> probe(const Card& card, uint32_t connector) {
    drm_mode_get_connector found{};
    found.connector_id = connector;
    must(card.call(DRM_IOCTL_MODE_GETCONNECTOR, found) == 0, "GETCONNECTOR");
    if (found.connection != 1 || found.count_modes == 0) return std::nullopt;
    std::vector<drm_mode_modeinfo> modes(found.count_modes);
    drm_mode_get_connector fetch{};
    fetch.connector_id = connector;
    fetch.count_modes = found.count_modes;
    fetch.modes_ptr = Card::address(modes.data());
    must(card.call(DRM_IOCTL_MODE_GETCONNECTOR, fetch) == 0, "GETCONNECTOR");
    return modes.front();
}

/// A modeset; `crtc` off without a screen.
inline void set_crtc(const Card& card, uint32_t crtc, const Screen* screen) {
    drm_mode_crtc set{};
    set.crtc_id = crtc;
    if (screen != nullptr) {
        set.fb_id = screen->front().fb;
        set.set_connectors_ptr = Card::address(&screen->connector);
        set.count_connectors = 1;
        set.mode = screen->mode;
        set.mode_valid = 1;
    }
    must(card.call(DRM_IOCTL_MODE_SETCRTC, set) == 0, "SETCRTC");
}

inline Screen light(const Card& card, size_t index, const drm_mode_modeinfo& mode) {
    Screen screen{
        .connector = card.all_connectors.at(index), .crtc = card.all_crtcs.at(index), .mode = mode};
    for (int i = 0; i < 2; i++)
        screen.buffers.push_back(card.create_buffer(mode.hdisplay, mode.vdisplay));
    set_crtc(card, screen.crtc, &screen);
    return screen;
}

inline void flip(const Card& card, Screen& screen) {
    screen.shown = 1 - screen.shown;
    drm_mode_crtc_page_flip flip{};
    flip.crtc_id = screen.crtc;
    flip.fb_id = screen.front().fb;
    flip.flags = DRM_MODE_PAGE_FLIP_EVENT;
    must(card.call(DRM_IOCTL_MODE_PAGE_FLIP, flip) == 0, "PAGE_FLIP");
}

/// Waits for events of the card and of hotplug; takes the card's. Whether a screen has changed.
inline bool wait_for_events(const Card& card, const HotplugEvents& hotplug) {
    pollfd ready[2] = {{card.fd(), POLLIN, 0}, {hotplug.fd(), POLLIN, 0}};
    must(::poll(ready, 2, -1) > 0, "poll");
    char events[1024];
    if ((ready[0].revents & POLLIN) != 0) must(read(card.fd(), events, sizeof events) > 0, "read");
    must((ready[0].revents & (POLLHUP | POLLERR)) == 0, "the card");
    return (ready[1].revents & POLLIN) != 0 && hotplug.take();
}

}  // namespace client
