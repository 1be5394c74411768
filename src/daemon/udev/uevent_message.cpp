#include "daemon/udev/uevent_message.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

namespace plugboard::daemon {
namespace {

struct UdevHead {
    char prefix[8] = {'l', 'i', 'b', 'u', 'd', 'e', 'v', '\0'};
    uint32_t magic = htonl(0xfeedcafe);
    uint32_t head_size = sizeof(UdevHead);
    uint32_t properties_offset = sizeof(UdevHead);
    uint32_t properties_size = 0;
    // Big-endian, as a socket's filter reads them.
    uint32_t subsystem_hash = 0;
    uint32_t devtype_hash = 0;
    uint32_t tags_high = 0;
    uint32_t tags_low = 0;
};
static_assert(sizeof(UdevHead) == 40);

void add(std::string& message, std::string_view key, std::string_view value) {
    message.append(key).append("=").append(value).push_back('\0');
}

std::string_view value_of(const device::Uevent& event, std::string_view wanted) {
    for (const auto& [key, value] : event.keys) {
        if (key == wanted) return value;
    }
    return "";
}

std::string udev_properties(const device::Uevent& event, const UdevRecord& record) {
    std::string text;
    add(text, "ACTION", event.action);
    add(text, "DEVPATH", event.devpath);
    for (const auto& [key, value] : event.keys)
        add(text, key, key == "DEVNAME" ? "/dev/" + value : value);
    add(text, "SEQNUM", std::to_string(event.seqnum));
    if (record.initialized != 0) add(text, "USEC_INITIALIZED", std::to_string(record.initialized));
    for (const auto& [key, value] : record.properties) add(text, key, value);
    if (!record.links.empty())
        add(text, "DEVLINKS", fmt::format("/dev/{}", fmt::join(record.links, " /dev/")));
    if (!record.tags.empty()) {
        const std::string tags = fmt::format(":{}:", fmt::join(record.tags, ":"));
        add(text, "TAGS", tags);
        add(text, "CURRENT_TAGS", tags);
    }
    return text;
}

}  // namespace

std::string kernel_message(const device::Uevent& event) {
    std::string text = event.action + "@" + event.devpath;
    text.push_back('\0');
    add(text, "ACTION", event.action);
    add(text, "DEVPATH", event.devpath);
    for (const auto& [key, value] : event.keys) add(text, key, value);
    add(text, "SEQNUM", std::to_string(event.seqnum));
    return text;
}

std::string udev_message(const device::Uevent& event, const UdevRecord& record) {
    const std::string properties = udev_properties(event, record);
    UdevHead head;
    head.properties_size = static_cast<uint32_t>(properties.size());
    head.subsystem_hash = htonl(udev_hash(value_of(event, "SUBSYSTEM")));
    if (const auto devtype = value_of(event, "DEVTYPE"); !devtype.empty())
        head.devtype_hash = htonl(udev_hash(devtype));
    uint64_t tags = 0;
    for (const std::string& tag : record.tags) tags |= udev_tag_bits(tag);
    head.tags_high = htonl(static_cast<uint32_t>(tags >> 32));
    head.tags_low = htonl(static_cast<uint32_t>(tags));
    return std::string(reinterpret_cast<const char*>(&head), sizeof head) + properties;
}

uint32_t udev_hash(std::string_view text) {
    constexpr uint32_t multiplier = 0x5bd1e995;
    auto hash = static_cast<uint32_t>(text.size());
    for (; text.size() >= 4; text.remove_prefix(4)) {
        uint32_t word = 0;
        std::memcpy(&word, text.data(), sizeof word);
        word *= multiplier;
        hash = hash * multiplier ^ (word ^ word >> 24) * multiplier;
    }
    if (!text.empty()) {
        uint32_t rest = 0;
        std::memcpy(&rest, text.data(), text.size());
        hash = (hash ^ rest) * multiplier;
    }
    hash = (hash ^ hash >> 13) * multiplier;
    return hash ^ hash >> 15;
}

uint64_t udev_tag_bits(std::string_view tag) {
    const uint32_t hash = udev_hash(tag);
    uint64_t bits = 0;
    for (const unsigned shift : {0u, 6u, 12u, 18u}) bits |= uint64_t{1} << (hash >> shift & 63);
    return bits;
}

}  // namespace plugboard::daemon
