// The ioctls of descriptors that are no DRM nodes: dma-buf, sync_file, sw_sync.
// Linux: include/uapi/linux/dma-buf.h, sync_file.h; drivers/dma-buf/sw_sync.c
#pragma once

#include <linux/dma-buf.h>
#include <linux/sync_file.h>

#include <cstdint>

#include "drm/sync/sw_sync.h"
#include "uapi/ioctl_table.h"

namespace plugboard::drm {

// Newer than the packaged kernel headers.
struct SyncSetDeadline {
    uint64_t deadline_ns;
    uint64_t pad;
};
inline constexpr uint32_t sync_set_deadline = _IOW(SYNC_IOC_MAGIC, 5, SyncSetDeadline);

/// Whoever has the descriptor may call, whatever becomes of the cards.
inline constexpr uapi::Ioctl descriptor_ioctls[] = {
    {.command = DMA_BUF_IOCTL_SYNC,
     .name = "DMA_BUF_IOCTL_SYNC",
     .argument = "dma_buf_sync",
     .since = "4.6",
     .interruption = uapi::Interruption::Restart},
    {DMA_BUF_SET_NAME_A, "DMA_BUF_SET_NAME", "__u32", "5.3"},
    {DMA_BUF_SET_NAME_B, "DMA_BUF_SET_NAME", "__u64", "5.3"},
    {DMA_BUF_IOCTL_EXPORT_SYNC_FILE, "DMA_BUF_IOCTL_EXPORT_SYNC_FILE", "dma_buf_export_sync_file",
     "6.0"},
    {DMA_BUF_IOCTL_IMPORT_SYNC_FILE, "DMA_BUF_IOCTL_IMPORT_SYNC_FILE", "dma_buf_import_sync_file",
     "6.0"},
    {SYNC_IOC_MERGE, "SYNC_IOC_MERGE", "sync_merge_data", "4.7"},
    {SYNC_IOC_FILE_INFO, "SYNC_IOC_FILE_INFO", "sync_file_info", "4.7"},
    {sync_set_deadline, "SYNC_IOC_SET_DEADLINE", "sync_set_deadline", "6.6"},
    {sw_sync_create_fence, "SW_SYNC_IOC_CREATE_FENCE", "sw_sync_create_fence_data", ""},
    {sw_sync_inc, "SW_SYNC_IOC_INC", "__u32", ""},
    {sw_sync_get_deadline, "SW_SYNC_GET_DEADLINE", "sw_sync_get_deadline", "6.6"},
};

}  // namespace plugboard::drm
