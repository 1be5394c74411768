// The names of the numbers and bits in the arguments of ioctls.
// Linux: include/uapi/drm/drm.h, drm_mode.h
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string_view>

#include "uapi/drm_extra.h"

namespace plugboard::uapi {

/// A number that has a name.
struct Word {
    uint64_t value = 0;
    std::string_view name;
};

inline constexpr Word atomic_words[] = {
    {DRM_MODE_PAGE_FLIP_EVENT, "PAGE_FLIP_EVENT"},    {DRM_MODE_PAGE_FLIP_ASYNC, "PAGE_FLIP_ASYNC"},
    {DRM_MODE_ATOMIC_TEST_ONLY, "TEST_ONLY"},         {DRM_MODE_ATOMIC_NONBLOCK, "NONBLOCK"},
    {DRM_MODE_ATOMIC_ALLOW_MODESET, "ALLOW_MODESET"},
};
inline constexpr Word page_flip_words[] = {
    {DRM_MODE_PAGE_FLIP_EVENT, "EVENT"},
    {DRM_MODE_PAGE_FLIP_ASYNC, "ASYNC"},
    {DRM_MODE_PAGE_FLIP_TARGET_ABSOLUTE, "TARGET_ABSOLUTE"},
    {DRM_MODE_PAGE_FLIP_TARGET_RELATIVE, "TARGET_RELATIVE"},
};
inline constexpr Word caps[] = {
    {DRM_CAP_DUMB_BUFFER, "DUMB_BUFFER"},
    {DRM_CAP_VBLANK_HIGH_CRTC, "VBLANK_HIGH_CRTC"},
    {DRM_CAP_DUMB_PREFERRED_DEPTH, "DUMB_PREFERRED_DEPTH"},
    {DRM_CAP_DUMB_PREFER_SHADOW, "DUMB_PREFER_SHADOW"},
    {DRM_CAP_PRIME, "PRIME"},
    {DRM_CAP_TIMESTAMP_MONOTONIC, "TIMESTAMP_MONOTONIC"},
    {DRM_CAP_ASYNC_PAGE_FLIP, "ASYNC_PAGE_FLIP"},
    {DRM_CAP_CURSOR_WIDTH, "CURSOR_WIDTH"},
    {DRM_CAP_CURSOR_HEIGHT, "CURSOR_HEIGHT"},
    {DRM_CAP_ADDFB2_MODIFIERS, "ADDFB2_MODIFIERS"},
    {DRM_CAP_PAGE_FLIP_TARGET, "PAGE_FLIP_TARGET"},
    {DRM_CAP_CRTC_IN_VBLANK_EVENT, "CRTC_IN_VBLANK_EVENT"},
    {DRM_CAP_SYNCOBJ, "SYNCOBJ"},
    {DRM_CAP_SYNCOBJ_TIMELINE, "SYNCOBJ_TIMELINE"},
    {DRM_CAP_ATOMIC_ASYNC_PAGE_FLIP, "ATOMIC_ASYNC_PAGE_FLIP"},
};
inline constexpr Word client_caps[] = {
    {DRM_CLIENT_CAP_STEREO_3D, "STEREO_3D"},
    {DRM_CLIENT_CAP_UNIVERSAL_PLANES, "UNIVERSAL_PLANES"},
    {DRM_CLIENT_CAP_ATOMIC, "ATOMIC"},
    {DRM_CLIENT_CAP_ASPECT_RATIO, "ASPECT_RATIO"},
    {DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, "WRITEBACK_CONNECTORS"},
    {DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT, "CURSOR_PLANE_HOTSPOT"},
    {DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE, "PLANE_COLOR_PIPELINE"},
};
inline constexpr Word vblank_words[] = {
    {_DRM_VBLANK_RELATIVE, "RELATIVE"},
    {_DRM_VBLANK_EVENT, "EVENT"},
    {_DRM_VBLANK_FLIP, "FLIP"},
    {_DRM_VBLANK_NEXTONMISS, "NEXTONMISS"},
    {_DRM_VBLANK_SECONDARY, "SECONDARY"},
    {_DRM_VBLANK_SIGNAL, "SIGNAL"},
    {1u << _DRM_VBLANK_HIGH_CRTC_SHIFT, "CRTC_1"},
    {2u << _DRM_VBLANK_HIGH_CRTC_SHIFT, "CRTC_2"},
    {4u << _DRM_VBLANK_HIGH_CRTC_SHIFT, "CRTC_4"},
    {8u << _DRM_VBLANK_HIGH_CRTC_SHIFT, "CRTC_8"},
    {16u << _DRM_VBLANK_HIGH_CRTC_SHIFT, "CRTC_16"},
};
inline constexpr Word sequence_words[] = {
    {DRM_CRTC_SEQUENCE_RELATIVE, "RELATIVE"},
    {DRM_CRTC_SEQUENCE_NEXT_ON_MISS, "NEXT_ON_MISS"},
};
inline constexpr Word cursor_words[] = {{DRM_MODE_CURSOR_BO, "BO"}, {DRM_MODE_CURSOR_MOVE, "MOVE"}};
inline constexpr Word fb_words[] = {
    {DRM_MODE_FB_INTERLACED, "INTERLACED"},
    {DRM_MODE_FB_MODIFIERS, "MODIFIERS"},
};
inline constexpr Word dirty_words[] = {
    {DRM_MODE_FB_DIRTY_ANNOTATE_COPY, "ANNOTATE_COPY"},
    {DRM_MODE_FB_DIRTY_ANNOTATE_FILL, "ANNOTATE_FILL"},
};
inline constexpr Word fd_words[] = {
    {DRM_CLOEXEC, "CLOEXEC"},
    {DRM_RDWR, "RDWR"},
};
inline constexpr Word lease_words[] = {{O_CLOEXEC, "CLOEXEC"}, {O_NONBLOCK, "NONBLOCK"}};
inline constexpr Word syncobj_create_words[] = {{DRM_SYNCOBJ_CREATE_SIGNALED, "SIGNALED"}};
inline constexpr Word syncobj_export_words[] = {
    {DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE, "EXPORT_SYNC_FILE"},
    {DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE, "TIMELINE"},
};
inline constexpr Word syncobj_import_words[] = {
    {DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE, "IMPORT_SYNC_FILE"},
    {DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE, "TIMELINE"},
};
inline constexpr Word syncobj_wait_words[] = {
    {DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL, "ALL"},
    {DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT, "FOR_SUBMIT"},
    {DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE, "AVAILABLE"},
    {DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE, "DEADLINE"},
};
inline constexpr Word syncobj_query_words[] = {
    {DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED, "LAST_SUBMITTED"}};
inline constexpr Word connections[] = {{1, "connected"}, {2, "disconnected"}, {3, "unknown"}};
inline constexpr Word connector_types[] = {
    {DRM_MODE_CONNECTOR_Unknown, "Unknown"}, {DRM_MODE_CONNECTOR_VGA, "VGA"},
    {DRM_MODE_CONNECTOR_DVII, "DVI-I"},      {DRM_MODE_CONNECTOR_DVID, "DVI-D"},
    {DRM_MODE_CONNECTOR_LVDS, "LVDS"},       {DRM_MODE_CONNECTOR_DisplayPort, "DP"},
    {DRM_MODE_CONNECTOR_HDMIA, "HDMI-A"},    {DRM_MODE_CONNECTOR_HDMIB, "HDMI-B"},
    {DRM_MODE_CONNECTOR_eDP, "eDP"},         {DRM_MODE_CONNECTOR_VIRTUAL, "Virtual"},
    {DRM_MODE_CONNECTOR_DSI, "DSI"},         {DRM_MODE_CONNECTOR_WRITEBACK, "Writeback"},
};
inline constexpr Word encoder_types[] = {
    {DRM_MODE_ENCODER_NONE, "NONE"},   {DRM_MODE_ENCODER_DAC, "DAC"},
    {DRM_MODE_ENCODER_TMDS, "TMDS"},   {DRM_MODE_ENCODER_LVDS, "LVDS"},
    {DRM_MODE_ENCODER_TVDAC, "TVDAC"}, {DRM_MODE_ENCODER_VIRTUAL, "VIRTUAL"},
    {DRM_MODE_ENCODER_DSI, "DSI"},     {DRM_MODE_ENCODER_DPMST, "DPMST"},
    {DRM_MODE_ENCODER_DPI, "DPI"},
};
inline constexpr Word object_types[] = {
    {DRM_MODE_OBJECT_ANY, "any"},
    {DRM_MODE_OBJECT_CRTC, "CRTC"},
    {DRM_MODE_OBJECT_CONNECTOR, "connector"},
    {DRM_MODE_OBJECT_ENCODER, "encoder"},
    {DRM_MODE_OBJECT_MODE, "mode"},
    {DRM_MODE_OBJECT_PROPERTY, "property"},
    {DRM_MODE_OBJECT_FB, "framebuffer"},
    {DRM_MODE_OBJECT_BLOB, "blob"},
    {DRM_MODE_OBJECT_PLANE, "plane"},
    {DRM_MODE_OBJECT_COLOROP, "colorop"},
};
inline constexpr Word property_words[] = {
    {DRM_MODE_PROP_RANGE, "RANGE"},
    {DRM_MODE_PROP_IMMUTABLE, "IMMUTABLE"},
    {DRM_MODE_PROP_ENUM, "ENUM"},
    {DRM_MODE_PROP_BLOB, "BLOB"},
    {DRM_MODE_PROP_BITMASK, "BITMASK"},
    {DRM_MODE_PROP_OBJECT, "OBJECT"},
    {DRM_MODE_PROP_SIGNED_RANGE, "SIGNED_RANGE"},
    {DRM_MODE_PROP_ATOMIC, "ATOMIC"},
};

}  // namespace plugboard::uapi
