// A client of the real libudev: what it lists, what its monitors hear and what their filters keep
// out.
#define _GNU_SOURCE
#include <libudev.h>
#include <poll.h>

#include "client.h"

#define CARD "/sys/class/drm/card0"

static struct udev* udev;

static struct udev_enumerate* scan_drm(void) {
    struct udev_enumerate* list = udev_enumerate_new(udev);
    udev_enumerate_add_match_subsystem(list, "drm");
    return list;
}

/// The names of what a scan finds, " card0 card0-Virtual-1"; the scan is over then.
static const char* found(struct udev_enumerate* list) {
    static char names[256];
    names[0] = '\0';
    udev_enumerate_scan_devices(list);
    struct udev_list_entry* entry;
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list)) {
        const char* path = udev_list_entry_get_name(entry);
        strcat(strcat(names, " "), strrchr(path, '/') + 1);
    }
    udev_enumerate_unref(list);
    return names;
}

static bool put(const char* path, const char* text) {
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

static void check_enumeration(void) {
    CHECK(strcmp(found(scan_drm()), " card0 card0-Virtual-1 card0-Writeback-1") == 0);

    struct udev_enumerate* list = scan_drm();
    udev_enumerate_add_match_tag(list, "seat");
    udev_enumerate_add_match_sysname(list, "card[0-9]*");
    CHECK(strcmp(found(list), " card0 card0-Virtual-1 card0-Writeback-1") == 0);
    list = scan_drm();
    udev_enumerate_add_match_tag(list, "uaccess");
    CHECK(strcmp(found(list), " card0") == 0);
    list = scan_drm();
    udev_enumerate_add_match_tag(list, "nosuch");
    CHECK(strcmp(found(list), "") == 0);
    list = scan_drm();
    udev_enumerate_add_match_property(list, "DEVTYPE", "drm_connector");
    CHECK(strcmp(found(list), " card0-Virtual-1 card0-Writeback-1") == 0);
    CHECK(put(CARD "-Virtual-1/status", "detect"));
    list = scan_drm();
    udev_enumerate_add_match_sysattr(list, "status", "connected");
    CHECK(strcmp(found(list), " card0-Virtual-1") == 0);
    list = scan_drm();
    udev_enumerate_add_match_is_initialized(list);
    CHECK(strcmp(found(list), " card0 card0-Virtual-1 card0-Writeback-1") == 0);
    list = udev_enumerate_new(udev);
    udev_enumerate_add_match_subsystem(list, "input");
    CHECK(strcmp(found(list), "") == 0);
}

static bool has_value(struct udev_device* device, const char* key, const char* expected) {
    const char* value = udev_device_get_property_value(device, key);
    return value && strcmp(value, expected) == 0;
}

static void check_device(void) {
    struct udev_device* card = udev_device_new_from_syspath(udev, CARD);
    CHECK(card && udev_device_get_is_initialized(card));
    if (!card) return;
    CHECK(udev_device_get_usec_since_initialized(card) > 0);
    CHECK(strcmp(udev_device_get_devnode(card), "/dev/dri/card0") == 0);
    CHECK(strcmp(udev_device_get_devtype(card), "drm_minor") == 0);
    CHECK(has_value(card, "ID_PATH", "platform-vkms"));
    CHECK(has_value(card, "ID_FOR_SEAT", "drm-platform-vkms"));
    CHECK(has_value(card, "DEVLINKS", "/dev/dri/by-path/platform-vkms-card"));
    CHECK(udev_device_has_tag(card, "seat") && udev_device_has_current_tag(card, "master-of-seat"));
    CHECK(!udev_device_has_tag(card, "mutter-device-ignore"));
    CHECK(udev_device_get_property_value(card, "ID_SEAT") == NULL);
    struct udev_device* parent =
        udev_device_get_parent_with_subsystem_devtype(card, "platform", NULL);
    CHECK(parent && strcmp(udev_device_get_sysname(parent), "vkms") == 0);
    CHECK(parent && strcmp(udev_device_get_driver(parent), "vkms") == 0);
    struct udev_device* same = udev_device_new_from_devnum(udev, 'c', udev_device_get_devnum(card));
    CHECK(same && strcmp(udev_device_get_syspath(same), udev_device_get_syspath(card)) == 0);
    udev_device_unref(same);
    udev_device_unref(card);
}

static struct udev_monitor* start_monitor(const char* source, const char* devtype,
                                          const char* tag) {
    struct udev_monitor* monitor = udev_monitor_new_from_netlink(udev, source);
    udev_monitor_filter_add_match_subsystem_devtype(monitor, "drm", devtype);
    if (tag) udev_monitor_filter_add_match_tag(monitor, tag);
    if (udev_monitor_enable_receiving(monitor) != 0) printf("# no receiving\n");
    return monitor;
}

/// The next event; waits for it.
static struct udev_device* next_event(struct udev_monitor* monitor) {
    struct pollfd ready = {.fd = udev_monitor_get_fd(monitor), .events = POLLIN};
    if (poll(&ready, 1, 20000) != 1) return NULL;
    return udev_monitor_receive_device(monitor);
}

/// "add card0", of the next event.
static const char* heard(struct udev_monitor* monitor) {
    static char text[256];
    struct udev_device* device = next_event(monitor);
    if (!device) return "nothing";
    snprintf(text, sizeof text, "%s %s", udev_device_get_action(device),
             udev_device_get_sysname(device));
    udev_device_unref(device);
    return text;
}

static bool is_silent(struct udev_monitor* monitor) {
    struct pollfd ready = {.fd = udev_monitor_get_fd(monitor), .events = POLLIN};
    return poll(&ready, 1, 0) == 0;
}

static void check_filters(void) {
    struct udev_monitor* all = start_monitor("udev", NULL, NULL);
    struct udev_monitor* cards = start_monitor("udev", "drm_minor", "seat");
    struct udev_monitor* none = start_monitor("udev", NULL, "nosuch");
    struct udev_monitor* connectors = start_monitor("udev", "drm_connector", NULL);
    struct udev_monitor* kernel = start_monitor("kernel", NULL, NULL);
    CHECK(put(CARD "/uevent", "change"));
    CHECK(put("/sys/devices/platform/vkms/uevent", "change"));
    CHECK(put(CARD "-Virtual-1/uevent", "change 11111111-2222-3333-4444-555555555555 COLOR=red"));
    CHECK(strcmp(heard(all), "change card0") == 0);
    CHECK(strcmp(heard(cards), "change card0") == 0);
    CHECK(strcmp(heard(kernel), "change card0") == 0);
    CHECK(strcmp(heard(kernel), "change card0-Virtual-1") == 0);
    struct udev_device* device = next_event(all);
    CHECK(device && has_value(device, "SYNTH_ARG_COLOR", "red"));
    CHECK(device && udev_device_has_tag(device, "seat"));
    CHECK(device && udev_device_get_is_initialized(device));
    udev_device_unref(device);
    CHECK(strcmp(heard(connectors), "change card0-Virtual-1") == 0);
    CHECK(is_silent(all) && is_silent(cards) && is_silent(none) && is_silent(connectors));
    udev_monitor_unref(all);
    udev_monitor_unref(cards);
    udev_monitor_unref(none);
    udev_monitor_unref(connectors);
    udev_monitor_unref(kernel);
}

/// Who hears of a card can use it at once; who hears that it has gone finds nothing of it.
static void check_replug(void) {
    struct udev_monitor* monitor = start_monitor("udev", "drm_minor", "seat");
    CHECK(system("plugboard unplug card0") == 0);
    struct udev_device* gone = next_event(monitor);
    CHECK(gone && strcmp(udev_device_get_action(gone), "remove") == 0);
    CHECK(gone && has_value(gone, "ID_PATH", "platform-vkms"));
    udev_device_unref(gone);
    CHECK_ERROR(open("/dev/dri/card0", O_RDWR | O_CLOEXEC), ENOENT);
    CHECK(access("/run/udev/data/c226:0", F_OK) != 0);
    CHECK(access("/run/udev/tags/seat/c226:0", F_OK) != 0);
    CHECK(access("/dev/dri/by-path/platform-vkms-card", F_OK) != 0);
    CHECK(system("plugboard plug vkms") == 0);
    struct udev_device* added = next_event(monitor);
    CHECK(added && strcmp(udev_device_get_action(added), "add") == 0);
    const int card = added ? open(udev_device_get_devnode(added), O_RDWR | O_CLOEXEC) : -1;
    CHECK(card >= 0 && is_alive(card));
    drmModeRes* resources = drmModeGetResources(card);
    CHECK(resources && resources->count_connectors == 1);
    drmModeFreeResources(resources);
    close(card);
    udev_device_unref(added);
    struct udev_enumerate* list = scan_drm();
    udev_enumerate_add_match_tag(list, "seat");
    CHECK(strstr(found(list), "-Virtual-1") != NULL);
    udev_monitor_unref(monitor);
}

int main(void) {
    udev = udev_new();
    check_enumeration();
    check_device();
    check_filters();
    check_replug();
    udev_unref(udev);
    return finish_checks();
}
