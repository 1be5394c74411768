// Timelines that a client advances by hand, from debugfs sync/sw_sync: fences for tests.
// Linux: drivers/dma-buf/sw_sync.c, sync_debug.c
#pragma once

#include <linux/ioctl.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "device/model.h"

namespace plugboard::drm {

// The ABI, which is in no header of Linux.
struct SwSyncCreateFence {
    uint32_t value;
    char name[32];  // ignored
    int32_t fence;  // out: the new descriptor
};
struct SwSyncGetDeadline {
    uint64_t deadline_ns;  // out
    uint32_t pad;
    int32_t fence_fd;
};
inline constexpr uint32_t sw_sync_create_fence = _IOWR('W', 0, SwSyncCreateFence);
inline constexpr uint32_t sw_sync_inc = _IOW('W', 1, uint32_t);
inline constexpr uint32_t sw_sync_get_deadline = _IOWR('W', 2, SwSyncGetDeadline);

/// What open() of the file gives: a new timeline at 0, named after the opener's comm, that ends
/// with the descriptor's last copy. MFile, NoMem; NFile: the user has too many.
Result<UniqueFd> open_sw_sync(device::Model& model, std::string comm, uint32_t user = 0);

/// The text of debugfs sync/info. A timeline is in it while its descriptor is open.
std::string sync_info(device::Model& model);

}  // namespace plugboard::drm
