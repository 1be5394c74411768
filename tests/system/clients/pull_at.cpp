// One ioctl with good arguments, the card pulled inside it: pull_at IOCTL POINT. Says what it saw
// and what still works afterwards. The card is gpu0; gpu1's client is another program.
#include <csignal>
#include <functional>
#include <map>

#include "tests/system/clients/card.h"
#include "tests/system/clients/facts.h"

namespace {

using client::Buffer;
using client::Card;
using client::expect;
using client::must;

/// What each call needs; made while the card is there.
struct Scene {
    Card card;
    Buffer first, second;
    uint32_t blob = 0, mode_blob = 0;
    uint32_t fb_property = 0, fence_property = 0, dpms = 0;
    client::Timeline timeline;
    std::array<uint64_t, 64> space{};
    std::array<uint16_t, 256> gamma{};

    Scene() {
        card.discover();
        first = card.create_buffer(card.mode.hdisplay, card.mode.vdisplay);
        second = card.create_buffer(card.mode.hdisplay, card.mode.vdisplay);
        must(card.set_crtc(first) == 0, "SETCRTC");
        drm_mode_create_blob create{Card::address(space.data()), 8, 0};
        must(card.call(DRM_IOCTL_MODE_CREATEPROPBLOB, create) == 0, "CREATEPROPBLOB");
        blob = create.blob_id;
        fb_property = card.property(card.primary, DRM_MODE_OBJECT_PLANE, "FB_ID");
        fence_property = card.property(card.primary, DRM_MODE_OBJECT_PLANE, "IN_FENCE_FD");
        dpms = card.property(card.connector, DRM_MODE_OBJECT_CONNECTOR, "DPMS");
    }
    uint64_t room() { return Card::address(space.data()); }
};

/// A call by the name of its row. The result is its errno.
using Call = std::function<int(Scene&)>;

template <class T>
Call simple(unsigned long command, std::function<void(Scene&, T&)> fill = {}) {
    return [command, fill](Scene& scene) {
        T argument{};
        if (fill) fill(scene, argument);
        return scene.card.call(command, argument);
    };
}

const std::map<std::string, Call>& calls() {
    static const std::map<std::string, Call> table = {
#define ROW(name, type, ...)                                       \
    {#name, simple<type>(DRM_IOCTL_##name, [](Scene& s, type& a) { \
         (void)s;                                                  \
         (void)a;                                                  \
         __VA_ARGS__                                               \
     })}
        ROW(VERSION, drm_version),
        ROW(GET_UNIQUE, drm_unique),
        ROW(GET_MAGIC, drm_auth),
        ROW(GET_CLIENT, drm_client),
        ROW(GET_STATS, drm_stats),
        ROW(SET_VERSION, drm_set_version, a.drm_di_major = 1; a.drm_di_minor = 4; a.drm_dd_major = -1;),
        ROW(GEM_CLOSE, drm_gem_close, a.handle = s.second.handle;),
        ROW(GEM_FLINK, drm_gem_flink, a.handle = s.first.handle;),
        ROW(GEM_OPEN, drm_gem_open, a.name = 1;),
        ROW(GET_CAP, drm_get_cap, a.capability = DRM_CAP_PRIME;),
        ROW(SET_CLIENT_CAP, drm_set_client_cap, a.capability = DRM_CLIENT_CAP_ATOMIC; a.value = 1;),
        ROW(SET_UNIQUE, drm_unique),
        ROW(AUTH_MAGIC, drm_auth, a.magic = 1;),
        ROW(BLOCK, drm_block),
        ROW(UNBLOCK, drm_block),
        {"SET_MASTER",
         [](Scene& s) { return ioctl(s.card.fd(), DRM_IOCTL_SET_MASTER, 0) == 0 ? 0 : errno; }},
        {"DROP_MASTER",
         [](Scene& s) { return ioctl(s.card.fd(), DRM_IOCTL_DROP_MASTER, 0) == 0 ? 0 : errno; }},
        ROW(ADD_DRAW, drm_draw),
        ROW(RM_DRAW, drm_draw),
        ROW(FINISH, drm_lock),
        ROW(UPDATE_DRAW, drm_update_draw),
        ROW(PRIME_HANDLE_TO_FD, drm_prime_handle, a.handle = s.first.handle;),
        ROW(PRIME_FD_TO_HANDLE, drm_prime_handle, a.fd = -1;),
        ROW(WAIT_VBLANK, drm_wait_vblank,
            a.request.type = static_cast<drm_vblank_seq_type>(_DRM_VBLANK_RELATIVE);
            a.request.sequence = 100000;),
        ROW(CRTC_GET_SEQUENCE, drm_crtc_get_sequence, a.crtc_id = s.card.crtc;),
        ROW(CRTC_QUEUE_SEQUENCE, drm_crtc_queue_sequence, a.crtc_id = s.card.crtc;
            a.sequence = 100; a.flags = DRM_CRTC_SEQUENCE_RELATIVE;),
        ROW(MODE_GETRESOURCES, drm_mode_card_res),
        ROW(MODE_GETCRTC, drm_mode_crtc, a.crtc_id = s.card.crtc;),
        {"MODE_SETCRTC", [](Scene& s) { return s.card.set_crtc(s.second); }},
        ROW(MODE_CURSOR, drm_mode_cursor, a.flags = DRM_MODE_CURSOR_MOVE; a.crtc_id = s.card.crtc;),
        ROW(MODE_CURSOR2, drm_mode_cursor2, a.flags = DRM_MODE_CURSOR_MOVE; a.crtc_id = s.card.crtc;),
        ROW(MODE_GETGAMMA, drm_mode_crtc_lut, a.crtc_id = s.card.crtc;),
        ROW(MODE_SETGAMMA, drm_mode_crtc_lut, a.crtc_id = s.card.crtc;),
        ROW(MODE_GETENCODER, drm_mode_get_encoder, a.encoder_id = s.card.encoder;),
        ROW(MODE_GETCONNECTOR, drm_mode_get_connector, a.connector_id = s.card.connector;),
        ROW(MODE_ATTACHMODE, drm_mode_mode_cmd),
        ROW(MODE_DETACHMODE, drm_mode_mode_cmd),
        ROW(MODE_GETPROPERTY, drm_mode_get_property, a.prop_id = s.dpms;),
        ROW(MODE_SETPROPERTY, drm_mode_connector_set_property, a.connector_id = s.card.connector;
            a.prop_id = s.dpms;),
        ROW(MODE_GETPROPBLOB, drm_mode_get_blob, a.blob_id = s.blob;),
        ROW(MODE_GETFB, drm_mode_fb_cmd, a.fb_id = s.first.fb;),
        ROW(MODE_ADDFB, drm_mode_fb_cmd, a.width = s.card.mode.hdisplay;
            a.height = s.card.mode.vdisplay; a.pitch = s.first.pitch; a.bpp = 32; a.depth = 24;
            a.handle = s.first.handle;),
        ROW(MODE_RMFB, uint32_t, a = s.second.fb;),
        {"MODE_PAGE_FLIP", [](Scene& s) { return s.card.page_flip(s.second); }},
        ROW(MODE_DIRTYFB, drm_mode_fb_dirty_cmd, a.fb_id = s.first.fb;),
        ROW(MODE_CREATE_DUMB, drm_mode_create_dumb, a.width = 64; a.height = 64; a.bpp = 32;),
        ROW(MODE_MAP_DUMB, drm_mode_map_dumb, a.handle = s.first.handle;),
        ROW(MODE_DESTROY_DUMB, drm_mode_destroy_dumb, a.handle = s.second.handle;),
        ROW(MODE_GETPLANERESOURCES, drm_mode_get_plane_res),
        ROW(MODE_GETPLANE, drm_mode_get_plane, a.plane_id = s.card.primary;),
        ROW(MODE_SETPLANE, drm_mode_set_plane, a.plane_id = s.card.primary; a.crtc_id = s.card.crtc;
            a.fb_id = s.second.fb; a.crtc_w = s.card.mode.hdisplay; a.crtc_h = s.card.mode.vdisplay;
            a.src_w = uint32_t{s.card.mode.hdisplay} << 16;
            a.src_h = uint32_t{s.card.mode.vdisplay} << 16;),
        ROW(MODE_ADDFB2, drm_mode_fb_cmd2, a.width = s.card.mode.hdisplay;
            a.height = s.card.mode.vdisplay; a.pixel_format = DRM_FORMAT_XRGB8888;
            a.handles[0] = s.first.handle; a.pitches[0] = s.first.pitch;),
        ROW(MODE_OBJ_GETPROPERTIES, drm_mode_obj_get_properties, a.obj_id = s.card.crtc;
            a.obj_type = DRM_MODE_OBJECT_CRTC;),
        ROW(MODE_OBJ_SETPROPERTY, drm_mode_obj_set_property, a.obj_id = s.card.connector;
            a.obj_type = DRM_MODE_OBJECT_CONNECTOR; a.prop_id = s.dpms;),
        {"MODE_ATOMIC",  // a blocking commit whose in-fence never signals
         [](Scene& s) {
             return s.card.atomic({{s.card.primary, s.fb_property, s.second.fb},
                                   {s.card.primary, s.fence_property,
                                    static_cast<uint64_t>(s.timeline.fence(1))}},
                                  0);
         }},
        ROW(MODE_CREATEPROPBLOB, drm_mode_create_blob, a.data = s.room(); a.length = 8;),
        ROW(MODE_DESTROYPROPBLOB, drm_mode_destroy_blob, a.blob_id = s.blob;),
        ROW(SYNCOBJ_CREATE, drm_syncobj_create),
        ROW(SYNCOBJ_DESTROY, drm_syncobj_destroy),
        ROW(SYNCOBJ_HANDLE_TO_FD, drm_syncobj_handle),
        ROW(SYNCOBJ_FD_TO_HANDLE, drm_syncobj_handle),
        ROW(SYNCOBJ_WAIT, drm_syncobj_wait),
        ROW(SYNCOBJ_RESET, drm_syncobj_array),
        ROW(SYNCOBJ_SIGNAL, drm_syncobj_array),
        ROW(MODE_CREATE_LEASE, drm_mode_create_lease),
        ROW(MODE_LIST_LESSEES, drm_mode_list_lessees),
        ROW(MODE_GET_LEASE, drm_mode_get_lease),
        ROW(MODE_REVOKE_LEASE, drm_mode_revoke_lease),
        ROW(SYNCOBJ_TIMELINE_WAIT, drm_syncobj_timeline_wait),
        ROW(SYNCOBJ_QUERY, drm_syncobj_timeline_array),
        ROW(SYNCOBJ_TRANSFER, drm_syncobj_transfer),
        ROW(SYNCOBJ_TIMELINE_SIGNAL, drm_syncobj_timeline_array),
        ROW(MODE_GETFB2, drm_mode_fb_cmd2, a.fb_id = s.first.fb;),
        {"SYNCOBJ_EVENTFD",
         [](Scene& s) {
             std::array<uint64_t, 3> argument{};
             return s.card.call(_IOWR('d', 0xCF, argument), argument);
         }},
        {"MODE_CLOSEFB",
         [](Scene& s) {
             std::array<uint32_t, 2> argument{s.second.fb, 0};
             return s.card.call(_IOWR('d', 0xD0, argument), argument);
         }},
        {"SET_CLIENT_NAME",
         [](Scene& s) {
             std::array<uint64_t, 2> argument{};
             return s.card.call(_IOWR('d', 0xD1, argument), argument);
         }},
        {"GEM_CHANGE_HANDLE",
         [](Scene& s) {
             std::array<uint32_t, 2> argument{s.first.handle, 9};
             return s.card.call(_IOWR('d', 0xD2, argument), argument);
         }},
#undef ROW
    };
    return table;
}

