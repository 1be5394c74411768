// What newer kernels have and the packaged libdrm's headers lack, written from the uAPI's facts.
// Linux: include/uapi/drm/drm.h, drm_mode.h
#pragma once

#include <drm.h>
#include <drm_mode.h>

#include <cstdint>

#ifndef DRM_IOCTL_SYNCOBJ_EVENTFD
struct drm_syncobj_eventfd {
    uint32_t handle;
    uint32_t flags;
    uint64_t point;
    int32_t fd;
    uint32_t pad;
};
#define DRM_IOCTL_SYNCOBJ_EVENTFD DRM_IOWR(0xCF, struct drm_syncobj_eventfd)
#endif

// Structs that have grown since: the packaged ones end before the last member, as older clients'
// still do.
struct drm_syncobj_handle_with_point {
    uint32_t handle;
    uint32_t flags;
    int32_t fd;
    uint32_t pad;
    uint64_t point;
};
struct drm_syncobj_wait_with_deadline {
    uint64_t handles;
    int64_t timeout_nsec;
    uint32_t count_handles;
    uint32_t flags;
    uint32_t first_signaled;
    uint32_t pad;
    uint64_t deadline_nsec;
};
struct drm_syncobj_timeline_wait_with_deadline {
    uint64_t handles;
    uint64_t points;
    int64_t timeout_nsec;
    uint32_t count_handles;
    uint32_t flags;
    uint32_t first_signaled;
    uint32_t pad;
    uint64_t deadline_nsec;
};
#define DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT \
    DRM_IOWR(0xC1, struct drm_syncobj_handle_with_point)
#define DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT \
    DRM_IOWR(0xC2, struct drm_syncobj_handle_with_point)
#define DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE DRM_IOWR(0xC3, struct drm_syncobj_wait_with_deadline)
#define DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE \
    DRM_IOWR(0xCA, struct drm_syncobj_timeline_wait_with_deadline)
#ifndef DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE
#define DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE (1 << 1)
#define DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE (1 << 1)
#endif
#ifndef DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE
#define DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE (1 << 3)
#endif

#ifndef DRM_IOCTL_MODE_CLOSEFB
struct drm_mode_closefb {
    uint32_t fb_id;
    uint32_t pad;
};
#define DRM_IOCTL_MODE_CLOSEFB DRM_IOWR(0xD0, struct drm_mode_closefb)
#endif

#ifndef DRM_IOCTL_SET_CLIENT_NAME
struct drm_set_client_name {
    uint64_t name_len;
    uint64_t name;
};
#define DRM_IOCTL_SET_CLIENT_NAME DRM_IOWR(0xD1, struct drm_set_client_name)
#endif

#ifndef DRM_IOCTL_GEM_CHANGE_HANDLE
struct drm_gem_change_handle {
    uint32_t handle;
    uint32_t new_handle;
};
#define DRM_IOCTL_GEM_CHANGE_HANDLE DRM_IOWR(0xD2, struct drm_gem_change_handle)
#endif

/// An entry of the blob of SIZE_HINTS.
struct drm_plane_size_hint {
    uint16_t width;
    uint16_t height;
};

#ifndef DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT
#define DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT 6
#endif
#ifndef DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE
#define DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE 7
#endif
// The objects of color pipelines, and what the DATA of a matrix is made of: rows red, green and
// blue of three factors and a bias, each a sign bit and 31.32 bits of size.
#ifndef DRM_MODE_OBJECT_COLOROP
#define DRM_MODE_OBJECT_COLOROP 0xfafafafa
struct drm_color_ctm_3x4 {
    uint64_t matrix[12];
};
#endif
#ifndef DRM_CAP_ATOMIC_ASYNC_PAGE_FLIP
#define DRM_CAP_ATOMIC_ASYNC_PAGE_FLIP 0x15
#endif
