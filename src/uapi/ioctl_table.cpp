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
    {DRM_IOCTL_VERSION, "VERSION", "drm_version", "old", render},
    {DRM_IOCTL_GET_UNIQUE, "GET_UNIQUE", "drm_unique", "old", anyone},
    {DRM_IOCTL_GET_MAGIC, "GET_MAGIC", "drm_auth", "old", anyone},
    {DRM_IOCTL_GET_CLIENT, "GET_CLIENT", "drm_client", "old", anyone},
    {DRM_IOCTL_GET_STATS, "GET_STATS", "drm_stats", "old", anyone},
    {DRM_IOCTL_SET_VERSION, "SET_VERSION", "drm_set_version", "old", master},
    {DRM_IOCTL_GEM_CLOSE, "GEM_CLOSE", "drm_gem_close", "2.6.28", render},
    {DRM_IOCTL_GEM_FLINK, "GEM_FLINK", "drm_gem_flink", "2.6.28", auth},
    {DRM_IOCTL_GEM_OPEN, "GEM_OPEN", "drm_gem_open", "2.6.28", auth},
    {DRM_IOCTL_GET_CAP, "GET_CAP", "drm_get_cap", "2.6.37", render},
    {DRM_IOCTL_SET_CLIENT_CAP, "SET_CLIENT_CAP", "drm_set_client_cap", "3.13", anyone},
    {DRM_IOCTL_SET_UNIQUE, "SET_UNIQUE", "drm_unique", "old", legacy_root},
    {DRM_IOCTL_AUTH_MAGIC, "AUTH_MAGIC", "drm_auth", "old", master},
    {DRM_IOCTL_BLOCK, "BLOCK", "drm_block", "old", legacy_root},
    {DRM_IOCTL_UNBLOCK, "UNBLOCK", "drm_block", "old", legacy_root},
    {DRM_IOCTL_SET_MASTER, "SET_MASTER", "", "old", anyone},
    {DRM_IOCTL_DROP_MASTER, "DROP_MASTER", "", "old", anyone},
    {DRM_IOCTL_ADD_DRAW, "ADD_DRAW", "drm_draw", "old", legacy_root},
    {DRM_IOCTL_RM_DRAW, "RM_DRAW", "drm_draw", "old", legacy_root},
    {DRM_IOCTL_FINISH, "FINISH", "drm_lock", "old", auth},
    {DRM_IOCTL_PRIME_HANDLE_TO_FD, "PRIME_HANDLE_TO_FD", "drm_prime_handle", "3.3", render},
    {DRM_IOCTL_PRIME_FD_TO_HANDLE, "PRIME_FD_TO_HANDLE", "drm_prime_handle", "3.3", render},
    {DRM_IOCTL_WAIT_VBLANK, "WAIT_VBLANK", "union drm_wait_vblank", "old", anyone, Eintr},
    {DRM_IOCTL_CRTC_GET_SEQUENCE, "CRTC_GET_SEQUENCE", "drm_crtc_get_sequence", "4.15", anyone},
    {DRM_IOCTL_CRTC_QUEUE_SEQUENCE, "CRTC_QUEUE_SEQUENCE", "drm_crtc_queue_sequence", "4.15",
     anyone},
    {DRM_IOCTL_UPDATE_DRAW, "UPDATE_DRAW", "drm_update_draw", "old", legacy_root},

    {DRM_IOCTL_MODE_GETRESOURCES, "MODE_GETRESOURCES", "drm_mode_card_res", "2.6.29", anyone},
    {DRM_IOCTL_MODE_GETCRTC, "MODE_GETCRTC", "drm_mode_crtc", "2.6.29", anyone},
    {DRM_IOCTL_MODE_SETCRTC,
     "MODE_SETCRTC",
     "drm_mode_crtc",
     "2.6.29",
     master,
     Restart,
     {ARRAY(drm_mode_crtc, set_connectors_ptr, count_connectors, 4)}},
    {DRM_IOCTL_MODE_CURSOR, "MODE_CURSOR", "drm_mode_cursor", "2.6.29", master, Restart},
    {DRM_IOCTL_MODE_GETGAMMA, "MODE_GETGAMMA", "drm_mode_crtc_lut", "2.6.29", anyone},
    {DRM_IOCTL_MODE_SETGAMMA,
     "MODE_SETGAMMA",
     "drm_mode_crtc_lut",
     "2.6.29",
     master,
     Restart,
     {ARRAY(drm_mode_crtc_lut, red, gamma_size, 2), ARRAY(drm_mode_crtc_lut, green, gamma_size, 2),
      ARRAY(drm_mode_crtc_lut, blue, gamma_size, 2)}},
    {DRM_IOCTL_MODE_GETENCODER, "MODE_GETENCODER", "drm_mode_get_encoder", "2.6.29", anyone},
    {DRM_IOCTL_MODE_GETCONNECTOR, "MODE_GETCONNECTOR", "drm_mode_get_connector", "2.6.29", anyone},
    {DRM_IOCTL_MODE_ATTACHMODE, "MODE_ATTACHMODE", "drm_mode_mode_cmd", "2.6.29", master},
    {DRM_IOCTL_MODE_DETACHMODE, "MODE_DETACHMODE", "drm_mode_mode_cmd", "2.6.29", master},
    {DRM_IOCTL_MODE_GETPROPERTY, "MODE_GETPROPERTY", "drm_mode_get_property", "2.6.29", anyone},
    {DRM_IOCTL_MODE_SETPROPERTY, "MODE_SETPROPERTY", "drm_mode_connector_set_property", "2.6.29",
     master, Restart},
    {DRM_IOCTL_MODE_GETPROPBLOB, "MODE_GETPROPBLOB", "drm_mode_get_blob", "2.6.29", anyone},
    {DRM_IOCTL_MODE_GETFB, "MODE_GETFB", "drm_mode_fb_cmd", "2.6.29", anyone},
    {DRM_IOCTL_MODE_ADDFB, "MODE_ADDFB", "drm_mode_fb_cmd", "2.6.29", anyone},
    {DRM_IOCTL_MODE_RMFB, "MODE_RMFB", "unsigned int", "2.6.29", anyone},
    {DRM_IOCTL_MODE_PAGE_FLIP, "MODE_PAGE_FLIP", "drm_mode_crtc_page_flip", "2.6.33", master,
     Restart},
    {DRM_IOCTL_MODE_DIRTYFB,
     "MODE_DIRTYFB",
     "drm_mode_fb_dirty_cmd",
     "2.6.33",
     master,
     Restart,
     {ARRAY(drm_mode_fb_dirty_cmd, clips_ptr, num_clips, 8)}},
    {DRM_IOCTL_MODE_CREATE_DUMB, "MODE_CREATE_DUMB", "drm_mode_create_dumb", "2.6.39", anyone},
    {DRM_IOCTL_MODE_MAP_DUMB, "MODE_MAP_DUMB", "drm_mode_map_dumb", "2.6.39", anyone},
    {DRM_IOCTL_MODE_DESTROY_DUMB, "MODE_DESTROY_DUMB", "drm_mode_destroy_dumb", "2.6.39", anyone},
    {DRM_IOCTL_MODE_GETPLANERESOURCES, "MODE_GETPLANERESOURCES", "drm_mode_get_plane_res", "3.3",
     anyone},
    {DRM_IOCTL_MODE_GETPLANE, "MODE_GETPLANE", "drm_mode_get_plane", "3.3", anyone},
    {DRM_IOCTL_MODE_SETPLANE, "MODE_SETPLANE", "drm_mode_set_plane", "3.3", master, Restart},
    {DRM_IOCTL_MODE_ADDFB2, "MODE_ADDFB2", "drm_mode_fb_cmd2", "3.3", anyone},
    {DRM_IOCTL_MODE_OBJ_GETPROPERTIES, "MODE_OBJ_GETPROPERTIES", "drm_mode_obj_get_properties",
     "3.5", anyone},
    {DRM_IOCTL_MODE_OBJ_SETPROPERTY, "MODE_OBJ_SETPROPERTY", "drm_mode_obj_set_property", "3.5",
     master, Restart},
    {DRM_IOCTL_MODE_CURSOR2, "MODE_CURSOR2", "drm_mode_cursor2", "3.11", master, Restart},
    {DRM_IOCTL_MODE_ATOMIC,
     "MODE_ATOMIC",
     "drm_mode_atomic",
     "4.0",
     master,
     Restart,
     {ARRAY(drm_mode_atomic, objs_ptr, count_objs, 4),
      ARRAY(drm_mode_atomic, count_props_ptr, count_objs, 4),
      atomic_sum(POINTER(drm_mode_atomic, props_ptr), 4),
      atomic_sum(POINTER(drm_mode_atomic, prop_values_ptr), 8)}},
    {DRM_IOCTL_MODE_CREATEPROPBLOB,
     "MODE_CREATEPROPBLOB",
     "drm_mode_create_blob",
     "4.1",
     anyone,
     Never,
     {ARRAY(drm_mode_create_blob, data, length, 1)}},
    {DRM_IOCTL_MODE_DESTROYPROPBLOB, "MODE_DESTROYPROPBLOB", "drm_mode_destroy_blob", "4.1",
     anyone},

    {DRM_IOCTL_SYNCOBJ_CREATE, "SYNCOBJ_CREATE", "drm_syncobj_create", "4.13", render},
    {DRM_IOCTL_SYNCOBJ_DESTROY, "SYNCOBJ_DESTROY", "drm_syncobj_destroy", "4.13", render},
    {DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, "SYNCOBJ_HANDLE_TO_FD", "drm_syncobj_handle",
     "4.13", render},
    {DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, "SYNCOBJ_FD_TO_HANDLE", "drm_syncobj_handle",
     "4.13", render},
    {DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE,
     "SYNCOBJ_WAIT",
     "drm_syncobj_wait",
     "4.14",
     render,
     Restart,
     {ARRAY(drm_syncobj_wait_with_deadline, handles, count_handles, 4)}},
    {DRM_IOCTL_SYNCOBJ_RESET,
     "SYNCOBJ_RESET",
     "drm_syncobj_array",
     "4.14",
     render,
     Never,
     {syncobj_handles}},
    {DRM_IOCTL_SYNCOBJ_SIGNAL,
     "SYNCOBJ_SIGNAL",
     "drm_syncobj_array",
     "4.14",
     render,
     Never,
     {syncobj_handles}},
    {DRM_IOCTL_MODE_CREATE_LEASE,
     "MODE_CREATE_LEASE",
     "drm_mode_create_lease",
     "4.15",
     master,
     Never,
     {ARRAY(drm_mode_create_lease, object_ids, object_count, 4)}},
    {DRM_IOCTL_MODE_LIST_LESSEES, "MODE_LIST_LESSEES", "drm_mode_list_lessees", "4.15", master},
    {DRM_IOCTL_MODE_GET_LEASE, "MODE_GET_LEASE", "drm_mode_get_lease", "4.15", master},
    {DRM_IOCTL_MODE_REVOKE_LEASE, "MODE_REVOKE_LEASE", "drm_mode_revoke_lease", "4.15", master},
    {DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE,
     "SYNCOBJ_TIMELINE_WAIT",
     "drm_syncobj_timeline_wait",
     "5.2",
     render,
     Restart,
     {ARRAY(drm_syncobj_timeline_wait_with_deadline, handles, count_handles, 4),
      ARRAY(drm_syncobj_timeline_wait_with_deadline, points, count_handles, 8)}},
    {DRM_IOCTL_SYNCOBJ_QUERY,
     "SYNCOBJ_QUERY",
     "drm_syncobj_timeline_array",
     "5.2",
     render,
     Never,
     {ARRAY(drm_syncobj_timeline_array, handles, count_handles, 4)}},
    {DRM_IOCTL_SYNCOBJ_TRANSFER, "SYNCOBJ_TRANSFER", "drm_syncobj_transfer", "5.2", render,
     Restart},
    {DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL,
     "SYNCOBJ_TIMELINE_SIGNAL",
     "drm_syncobj_timeline_array",
     "5.2",
     render,
     Never,
     {ARRAY(drm_syncobj_timeline_array, handles, count_handles, 4),
      ARRAY(drm_syncobj_timeline_array, points, count_handles, 8)}},
    {DRM_IOCTL_MODE_GETFB2, "MODE_GETFB2", "drm_mode_fb_cmd2", "5.7", anyone},
    {DRM_IOCTL_SYNCOBJ_EVENTFD, "SYNCOBJ_EVENTFD", "drm_syncobj_eventfd", "6.6", render},
    {DRM_IOCTL_MODE_CLOSEFB, "MODE_CLOSEFB", "drm_mode_closefb", "6.8", anyone},
    {DRM_IOCTL_SET_CLIENT_NAME, "SET_CLIENT_NAME", "drm_set_client_name", "6.13", render},
    {DRM_IOCTL_GEM_CHANGE_HANDLE, "GEM_CHANGE_HANDLE", "drm_gem_change_handle", "6.18", render},
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
