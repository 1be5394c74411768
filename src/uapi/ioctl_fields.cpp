#include "uapi/ioctl_fields.h"

#include <array>
#include <cstddef>
#include <type_traits>

#include "uapi/ioctl_table.h"

namespace plugboard::uapi {
namespace {

#define MEMBER(type, member, who)                                                       \
    Field {                                                                             \
        .name = #member, .side = Side::who,                                             \
        .form = std::is_signed_v<decltype(type::member)> ? Form::Signed : Form::Number, \
        .offset = static_cast<uint16_t>(offsetof(type, member)),                        \
        .bytes = static_cast<uint8_t>(sizeof(type::member))                             \
    }
#define IN(type, member) MEMBER(type, member, In)
#define OUT(type, member) MEMBER(type, member, Out)
/// Where the u32 stands that says how many `field` points at.
#define COUNTED_BY(field, type, member) \
    counted_by(field, static_cast<uint16_t>(offsetof(type, member)))

constexpr Field with(Field field, Form form, std::span<const Word> words = {}) {
    field.form = form;
    field.words = words;
    return field;
}
constexpr Field hex(Field field) {
    return with(field, Form::Hex);
}
constexpr Field cookie(Field field) {
    return with(field, Form::Cookie);
}
constexpr Field flags(Field field, std::span<const Word> words = {}) {
    return with(field, Form::Flags, words);
}
constexpr Field word(Field field, std::span<const Word> words) {
    return with(field, Form::Word, words);
}
constexpr Field array(Field field, uint8_t elements) {
    field.bytes = static_cast<uint8_t>(field.bytes / elements);
    field.elements = elements;
    return field;
}
constexpr Field counted_by(Field field, uint16_t count_offset) {
    field.count_offset = count_offset;
    return with(field, Form::UserIds);
}
constexpr Field named(Field field, std::string_view name) {
    field.name = name;
    return field;
}

constexpr Field version[] = {OUT(drm_version, version_major), OUT(drm_version, version_minor),
                             OUT(drm_version, version_patchlevel)};
constexpr Field unique[] = {IN(drm_unique, unique_len)};
constexpr Field get_magic[] = {OUT(drm_auth, magic)};
constexpr Field auth_magic[] = {IN(drm_auth, magic)};
constexpr Field get_client[] = {IN(drm_client, idx), OUT(drm_client, auth), OUT(drm_client, pid),
                                OUT(drm_client, uid)};
constexpr Field get_stats[] = {OUT(drm_stats, count)};
constexpr Field set_version[] = {
    IN(drm_set_version, drm_di_major),  IN(drm_set_version, drm_di_minor),
    IN(drm_set_version, drm_dd_major),  IN(drm_set_version, drm_dd_minor),
    OUT(drm_set_version, drm_di_major), OUT(drm_set_version, drm_di_minor),
    OUT(drm_set_version, drm_dd_major), OUT(drm_set_version, drm_dd_minor)};
constexpr Field gem_close[] = {IN(drm_gem_close, handle)};
constexpr Field gem_flink[] = {IN(drm_gem_flink, handle), OUT(drm_gem_flink, name)};
constexpr Field gem_open[] = {IN(drm_gem_open, name), OUT(drm_gem_open, handle),
                              OUT(drm_gem_open, size)};
constexpr Field get_cap[] = {word(IN(drm_get_cap, capability), caps), OUT(drm_get_cap, value)};
constexpr Field set_client_cap[] = {word(IN(drm_set_client_cap, capability), client_caps),
                                    IN(drm_set_client_cap, value)};
constexpr Field handle_to_fd[] = {IN(drm_prime_handle, handle),
                                  flags(IN(drm_prime_handle, flags), fd_words),
                                  OUT(drm_prime_handle, fd)};
constexpr Field fd_to_handle[] = {IN(drm_prime_handle, fd), OUT(drm_prime_handle, handle)};
constexpr Field wait_vblank[] = {flags(IN(drm_wait_vblank_request, type), vblank_words),
                                 IN(drm_wait_vblank_request, sequence),
                                 cookie(IN(drm_wait_vblank_request, signal)),
                                 OUT(drm_wait_vblank_reply, sequence),
                                 OUT(drm_wait_vblank_reply, tval_sec),
                                 OUT(drm_wait_vblank_reply, tval_usec)};
constexpr Field get_sequence[] = {
    IN(drm_crtc_get_sequence, crtc_id), OUT(drm_crtc_get_sequence, active),
    OUT(drm_crtc_get_sequence, sequence), OUT(drm_crtc_get_sequence, sequence_ns)};
constexpr Field queue_sequence[] = {
    IN(drm_crtc_queue_sequence, crtc_id), flags(IN(drm_crtc_queue_sequence, flags), sequence_words),
    IN(drm_crtc_queue_sequence, sequence), cookie(IN(drm_crtc_queue_sequence, user_data)),
    OUT(drm_crtc_queue_sequence, sequence)};

constexpr Field get_resources[] = {
    OUT(drm_mode_card_res, count_fbs),        OUT(drm_mode_card_res, count_crtcs),
    OUT(drm_mode_card_res, count_connectors), OUT(drm_mode_card_res, count_encoders),
    OUT(drm_mode_card_res, min_width),        OUT(drm_mode_card_res, max_width),
    OUT(drm_mode_card_res, min_height),       OUT(drm_mode_card_res, max_height)};
constexpr Field get_crtc[] = {IN(drm_mode_crtc, crtc_id),
                              OUT(drm_mode_crtc, fb_id),
                              OUT(drm_mode_crtc, x),
                              OUT(drm_mode_crtc, y),
                              OUT(drm_mode_crtc, gamma_size),
                              OUT(drm_mode_crtc, mode_valid),
                              with(OUT(drm_mode_crtc, mode), Form::Mode)};
constexpr Field set_crtc[] = {
    IN(drm_mode_crtc, crtc_id),
    with(IN(drm_mode_crtc, fb_id), Form::Signed),  // -1: the one that is there
    IN(drm_mode_crtc, x),
    IN(drm_mode_crtc, y),
    IN(drm_mode_crtc, mode_valid),
    with(IN(drm_mode_crtc, mode), Form::Mode),
    COUNTED_BY(named(IN(drm_mode_crtc, set_connectors_ptr), "connectors"), drm_mode_crtc,
               count_connectors)};
constexpr Field cursor[] = {flags(IN(drm_mode_cursor, flags), cursor_words),
                            IN(drm_mode_cursor, crtc_id),
                            IN(drm_mode_cursor, x),
                            IN(drm_mode_cursor, y),
                            IN(drm_mode_cursor, width),
                            IN(drm_mode_cursor, height),
                            IN(drm_mode_cursor, handle)};
constexpr Field cursor2[] = {flags(IN(drm_mode_cursor2, flags), cursor_words),
                             IN(drm_mode_cursor2, crtc_id),
                             IN(drm_mode_cursor2, x),
                             IN(drm_mode_cursor2, y),
                             IN(drm_mode_cursor2, width),
                             IN(drm_mode_cursor2, height),
                             IN(drm_mode_cursor2, handle),
                             IN(drm_mode_cursor2, hot_x),
                             IN(drm_mode_cursor2, hot_y)};
constexpr Field gamma[] = {IN(drm_mode_crtc_lut, crtc_id), IN(drm_mode_crtc_lut, gamma_size)};
constexpr Field get_encoder[] = {IN(drm_mode_get_encoder, encoder_id),
                                 word(OUT(drm_mode_get_encoder, encoder_type), encoder_types),
                                 OUT(drm_mode_get_encoder, crtc_id),
                                 hex(OUT(drm_mode_get_encoder, possible_crtcs)),
                                 hex(OUT(drm_mode_get_encoder, possible_clones))};
constexpr Field get_connector[] = {
    IN(drm_mode_get_connector, connector_id),
    IN(drm_mode_get_connector, count_modes),  // 0: it is probed
    word(OUT(drm_mode_get_connector, connector_type), connector_types),
    OUT(drm_mode_get_connector, connector_type_id),
    word(OUT(drm_mode_get_connector, connection), connections),
    OUT(drm_mode_get_connector, encoder_id),
    OUT(drm_mode_get_connector, count_modes),
    OUT(drm_mode_get_connector, count_props),
    OUT(drm_mode_get_connector, count_encoders),
    OUT(drm_mode_get_connector, mm_width),
    OUT(drm_mode_get_connector, mm_height)};
constexpr Field get_property[] = {
    IN(drm_mode_get_property, prop_id), with(OUT(drm_mode_get_property, name), Form::Text),
    flags(OUT(drm_mode_get_property, flags), property_words),
    OUT(drm_mode_get_property, count_values), OUT(drm_mode_get_property, count_enum_blobs)};
constexpr Field get_blob[] = {IN(drm_mode_get_blob, blob_id), IN(drm_mode_get_blob, length),
                              OUT(drm_mode_get_blob, length)};
constexpr Field get_fb[] = {IN(drm_mode_fb_cmd, fb_id),   OUT(drm_mode_fb_cmd, width),
                            OUT(drm_mode_fb_cmd, height), OUT(drm_mode_fb_cmd, pitch),
                            OUT(drm_mode_fb_cmd, bpp),    OUT(drm_mode_fb_cmd, depth),
                            OUT(drm_mode_fb_cmd, handle)};
constexpr Field add_fb[] = {IN(drm_mode_fb_cmd, width), IN(drm_mode_fb_cmd, height),
                            IN(drm_mode_fb_cmd, pitch), IN(drm_mode_fb_cmd, bpp),
                            IN(drm_mode_fb_cmd, depth), IN(drm_mode_fb_cmd, handle),
                            OUT(drm_mode_fb_cmd, fb_id)};
constexpr Field rm_fb[] = {{.name = "fb_id", .bytes = sizeof(uint32_t)}};
constexpr Field page_flip[] = {IN(drm_mode_crtc_page_flip_target, crtc_id),
                               IN(drm_mode_crtc_page_flip_target, fb_id),
                               flags(IN(drm_mode_crtc_page_flip_target, flags), page_flip_words),
                               IN(drm_mode_crtc_page_flip_target, sequence),
                               cookie(IN(drm_mode_crtc_page_flip_target, user_data))};
constexpr Field dirty_fb[] = {
    IN(drm_mode_fb_dirty_cmd, fb_id), flags(IN(drm_mode_fb_dirty_cmd, flags), dirty_words),
    cookie(IN(drm_mode_fb_dirty_cmd, color)), IN(drm_mode_fb_dirty_cmd, num_clips)};
constexpr Field create_dumb[] = {
    IN(drm_mode_create_dumb, width),   IN(drm_mode_create_dumb, height),
    IN(drm_mode_create_dumb, bpp),     flags(IN(drm_mode_create_dumb, flags)),
    OUT(drm_mode_create_dumb, handle), OUT(drm_mode_create_dumb, pitch),
    OUT(drm_mode_create_dumb, size)};
constexpr Field map_dumb[] = {IN(drm_mode_map_dumb, handle), hex(OUT(drm_mode_map_dumb, offset))};
constexpr Field destroy_dumb[] = {IN(drm_mode_destroy_dumb, handle)};
constexpr Field get_plane_resources[] = {OUT(drm_mode_get_plane_res, count_planes)};
constexpr Field get_plane[] = {
    IN(drm_mode_get_plane, plane_id),    OUT(drm_mode_get_plane, crtc_id),
    OUT(drm_mode_get_plane, fb_id),      hex(OUT(drm_mode_get_plane, possible_crtcs)),
    OUT(drm_mode_get_plane, gamma_size), OUT(drm_mode_get_plane, count_format_types)};
constexpr Field set_plane[] = {IN(drm_mode_set_plane, plane_id),
                               IN(drm_mode_set_plane, crtc_id),
                               IN(drm_mode_set_plane, fb_id),
                               flags(IN(drm_mode_set_plane, flags)),
                               IN(drm_mode_set_plane, crtc_x),
                               IN(drm_mode_set_plane, crtc_y),
                               IN(drm_mode_set_plane, crtc_w),
                               IN(drm_mode_set_plane, crtc_h),
                               with(IN(drm_mode_set_plane, src_x), Form::Fixed),
                               with(IN(drm_mode_set_plane, src_y), Form::Fixed),
                               with(IN(drm_mode_set_plane, src_w), Form::Fixed),
                               with(IN(drm_mode_set_plane, src_h), Form::Fixed)};
constexpr Field add_fb2[] = {IN(drm_mode_fb_cmd2, width),
                             IN(drm_mode_fb_cmd2, height),
                             with(IN(drm_mode_fb_cmd2, pixel_format), Form::Fourcc),
                             flags(IN(drm_mode_fb_cmd2, flags), fb_words),
                             array(IN(drm_mode_fb_cmd2, handles), 4),
                             array(IN(drm_mode_fb_cmd2, pitches), 4),
                             array(IN(drm_mode_fb_cmd2, offsets), 4),
                             cookie(array(IN(drm_mode_fb_cmd2, modifier), 4)),
                             OUT(drm_mode_fb_cmd2, fb_id)};
constexpr Field get_fb2[] = {IN(drm_mode_fb_cmd2, fb_id),
                             OUT(drm_mode_fb_cmd2, width),
                             OUT(drm_mode_fb_cmd2, height),
                             with(OUT(drm_mode_fb_cmd2, pixel_format), Form::Fourcc),
                             flags(OUT(drm_mode_fb_cmd2, flags), fb_words),
                             array(OUT(drm_mode_fb_cmd2, handles), 4),
                             array(OUT(drm_mode_fb_cmd2, pitches), 4),
                             array(OUT(drm_mode_fb_cmd2, offsets), 4),
                             cookie(array(OUT(drm_mode_fb_cmd2, modifier), 4))};
constexpr Field get_properties[] = {IN(drm_mode_obj_get_properties, obj_id),
                                    word(IN(drm_mode_obj_get_properties, obj_type), object_types),
                                    OUT(drm_mode_obj_get_properties, count_props)};
constexpr Field atomic[] = {flags(IN(drm_mode_atomic, flags), atomic_words),
                            cookie(IN(drm_mode_atomic, user_data))};
constexpr Field create_blob[] = {IN(drm_mode_create_blob, length),
                                 OUT(drm_mode_create_blob, blob_id)};
constexpr Field destroy_blob[] = {IN(drm_mode_destroy_blob, blob_id)};

constexpr Field syncobj_create[] = {flags(IN(drm_syncobj_create, flags), syncobj_create_words),
                                    OUT(drm_syncobj_create, handle)};
constexpr Field syncobj_destroy[] = {IN(drm_syncobj_destroy, handle)};
constexpr Field syncobj_to_fd[] = {
    IN(drm_syncobj_handle_with_point, handle),
    flags(IN(drm_syncobj_handle_with_point, flags), syncobj_export_words),
    IN(drm_syncobj_handle_with_point, point), OUT(drm_syncobj_handle_with_point, fd)};
constexpr Field syncobj_from_fd[] = {
    IN(drm_syncobj_handle_with_point, fd),
    flags(IN(drm_syncobj_handle_with_point, flags), syncobj_import_words),
    IN(drm_syncobj_handle_with_point, point), OUT(drm_syncobj_handle_with_point, handle)};
constexpr Field syncobj_wait[] = {
    COUNTED_BY(IN(drm_syncobj_wait_with_deadline, handles), drm_syncobj_wait_with_deadline,
               count_handles),
    flags(IN(drm_syncobj_wait_with_deadline, flags), syncobj_wait_words),
    IN(drm_syncobj_wait_with_deadline, timeout_nsec),
    OUT(drm_syncobj_wait_with_deadline, first_signaled)};
constexpr Field syncobj_array[] = {
    COUNTED_BY(IN(drm_syncobj_array, handles), drm_syncobj_array, count_handles)};
constexpr Field syncobj_timeline_wait[] = {
    COUNTED_BY(IN(drm_syncobj_timeline_wait_with_deadline, handles),
               drm_syncobj_timeline_wait_with_deadline, count_handles),
    flags(IN(drm_syncobj_timeline_wait_with_deadline, flags), syncobj_wait_words),
    IN(drm_syncobj_timeline_wait_with_deadline, timeout_nsec),
    OUT(drm_syncobj_timeline_wait_with_deadline, first_signaled)};
constexpr Field timeline_array[] = {
    COUNTED_BY(IN(drm_syncobj_timeline_array, handles), drm_syncobj_timeline_array, count_handles),
    flags(IN(drm_syncobj_timeline_array, flags))};
constexpr Field syncobj_query[] = {
    COUNTED_BY(IN(drm_syncobj_timeline_array, handles), drm_syncobj_timeline_array, count_handles),
    flags(IN(drm_syncobj_timeline_array, flags), syncobj_query_words)};
constexpr Field syncobj_transfer[] = {
    IN(drm_syncobj_transfer, src_handle), IN(drm_syncobj_transfer, src_point),
    IN(drm_syncobj_transfer, dst_handle), IN(drm_syncobj_transfer, dst_point),
    flags(IN(drm_syncobj_transfer, flags), syncobj_wait_words)};
constexpr Field syncobj_eventfd[] = {IN(drm_syncobj_eventfd, handle),
                                     flags(IN(drm_syncobj_eventfd, flags), syncobj_wait_words),
                                     IN(drm_syncobj_eventfd, point), IN(drm_syncobj_eventfd, fd)};

constexpr Field create_lease[] = {
    COUNTED_BY(named(IN(drm_mode_create_lease, object_ids), "objects"), drm_mode_create_lease,
               object_count),
    flags(IN(drm_mode_create_lease, flags), lease_words), OUT(drm_mode_create_lease, lessee_id),
    OUT(drm_mode_create_lease, fd)};
constexpr Field list_lessees[] = {OUT(drm_mode_list_lessees, count_lessees)};
constexpr Field get_lease[] = {OUT(drm_mode_get_lease, count_objects)};
constexpr Field revoke_lease[] = {IN(drm_mode_revoke_lease, lessee_id)};
constexpr Field close_fb[] = {IN(drm_mode_closefb, fb_id)};
constexpr Field set_client_name[] = {IN(drm_set_client_name, name_len)};
constexpr Field change_handle[] = {IN(drm_gem_change_handle, handle),
                                   IN(drm_gem_change_handle, new_handle)};

struct FieldsOfIoctl {
    uint32_t command = 0;
    std::span<const Field> fields;
};

// SETPROPERTY and OBJ_SETPROPERTY are not among them: only the device knows what their values are.
constexpr FieldsOfIoctl fields_of_ioctls[] = {
    {DRM_IOCTL_VERSION, version},
    {DRM_IOCTL_GET_UNIQUE, unique},
    {DRM_IOCTL_GET_MAGIC, get_magic},
    {DRM_IOCTL_GET_CLIENT, get_client},
    {DRM_IOCTL_GET_STATS, get_stats},
    {DRM_IOCTL_SET_VERSION, set_version},
    {DRM_IOCTL_GEM_CLOSE, gem_close},
    {DRM_IOCTL_GEM_FLINK, gem_flink},
    {DRM_IOCTL_GEM_OPEN, gem_open},
    {DRM_IOCTL_GET_CAP, get_cap},
    {DRM_IOCTL_SET_CLIENT_CAP, set_client_cap},
    {DRM_IOCTL_SET_UNIQUE, unique},
    {DRM_IOCTL_AUTH_MAGIC, auth_magic},
    {DRM_IOCTL_PRIME_HANDLE_TO_FD, handle_to_fd},
    {DRM_IOCTL_PRIME_FD_TO_HANDLE, fd_to_handle},
    {DRM_IOCTL_WAIT_VBLANK, wait_vblank},
    {DRM_IOCTL_CRTC_GET_SEQUENCE, get_sequence},
    {DRM_IOCTL_CRTC_QUEUE_SEQUENCE, queue_sequence},
    {DRM_IOCTL_MODE_GETRESOURCES, get_resources},
    {DRM_IOCTL_MODE_GETCRTC, get_crtc},
    {DRM_IOCTL_MODE_SETCRTC, set_crtc},
    {DRM_IOCTL_MODE_CURSOR, cursor},
    {DRM_IOCTL_MODE_GETGAMMA, gamma},
    {DRM_IOCTL_MODE_SETGAMMA, gamma},
    {DRM_IOCTL_MODE_GETENCODER, get_encoder},
    {DRM_IOCTL_MODE_GETCONNECTOR, get_connector},
    {DRM_IOCTL_MODE_GETPROPERTY, get_property},
    {DRM_IOCTL_MODE_GETPROPBLOB, get_blob},
    {DRM_IOCTL_MODE_GETFB, get_fb},
    {DRM_IOCTL_MODE_ADDFB, add_fb},
    {DRM_IOCTL_MODE_RMFB, rm_fb},
    {DRM_IOCTL_MODE_PAGE_FLIP, page_flip},
    {DRM_IOCTL_MODE_DIRTYFB, dirty_fb},
    {DRM_IOCTL_MODE_CREATE_DUMB, create_dumb},
    {DRM_IOCTL_MODE_MAP_DUMB, map_dumb},
    {DRM_IOCTL_MODE_DESTROY_DUMB, destroy_dumb},
    {DRM_IOCTL_MODE_GETPLANERESOURCES, get_plane_resources},
    {DRM_IOCTL_MODE_GETPLANE, get_plane},
    {DRM_IOCTL_MODE_SETPLANE, set_plane},
    {DRM_IOCTL_MODE_ADDFB2, add_fb2},
    {DRM_IOCTL_MODE_OBJ_GETPROPERTIES, get_properties},
    {DRM_IOCTL_MODE_CURSOR2, cursor2},
    {DRM_IOCTL_MODE_ATOMIC, atomic},
    {DRM_IOCTL_MODE_CREATEPROPBLOB, create_blob},
    {DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy_blob},
    {DRM_IOCTL_SYNCOBJ_CREATE, syncobj_create},
    {DRM_IOCTL_SYNCOBJ_DESTROY, syncobj_destroy},
    {DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, syncobj_to_fd},
    {DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, syncobj_from_fd},
    {DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE, syncobj_wait},
    {DRM_IOCTL_SYNCOBJ_RESET, syncobj_array},
    {DRM_IOCTL_SYNCOBJ_SIGNAL, syncobj_array},
    {DRM_IOCTL_MODE_CREATE_LEASE, create_lease},
    {DRM_IOCTL_MODE_LIST_LESSEES, list_lessees},
    {DRM_IOCTL_MODE_GET_LEASE, get_lease},
    {DRM_IOCTL_MODE_REVOKE_LEASE, revoke_lease},
    {DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE, syncobj_timeline_wait},
    {DRM_IOCTL_SYNCOBJ_QUERY, syncobj_query},
    {DRM_IOCTL_SYNCOBJ_TRANSFER, syncobj_transfer},
    {DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, timeline_array},
    {DRM_IOCTL_MODE_GETFB2, get_fb2},
    {DRM_IOCTL_SYNCOBJ_EVENTFD, syncobj_eventfd},
    {DRM_IOCTL_MODE_CLOSEFB, close_fb},
    {DRM_IOCTL_SET_CLIENT_NAME, set_client_name},
    {DRM_IOCTL_GEM_CHANGE_HANDLE, change_handle},
};

constexpr bool lies_in(const FieldsOfIoctl& row) {
    for (const Field& field : row.fields) {
        if (field.offset + size_t{field.bytes} * field.elements > _IOC_SIZE(row.command))
            return false;
        if (field.form == Form::UserIds && field.count_offset + 4u > _IOC_SIZE(row.command))
            return false;
    }
    return true;
}

constexpr std::array<std::span<const Field>, table_size> index_fields() {
    std::array<std::span<const Field>, table_size> fields_by_number{};
    for (const FieldsOfIoctl& row : fields_of_ioctls)
        fields_by_number[_IOC_NR(row.command)] = row.fields;
    return fields_by_number;
}
constexpr auto fields_by_number = index_fields();

constexpr bool all_lie_in() {
    for (const FieldsOfIoctl& row : fields_of_ioctls) {
        if (!lies_in(row)) return false;
    }
    return true;
}
static_assert(all_lie_in(), "each field lies in its ioctl's struct");

}  // namespace

std::span<const Field> ioctl_fields(uint32_t number) {
    if (number >= table_size) return {};
    return fields_by_number[number];
}

}  // namespace plugboard::uapi
