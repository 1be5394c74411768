#include "uapi/ioctl_table.h"

namespace plugboard::uapi {
namespace {

constexpr Permissions anyone{};
constexpr Permissions render{.render = true};
constexpr Permissions auth{.auth = true};
constexpr Permissions master{.master = true};
constexpr Permissions legacy_root{.root_only = true, .auth = true, .master = true};

#define POINTER(type, field) static_cast<uint16_t>(offsetof(type, field))
#define ARRAY(type, pointer, count, bytes)                                                       \
    UserArray {                                                                                  \
        POINTER(type, pointer), POINTER(type, count), static_cast<uint8_t>(sizeof(type::count)), \
            static_cast<uint8_t>(bytes)                                                          \
    }

/// The properties of an atomic request: as many as the per-object counts add up to.
constexpr UserArray atomic_sum(uint16_t pointer, uint8_t bytes) {
    return {pointer, POINTER(drm_mode_atomic, count_objs), 4, bytes, true};
}

constexpr UserArray syncobj_handles = ARRAY(drm_syncobj_array, handles, count_handles, 4);

using enum Interruption;

constexpr Ioctl rows[] = {
    {DRM_IOCTL_VERSION, "VERSION", render},
    {DRM_IOCTL_GET_UNIQUE, "GET_UNIQUE", anyone},
    {DRM_IOCTL_GET_MAGIC, "GET_MAGIC", anyone},
    {DRM_IOCTL_GET_CLIENT, "GET_CLIENT", anyone},
    {DRM_IOCTL_GET_STATS, "GET_STATS", anyone},
    {DRM_IOCTL_SET_VERSION, "SET_VERSION", master},
    {DRM_IOCTL_GEM_CLOSE, "GEM_CLOSE", render},
    {DRM_IOCTL_GEM_FLINK, "GEM_FLINK", auth},
    {DRM_IOCTL_GEM_OPEN, "GEM_OPEN", auth},
    {DRM_IOCTL_GET_CAP, "GET_CAP", render},
    {DRM_IOCTL_SET_CLIENT_CAP, "SET_CLIENT_CAP", anyone},
    {DRM_IOCTL_SET_UNIQUE, "SET_UNIQUE", legacy_root},
    {DRM_IOCTL_AUTH_MAGIC, "AUTH_MAGIC", master},
    {DRM_IOCTL_BLOCK, "BLOCK", legacy_root},
    {DRM_IOCTL_UNBLOCK, "UNBLOCK", legacy_root},
    {DRM_IOCTL_SET_MASTER, "SET_MASTER", anyone},
    {DRM_IOCTL_DROP_MASTER, "DROP_MASTER", anyone},
    {DRM_IOCTL_ADD_DRAW, "ADD_DRAW", legacy_root},
    {DRM_IOCTL_RM_DRAW, "RM_DRAW", legacy_root},
    {DRM_IOCTL_FINISH, "FINISH", auth},
    {DRM_IOCTL_PRIME_HANDLE_TO_FD, "PRIME_HANDLE_TO_FD", render},
    {DRM_IOCTL_PRIME_FD_TO_HANDLE, "PRIME_FD_TO_HANDLE", render},
    {DRM_IOCTL_WAIT_VBLANK, "WAIT_VBLANK", anyone, Eintr},
    {DRM_IOCTL_CRTC_GET_SEQUENCE, "CRTC_GET_SEQUENCE", anyone},
    {DRM_IOCTL_CRTC_QUEUE_SEQUENCE, "CRTC_QUEUE_SEQUENCE", anyone},
    {DRM_IOCTL_UPDATE_DRAW, "UPDATE_DRAW", legacy_root},

    {DRM_IOCTL_MODE_GETRESOURCES, "MODE_GETRESOURCES", anyone},
    {DRM_IOCTL_MODE_GETCRTC, "MODE_GETCRTC", anyone},
    {DRM_IOCTL_MODE_SETCRTC,
     "MODE_SETCRTC",
     master,
     Restart,
     {ARRAY(drm_mode_crtc, set_connectors_ptr, count_connectors, 4)}},
    {DRM_IOCTL_MODE_CURSOR, "MODE_CURSOR", master, Restart},
    {DRM_IOCTL_MODE_GETGAMMA, "MODE_GETGAMMA", anyone},
    {DRM_IOCTL_MODE_SETGAMMA,
     "MODE_SETGAMMA",
     master,
     Restart,
     {ARRAY(drm_mode_crtc_lut, red, gamma_size, 2), ARRAY(drm_mode_crtc_lut, green, gamma_size, 2),
      ARRAY(drm_mode_crtc_lut, blue, gamma_size, 2)}},
    {DRM_IOCTL_MODE_GETENCODER, "MODE_GETENCODER", anyone},
    {DRM_IOCTL_MODE_GETCONNECTOR, "MODE_GETCONNECTOR", anyone},
    {DRM_IOCTL_MODE_ATTACHMODE, "MODE_ATTACHMODE", master},
    {DRM_IOCTL_MODE_DETACHMODE, "MODE_DETACHMODE", master},
    {DRM_IOCTL_MODE_GETPROPERTY, "MODE_GETPROPERTY", anyone},
    {DRM_IOCTL_MODE_SETPROPERTY, "MODE_SETPROPERTY", master, Restart},
    {DRM_IOCTL_MODE_GETPROPBLOB, "MODE_GETPROPBLOB", anyone},
    {DRM_IOCTL_MODE_GETFB, "MODE_GETFB", anyone},
    {DRM_IOCTL_MODE_ADDFB, "MODE_ADDFB", anyone},
    {DRM_IOCTL_MODE_RMFB, "MODE_RMFB", anyone},
    {DRM_IOCTL_MODE_PAGE_FLIP, "MODE_PAGE_FLIP", master, Restart},
    {DRM_IOCTL_MODE_DIRTYFB,
     "MODE_DIRTYFB",
     master,
     Never,
     {ARRAY(drm_mode_fb_dirty_cmd, clips_ptr, num_clips, 8)}},
    {DRM_IOCTL_MODE_CREATE_DUMB, "MODE_CREATE_DUMB", anyone},
    {DRM_IOCTL_MODE_MAP_DUMB, "MODE_MAP_DUMB", anyone},
    {DRM_IOCTL_MODE_DESTROY_DUMB, "MODE_DESTROY_DUMB", anyone},
    {DRM_IOCTL_MODE_GETPLANERESOURCES, "MODE_GETPLANERESOURCES", anyone},
    {DRM_IOCTL_MODE_GETPLANE, "MODE_GETPLANE", anyone},
    {DRM_IOCTL_MODE_SETPLANE, "MODE_SETPLANE", master, Restart},
    {DRM_IOCTL_MODE_ADDFB2, "MODE_ADDFB2", anyone},
    {DRM_IOCTL_MODE_OBJ_GETPROPERTIES, "MODE_OBJ_GETPROPERTIES", anyone},
    {DRM_IOCTL_MODE_OBJ_SETPROPERTY, "MODE_OBJ_SETPROPERTY", master, Restart},
    {DRM_IOCTL_MODE_CURSOR2, "MODE_CURSOR2", master, Restart},
    {DRM_IOCTL_MODE_ATOMIC,
     "MODE_ATOMIC",
     master,
     Restart,
     {ARRAY(drm_mode_atomic, objs_ptr, count_objs, 4),
      ARRAY(drm_mode_atomic, count_props_ptr, count_objs, 4),
      atomic_sum(POINTER(drm_mode_atomic, props_ptr), 4),
      atomic_sum(POINTER(drm_mode_atomic, prop_values_ptr), 8)}},
    {DRM_IOCTL_MODE_CREATEPROPBLOB,
     "MODE_CREATEPROPBLOB",
     anyone,
     Never,
     {ARRAY(drm_mode_create_blob, data, length, 1)}},
    {DRM_IOCTL_MODE_DESTROYPROPBLOB, "MODE_DESTROYPROPBLOB", anyone},

    {DRM_IOCTL_SYNCOBJ_CREATE, "SYNCOBJ_CREATE", render},
    {DRM_IOCTL_SYNCOBJ_DESTROY, "SYNCOBJ_DESTROY", render},
    {DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, "SYNCOBJ_HANDLE_TO_FD", render},
    {DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, "SYNCOBJ_FD_TO_HANDLE", render},
    {DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE,
     "SYNCOBJ_WAIT",
     render,
     Restart,
     {ARRAY(drm_syncobj_wait_with_deadline, handles, count_handles, 4)}},
    {DRM_IOCTL_SYNCOBJ_RESET, "SYNCOBJ_RESET", render, Never, {syncobj_handles}},
    {DRM_IOCTL_SYNCOBJ_SIGNAL, "SYNCOBJ_SIGNAL", render, Never, {syncobj_handles}},
    {DRM_IOCTL_MODE_CREATE_LEASE,
     "MODE_CREATE_LEASE",
     master,
     Never,
     {ARRAY(drm_mode_create_lease, object_ids, object_count, 4)}},
    {DRM_IOCTL_MODE_LIST_LESSEES, "MODE_LIST_LESSEES", master},
    {DRM_IOCTL_MODE_GET_LEASE, "MODE_GET_LEASE", master},
    {DRM_IOCTL_MODE_REVOKE_LEASE, "MODE_REVOKE_LEASE", master},
    {DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE,
     "SYNCOBJ_TIMELINE_WAIT",
     render,
     Restart,
     {ARRAY(drm_syncobj_timeline_wait_with_deadline, handles, count_handles, 4),
      ARRAY(drm_syncobj_timeline_wait_with_deadline, points, count_handles, 8)}},
    {DRM_IOCTL_SYNCOBJ_QUERY,
     "SYNCOBJ_QUERY",
     render,
     Never,
     {ARRAY(drm_syncobj_timeline_array, handles, count_handles, 4)}},
    {DRM_IOCTL_SYNCOBJ_TRANSFER, "SYNCOBJ_TRANSFER", render, Restart},
    {DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL,
     "SYNCOBJ_TIMELINE_SIGNAL",
     render,
     Never,
     {ARRAY(drm_syncobj_timeline_array, handles, count_handles, 4),
      ARRAY(drm_syncobj_timeline_array, points, count_handles, 8)}},
    {DRM_IOCTL_MODE_GETFB2, "MODE_GETFB2", anyone},
    {DRM_IOCTL_SYNCOBJ_EVENTFD, "SYNCOBJ_EVENTFD", render},
    {DRM_IOCTL_MODE_CLOSEFB, "MODE_CLOSEFB", anyone},
    {DRM_IOCTL_SET_CLIENT_NAME, "SET_CLIENT_NAME", render},
    {DRM_IOCTL_GEM_CHANGE_HANDLE, "GEM_CHANGE_HANDLE", render},
};

constexpr bool in_order() {
    for (size_t i = 1; i < std::size(rows); i++) {
        if (rows[i].number() <= rows[i - 1].number()) return false;
    }
    return rows[std::size(rows) - 1].number() == table_size - 1;
}
static_assert(in_order(), "rows stand in the order of their numbers");

constexpr std::array<Ioctl, table_size> by_number() {
    std::array<Ioctl, table_size> table{};
    for (const Ioctl& row : rows) table[row.number()] = row;
    return table;
}
constexpr auto table = by_number();

}  // namespace

const Ioctl* find_ioctl(uint32_t number) {
    if (number >= table_size || table[number].command == 0) return nullptr;
    return &table[number];
}

std::array<Ioctl, table_size>::const_iterator ioctls_begin() {
    return table.begin();
}

std::array<Ioctl, table_size>::const_iterator ioctls_end() {
    return table.end();
}

}  // namespace plugboard::uapi
