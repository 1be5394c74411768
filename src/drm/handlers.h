// One function per ioctl; dispatch.cpp has the table that names them all.
// Linux: the DRM_IOCTL_DEF table of drivers/gpu/drm/drm_ioctl.c
#pragma once

#include "base/result.h"
#include "drm/device.h"
#include "drm/file.h"
#include "drm/request.h"

namespace plugboard::drm {

/// `Argument` is the row's struct, zero-extended; changes are copied out also when it fails.
// NOLINTBEGIN(bugprone-macro-parentheses): it is a type
#define PLUGBOARD_HANDLER(name, Argument) \
    Result<void> name(Request& request, Device& device, File& file, Argument& argument)
// NOLINTEND(bugprone-macro-parentheses)

// version.cpp, auth.cpp, caps.cpp
PLUGBOARD_HANDLER(ioctl_version, drm_version);
PLUGBOARD_HANDLER(ioctl_get_unique, drm_unique);
PLUGBOARD_HANDLER(ioctl_get_client, drm_client);
PLUGBOARD_HANDLER(ioctl_get_stats, drm_stats);
PLUGBOARD_HANDLER(ioctl_set_version, drm_set_version);
PLUGBOARD_HANDLER(ioctl_get_magic, drm_auth);
PLUGBOARD_HANDLER(ioctl_auth_magic, drm_auth);
Result<void> ioctl_set_master(Request& request, Device& device, File& file);
Result<void> ioctl_drop_master(Request& request, Device& device, File& file);
PLUGBOARD_HANDLER(ioctl_get_cap, drm_get_cap);
PLUGBOARD_HANDLER(ioctl_set_client_cap, drm_set_client_cap);
PLUGBOARD_HANDLER(ioctl_set_client_name, drm_set_client_name);

// gem/: handles, dumb buffers, sharing
PLUGBOARD_HANDLER(ioctl_gem_close, drm_gem_close);
PLUGBOARD_HANDLER(ioctl_create_dumb, drm_mode_create_dumb);
PLUGBOARD_HANDLER(ioctl_map_dumb, drm_mode_map_dumb);
PLUGBOARD_HANDLER(ioctl_destroy_dumb, drm_mode_destroy_dumb);
PLUGBOARD_HANDLER(ioctl_gem_flink, drm_gem_flink);
PLUGBOARD_HANDLER(ioctl_gem_open, drm_gem_open);
PLUGBOARD_HANDLER(ioctl_prime_handle_to_fd, drm_prime_handle);
PLUGBOARD_HANDLER(ioctl_prime_fd_to_handle, drm_prime_handle);

// objects/: what there is, framebuffers, properties, blobs
PLUGBOARD_HANDLER(ioctl_get_resources, drm_mode_card_res);
PLUGBOARD_HANDLER(ioctl_get_plane_resources, drm_mode_get_plane_res);
PLUGBOARD_HANDLER(ioctl_get_crtc, drm_mode_crtc);
PLUGBOARD_HANDLER(ioctl_get_encoder, drm_mode_get_encoder);
PLUGBOARD_HANDLER(ioctl_get_connector, drm_mode_get_connector);
PLUGBOARD_HANDLER(ioctl_get_plane, drm_mode_get_plane);
PLUGBOARD_HANDLER(ioctl_get_gamma, drm_mode_crtc_lut);
PLUGBOARD_HANDLER(ioctl_get_property, drm_mode_get_property);
PLUGBOARD_HANDLER(ioctl_obj_get_properties, drm_mode_obj_get_properties);
PLUGBOARD_HANDLER(ioctl_get_prop_blob, drm_mode_get_blob);
PLUGBOARD_HANDLER(ioctl_create_prop_blob, drm_mode_create_blob);
PLUGBOARD_HANDLER(ioctl_destroy_prop_blob, drm_mode_destroy_blob);
PLUGBOARD_HANDLER(ioctl_add_fb, drm_mode_fb_cmd);
PLUGBOARD_HANDLER(ioctl_add_fb2, drm_mode_fb_cmd2);
PLUGBOARD_HANDLER(ioctl_get_fb, drm_mode_fb_cmd);
PLUGBOARD_HANDLER(ioctl_get_fb2, drm_mode_fb_cmd2);
PLUGBOARD_HANDLER(ioctl_rm_fb, uint32_t);
PLUGBOARD_HANDLER(ioctl_close_fb, drm_mode_closefb);
PLUGBOARD_HANDLER(ioctl_dirty_fb, drm_mode_fb_dirty_cmd);

// atomic/: everything that changes the state
PLUGBOARD_HANDLER(ioctl_atomic, drm_mode_atomic);
PLUGBOARD_HANDLER(ioctl_set_crtc, drm_mode_crtc);
PLUGBOARD_HANDLER(ioctl_page_flip, drm_mode_crtc_page_flip);
PLUGBOARD_HANDLER(ioctl_set_plane, drm_mode_set_plane);
PLUGBOARD_HANDLER(ioctl_cursor, drm_mode_cursor);
PLUGBOARD_HANDLER(ioctl_cursor2, drm_mode_cursor2);
PLUGBOARD_HANDLER(ioctl_set_gamma, drm_mode_crtc_lut);
PLUGBOARD_HANDLER(ioctl_set_property, drm_mode_connector_set_property);
PLUGBOARD_HANDLER(ioctl_obj_set_property, drm_mode_obj_set_property);

// vblank/
PLUGBOARD_HANDLER(ioctl_wait_vblank, drm_wait_vblank);
PLUGBOARD_HANDLER(ioctl_crtc_get_sequence, drm_crtc_get_sequence);
PLUGBOARD_HANDLER(ioctl_crtc_queue_sequence, drm_crtc_queue_sequence);

// lease.cpp
PLUGBOARD_HANDLER(ioctl_create_lease, drm_mode_create_lease);
PLUGBOARD_HANDLER(ioctl_list_lessees, drm_mode_list_lessees);
PLUGBOARD_HANDLER(ioctl_get_lease, drm_mode_get_lease);
PLUGBOARD_HANDLER(ioctl_revoke_lease, drm_mode_revoke_lease);

// Shared by the handlers.
/// Disables what shows the framebuffer, to which the caller has the one reference of its file;
/// waits, never fails. Linux: drm_framebuffer_remove
void remove_framebuffer(Device& device, Framebuffer& fb);
/// What an ADDFB2-like description makes; used by ADDFB, ADDFB2 and CURSOR. Order of checks and
/// errno as facts/kms.md section 2.
Result<Ref<Framebuffer>> create_framebuffer(Request& request, Device& device, File& file,
                                            const drm_mode_fb_cmd2& command);
/// The file is the current master (or its lessee). Linux: drm_is_current_master
bool is_current_master(const File& file);

// sync/syncobj_ioctls.cpp, syncobj_fd.cpp, syncobj_wait.cpp, syncobj_eventfd.cpp
PLUGBOARD_HANDLER(ioctl_syncobj_create, drm_syncobj_create);
PLUGBOARD_HANDLER(ioctl_syncobj_destroy, drm_syncobj_destroy);
PLUGBOARD_HANDLER(ioctl_syncobj_reset, drm_syncobj_array);
PLUGBOARD_HANDLER(ioctl_syncobj_signal, drm_syncobj_array);
PLUGBOARD_HANDLER(ioctl_syncobj_timeline_signal, drm_syncobj_timeline_array);
PLUGBOARD_HANDLER(ioctl_syncobj_query, drm_syncobj_timeline_array);
PLUGBOARD_HANDLER(ioctl_syncobj_handle_to_fd, drm_syncobj_handle_with_point);
PLUGBOARD_HANDLER(ioctl_syncobj_fd_to_handle, drm_syncobj_handle_with_point);
PLUGBOARD_HANDLER(ioctl_syncobj_wait, drm_syncobj_wait_with_deadline);
PLUGBOARD_HANDLER(ioctl_syncobj_timeline_wait, drm_syncobj_timeline_wait_with_deadline);
PLUGBOARD_HANDLER(ioctl_syncobj_transfer, drm_syncobj_transfer);
PLUGBOARD_HANDLER(ioctl_syncobj_eventfd, drm_syncobj_eventfd);

}  // namespace plugboard::drm
