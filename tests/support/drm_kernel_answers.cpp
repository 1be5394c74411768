#include "tests/support/drm_kernel_answers.h"

#include <drm.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <map>

#include "tests/support/drm_client.h"
#include "tests/support/reference_files.h"
#include "uapi/ioctl_table.h"
#include "uapi/vgem_drm.h"

namespace plugboard::tests {
namespace {

const std::map<std::string, unsigned long>& removed_ioctls() {
    static const std::map<std::string, unsigned long> commands{
        {"IRQ_BUSID", DRM_IOCTL_IRQ_BUSID},
        {"GET_MAP", DRM_IOCTL_GET_MAP},
        {"MODESET_CTL", DRM_IOCTL_MODESET_CTL},
        {"CONTROL", DRM_IOCTL_CONTROL},
        {"ADD_MAP", DRM_IOCTL_ADD_MAP},
        {"ADD_BUFS", DRM_IOCTL_ADD_BUFS},
        {"MARK_BUFS", DRM_IOCTL_MARK_BUFS},
        {"INFO_BUFS", DRM_IOCTL_INFO_BUFS},
        {"MAP_BUFS", DRM_IOCTL_MAP_BUFS},
        {"FREE_BUFS", DRM_IOCTL_FREE_BUFS},
        {"RM_MAP", DRM_IOCTL_RM_MAP},
        {"SET_SAREA_CTX", DRM_IOCTL_SET_SAREA_CTX},
        {"GET_SAREA_CTX", DRM_IOCTL_GET_SAREA_CTX},
        {"ADD_CTX", DRM_IOCTL_ADD_CTX},
        {"RM_CTX", DRM_IOCTL_RM_CTX},
        {"MOD_CTX", DRM_IOCTL_MOD_CTX},
        {"GET_CTX", DRM_IOCTL_GET_CTX},
        {"SWITCH_CTX", DRM_IOCTL_SWITCH_CTX},
        {"NEW_CTX", DRM_IOCTL_NEW_CTX},
        {"RES_CTX", DRM_IOCTL_RES_CTX},
        {"DMA", DRM_IOCTL_DMA},
        {"LOCK", DRM_IOCTL_LOCK},
        {"UNLOCK", DRM_IOCTL_UNLOCK},
        {"AGP_ACQUIRE", DRM_IOCTL_AGP_ACQUIRE},
        {"AGP_INFO", DRM_IOCTL_AGP_INFO},
        {"SG_ALLOC", DRM_IOCTL_SG_ALLOC},
        {"SG_FREE", DRM_IOCTL_SG_FREE},
        {"unknown core 0xD8", DRM_IOWR(0xd8, uint64_t)},
        {"unknown core 0x08", DRM_IOWR(0x08, uint64_t)},
        {"driver range 0x40", DRM_IOWR(0x40, uint64_t)},
        {"driver range 0x41 (vgem attach)", DRM_IOCTL_VGEM_FENCE_ATTACH},
        {"driver range 0x42 (vgem signal)", DRM_IOCTL_VGEM_FENCE_SIGNAL},
        {"driver range 0x9f", DRM_IOWR(0x9f, uint64_t)},
        {"past the end 0xff", DRM_IOWR(0xff, uint64_t)},
        {"other type byte", _IOWR('e', 0, uint64_t)}};
    return commands;
}

/// 0 when nobody knows the name.
unsigned long command_of(const std::string& name) {
    for (uint32_t number = 0; number < uapi::table_size; number++) {
        const uapi::Ioctl* row = uapi::find_ioctl(number);
        if (row && row->name == name) return row->command;
    }
    const auto removed = removed_ioctls().find(name);
    return removed == removed_ioctls().end() ? 0 : removed->second;
}

std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

KernelLine parse(const std::string& line) {
    return {trimmed(line.substr(0, 7)), trimmed(line.substr(7, 29)), trimmed(line.substr(36, 35)),
            line.substr(71)};
}

}  // namespace

std::vector<KernelLine> kernel_lines(const std::string& opener) {
    std::vector<KernelLine> lines;
    for (const std::string& text : reference_lines("linux-7.2/ioctl-errno.txt")) {
        KernelLine line = parse(text);
        if (line.device + " " + line.opener == opener) lines.push_back(std::move(line));
    }
    return lines;
}

std::string answers(drm::Device& device, const KernelLine& line) {
    const unsigned long command = command_of(line.name);
    EXPECT_NE(command, 0u) << line.name;
    const auto call = [&](unsigned long with, void* argument) {
        Client client(device, {.node = line.opener.starts_with("render") ? drm::NodeType::Render
                                                                         : drm::NodeType::Primary,
                               .uid = line.opener.find("root") == std::string::npos ? 1000U : 0U});
        return result_name(client.ioctl(with, argument));
    };
    std::array<std::byte, 512> zeros{}, more_zeros{};
    const unsigned long long_command =
        (command & ~(static_cast<unsigned long>(_IOC_SIZEMASK) << _IOC_SIZESHIFT)) |
        (_IOC_SIZE(command) + 8UL) << _IOC_SIZESHIFT;
    return "zero=" + call(command, zeros.data()) +
           " badptr=" + call(command, reinterpret_cast<void*>(8)) +
           " long=" + call(long_command, more_zeros.data());
}

}  // namespace plugboard::tests