/// What design promises of a card that is gone.
void check_aftermath(Scene& scene) {
    drm_version version{};
    expect(scene.card.call(DRM_IOCTL_VERSION, version) == ENODEV, "the next ioctl says ENODEV");
    const short events = client::poll_for(scene.card.fd(), POLLIN, 1000);
    expect((events & POLLHUP) != 0, "poll says HUP");
    std::array<char, 1024> bytes{};
    ssize_t got = 0;
    while ((got = read(scene.card.fd(), bytes.data(), bytes.size())) > 0) {
    }
    expect(got < 0 && errno == ENODEV, "read says ENODEV after the last event");
    scene.first.pixels[0] = 0x5a;
    expect(scene.first.pixels[0] == 0x5a, "the mapping can be written and read");
    expect(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, scene.card.fd(), 0) == MAP_FAILED &&
               errno == ENODEV,
           "mmap says ENODEV");
    const int again = open(scene.card.path().c_str(), O_RDWR);
    expect(again < 0 && (errno == ENOENT || errno == ENXIO), "open says ENOENT or ENXIO");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
        for (const auto& [name, call] : calls()) std::puts(name.c_str());
        return 0;
    }
    if (argc != 3 || !calls().contains(argv[1])) {
        std::fprintf(stderr, "usage: pull_at IOCTL entry|copy|wait   (pull_at --list)\n");
        return 2;
    }
    alarm(30);  // a hang ends the program, and so the test
    Scene scene;
    must(client::plugboard(std::string("unplug gpu0 --inside ") + argv[1] + ":" + argv[2]) == 0,
         "plugboard unplug --inside");
    const int64_t start = client::now_ns();
    const int error = calls().at(argv[1])(scene);
    const double ms = static_cast<double>(client::now_ns() - start) / 1e6;
    expect(error == ENODEV, std::string(argv[1]) + " pulled at " + argv[2] + " says " +
                                (error ? strerrorname_np(error) : "success"));
    expect(ms < 2000, "it ended at once");
    check_aftermath(scene);
    return client::failures == 0 ? 0 : 1;
}
