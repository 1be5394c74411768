// vgem's two ioctls, written from the uAPI's facts; Debian packages no header of them.
// Linux: include/uapi/drm/vgem_drm.h
#pragma once

#include <drm.h>

#include <cstdint>

struct drm_vgem_fence_attach {
    uint32_t handle;
    uint32_t flags;
    uint32_t out_fence;
    uint32_t pad;
};
struct drm_vgem_fence_signal {
    uint32_t fence;
    uint32_t flags;
};
#define VGEM_FENCE_WRITE 0x1
#define DRM_IOCTL_VGEM_FENCE_ATTACH DRM_IOWR(0x41, struct drm_vgem_fence_attach)
#define DRM_IOCTL_VGEM_FENCE_SIGNAL DRM_IOW(0x42, struct drm_vgem_fence_signal)
