// Buffers with fences that a test signals when it wants to: a client's view of sw_sync.
#pragma once

#include <linux/dma-buf.h>

#include "client.h"
#include "tests/support/sw_sync.h"

static inline int open_path(const char* path) {
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) exit(2);
    return fd;
}

static inline int open_timeline(void) {
    return open_path("/sys/kernel/debug/sync/sw_sync");
}

/// A sync_file that signals when `timeline` comes to `value`.
static inline int make_fence(int timeline, uint32_t value) {
    struct sw_sync_create_fence_data fence = {.value = value, .name = "fence"};
    CHECK(ioctl(timeline, SW_SYNC_IOC_CREATE_FENCE, &fence) == 0);
    return fence.fence;
}

/// The buffer has such a fence from now on.
static inline void add_fence(int buffer, int timeline, uint32_t value, uint64_t usage) {
    const int fence = make_fence(timeline, value);
    struct dma_buf_import_sync_file import = {.flags = (uint32_t)usage, .fd = fence};
    CHECK(ioctl(buffer, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import) == 0);
    close(fence);
}

static inline void advance(int timeline) {
    const uint32_t by = 1;
    CHECK(ioctl(timeline, SW_SYNC_IOC_INC, &by) == 0);
}
