// A client draws and flips on the board of its own process, looks at it as udev shows it, and leaves
// nothing.
#define _GNU_SOURCE
#include <libudev.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "embedded.h"

static unsigned flips;

static void count_flip(int fd, unsigned sequence, unsigned seconds, unsigned microseconds,
                       void* data) {
    (void)fd, (void)sequence, (void)seconds, (void)microseconds, (void)data;
    flips++;
}

/// The framebuffer of a new picture of one colour; its handle in *handle.
static uint32_t make_picture(int fd, const drmModeModeInfo* mode, uint32_t xrgb, uint32_t* handle) {
    uint32_t pitch = 0, framebuffer = 0;
    uint64_t size = 0, offset = 0;
    if (drmModeCreateDumbBuffer(fd, mode->hdisplay, mode->vdisplay, 32, 0, handle, &pitch, &size) ||
        drmModeMapDumbBuffer(fd, *handle, &offset))
        return 0;
    uint32_t* pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    if (pixels == MAP_FAILED) return 0;
    for (size_t i = 0; i < size / sizeof *pixels; i++) pixels[i] = xrgb;
    munmap(pixels, size);
    drmModeAddFB(fd, mode->hdisplay, mode->vdisplay, 24, 32, pitch, *handle, &framebuffer);
    return framebuffer;
}

/// The middle of what the board shows.
static uint32_t shown_colour(void) {
    int picture = -1;
    if (!plugboard_embed_request("{\"op\": \"screenshot\"}", NULL, &picture)) return 0;
    unsigned char rgb[3] = {0};
    const off_t size = lseek(picture, 0, SEEK_END);
    const off_t middle = size / 6 * 3;
    CHECK(pread(picture, rgb, sizeof rgb, middle) == (ssize_t)sizeof rgb);
    close(picture);
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

static bool udev_knows(const char* name) {
    bool found = false;
    struct udev* udev = udev_new();
    struct udev_enumerate* all = udev_enumerate_new(udev);
    udev_enumerate_add_match_subsystem(all, "drm");
    udev_enumerate_scan_devices(all);
    struct udev_list_entry* entry;
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(all)) {
        const char* path = udev_list_entry_get_name(entry);
        const size_t length = strlen(path), wanted = strlen(name);
        found = found || (length > wanted && strcmp(path + length - wanted, name) == 0);
    }
    udev_enumerate_unref(all);
    udev_unref(udev);
    return found;
}

/// Hears what udev says of the cards from now on.
static struct udev_monitor* listen_to_udev(struct udev* udev) {
    struct udev_monitor* monitor = udev_monitor_new_from_netlink(udev, "udev");
    udev_monitor_filter_add_match_subsystem_devtype(monitor, "drm", "drm_minor");
    udev_monitor_enable_receiving(monitor);
    return monitor;
}

/// The next that it hears is of the card's end.
static bool hears_of_removal(struct udev_monitor* monitor) {
    if (poll_events(udev_monitor_get_fd(monitor)) != POLLIN) return false;
    struct udev_device* device = udev_monitor_receive_device(monitor);
    const char* action = device ? udev_device_get_action(device) : NULL;
    const bool holds = action && strcmp(action, "remove") == 0 &&
                       strcmp(udev_device_get_sysname(device), "card0") == 0;
    udev_device_unref(device);
    return holds;
}

static void draw(int fd) {
    drmModeRes* resources = drmModeGetResources(fd);
    CHECK(resources && resources->count_crtcs == 1);
    drmModeConnector* screen = drmModeGetConnector(fd, resources->connectors[0]);
    CHECK(screen && screen->count_modes > 0);
    drmModeModeInfo* mode = &screen->modes[0];
    uint32_t handles[2] = {0};
    const uint32_t red = make_picture(fd, mode, 0xff0000, &handles[0]);
    const uint32_t green = make_picture(fd, mode, 0x00ff00, &handles[1]);
    const uint32_t crtc = resources->crtcs[0];
    CHECK(drmModeSetCrtc(fd, crtc, red, 0, 0, &screen->connector_id, 1, mode) == 0);
    CHECK(shown_colour() == 0xff0000);

    drmEventContext events = {.version = 2, .page_flip_handler = count_flip};
    for (unsigned flip = 1; flip <= 4; flip++) {
        CHECK(drmModePageFlip(fd, crtc, flip % 2 ? green : red, DRM_MODE_PAGE_FLIP_EVENT, NULL) == 0);
        CHECK(poll_events(fd) == POLLIN);
        CHECK(drmHandleEvent(fd, &events) == 0);
        CHECK(flips == flip);
        CHECK(shown_colour() == (flip % 2 ? 0x00ff00 : 0xff0000));
    }
    for (int i = 0; i < 2; i++) CHECK(drmModeDestroyDumbBuffer(fd, handles[i]) == 0);
    drmModeFreeConnector(screen);
    drmModeFreeResources(resources);
}

int main(void) {
    start_board(NULL);
    CHECK(nothing_is_left());
    struct stat info;
    CHECK(stat("/dev/dri/card0", &info) == 0 && S_ISCHR(info.st_mode) && major(info.st_rdev) == 226);
    CHECK(access("/sys/class/drm/card0/device", F_OK) == 0);
    CHECK(udev_knows("/card0"));
    const int fd = open_card(O_CLOEXEC);
    drmVersion* version = drmGetVersion(fd);
    CHECK(version && strcmp(version->name, "vkms") == 0);
    drmFreeVersion(version);
    CHECK(daemon_pid(fd) == getpid());
    draw(fd);
    CHECK(answers("{\"op\": \"status\"}", "\"command\":\"embed_draws\""));
    CHECK(!nothing_is_left());
    close(fd);

    struct udev* udev = udev_new();
    struct udev_monitor* monitor = listen_to_udev(udev);
    CHECK(pull_card());
    CHECK(hears_of_removal(monitor));
    udev_monitor_unref(monitor);
    udev_unref(udev);
    CHECK(nothing_is_left());
    plugboard_embed_stop();
    return finish_checks();
}
