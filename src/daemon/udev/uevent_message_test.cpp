#include "daemon/udev/uevent_message.h"

#include <gtest/gtest.h>

#include <cstring>

namespace plugboard::daemon {
namespace {

using namespace std::string_view_literals;

const device::Uevent change{.action = "change",
                            .devpath = "/devices/platform/vkms/drm/card0",
                            .keys = {{"SUBSYSTEM", "drm"},
                                     {"HOTPLUG", "1"},
                                     {"DEVNAME", "dri/card0"},
                                     {"DEVTYPE", "drm_minor"}},
                            .seqnum = 42};

uint32_t word(const std::string& message, size_t at) {
    uint32_t value = 0;
    std::memcpy(&value, message.data() + at, sizeof value);
    return value;
}

uint32_t big_endian_word(const std::string& message, size_t at) {
    return __builtin_bswap32(word(message, at));
}

TEST(KernelMessage, is_a_line_of_head_and_the_keys_in_order) {
    EXPECT_EQ(kernel_message(change),
              "change@/devices/platform/vkms/drm/card0\0ACTION=change\0"
              "DEVPATH=/devices/platform/vkms/drm/card0\0SUBSYSTEM=drm\0HOTPLUG=1\0"
              "DEVNAME=dri/card0\0DEVTYPE=drm_minor\0SEQNUM=42\0"sv);
}

TEST(UdevMessage, has_the_database_beside_the_kernels_keys) {
    const UdevRecord record{.id = "c226:0",
                            .links = {"dri/by-path/a", "dri/b"},
                            .properties = {{"ID_PATH", "platform-vkms"}},
                            .tags = {"seat", "uaccess"},
                            .initialized = 7};
    const std::string message = udev_message(change, record);
    ASSERT_GT(message.size(), 40u);
    EXPECT_EQ(message.substr(40),
              "ACTION=change\0DEVPATH=/devices/platform/vkms/drm/card0\0SUBSYSTEM=drm\0HOTPLUG=1\0"
              "DEVNAME=/dev/dri/card0\0DEVTYPE=drm_minor\0SEQNUM=42\0USEC_INITIALIZED=7\0"
              "ID_PATH=platform-vkms\0DEVLINKS=/dev/dri/by-path/a /dev/dri/b\0"
              "TAGS=:seat:uaccess:\0CURRENT_TAGS=:seat:uaccess:\0"sv);
}

TEST(UdevMessage, tells_filters_what_it_is_about) {
    const UdevRecord record{
        .id = "c226:0", .links = {}, .properties = {}, .tags = {"seat"}, .initialized = 0};
    const std::string message = udev_message(change, record);
    EXPECT_EQ(message.substr(0, 8), "libudev\0"sv);
    EXPECT_EQ(big_endian_word(message, 8), 0xfeedcafe);
    EXPECT_EQ(word(message, 12), 40u);
    EXPECT_EQ(word(message, 16), 40u);
    EXPECT_EQ(word(message, 20), message.size() - 40);
    EXPECT_EQ(big_endian_word(message, 24), udev_hash("drm"));
    EXPECT_EQ(big_endian_word(message, 28), udev_hash("drm_minor"));
    EXPECT_EQ(uint64_t{big_endian_word(message, 32)} << 32 | big_endian_word(message, 36),
              udev_tag_bits("seat"));
}

TEST(UdevHash, is_that_of_libudev) {
    EXPECT_EQ(udev_hash(""), 0u);
    EXPECT_EQ(udev_hash("drm"), 0x16664179u);
    EXPECT_EQ(udev_hash("drm_minor"), 0x1ca6541eu);
    EXPECT_EQ(udev_hash("usb_device"), 0x27f8f50cu);
    EXPECT_EQ(udev_tag_bits("seat"), 0x208000000400001u);
}

}  // namespace
}  // namespace plugboard::daemon
