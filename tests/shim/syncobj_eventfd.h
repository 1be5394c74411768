// SYNCOBJ_EVENTFD, which is newer than the packaged libdrm. Linux: include/uapi/drm/drm.h
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

struct syncobj_eventfd {
    uint32_t handle, flags;
    uint64_t point;
    int32_t fd;
    uint32_t pad;
};
#define SYNCOBJ_EVENTFD _IOWR('d', 0xCF, struct syncobj_eventfd)
