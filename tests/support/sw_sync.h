// The ioctls of a timeline of /sys/kernel/debug/sync/sw_sync, which no installed header has. C,
// too. Linux: drivers/dma-buf/sw_sync.c
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

struct sw_sync_create_fence_data {
    uint32_t value;
    char name[32];
    int32_t fence;
};
#define SW_SYNC_IOC_CREATE_FENCE _IOWR('W', 0, struct sw_sync_create_fence_data)
#define SW_SYNC_IOC_INC _IOW('W', 1, uint32_t)
