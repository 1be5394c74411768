// What changes the screen: framebuffers, the legacy calls, ATOMIC.
#include <cerrno>

#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

uint32_t new_fb(Scene& scene, uint32_t format = DRM_FORMAT_XRGB8888) {
    return scene.drawer->add_fb(Scene::side, Scene::side, format);
}

Contract add_fb() {
    using Fb = drm_mode_fb_cmd;
    return ContractOf<Fb>(DRM_IOCTL_MODE_ADDFB,
                          [](Scene& scene) {
                              Fb fb{};
                              fb.width = fb.height = Scene::side;
                              fb.pitch = Scene::side * 4;
                              fb.bpp = 32;
                              fb.depth = 24;
                              fb.handle = scene.shown_handle();
                              return fb;
                          })
        .refuses("no such format", set(&Fb::bpp, 7U), EINVAL, "7 bits a pixel")
        .refuses("no width", set(&Fb::width, 0U), EINVAL, "width 0")
        .refuses("no handle", set(&Fb::handle, 0U), EINVAL, "handle[0] is 0")
        .refuses("a short line", set(&Fb::pitch, 4U), EINVAL, "pitch[0] 4 is below 256")
        .refuses("no such handle", unknown(&Fb::handle), ENOENT, "no handle 9999")
        .refuses("larger than the buffer", set(&Fb::height, 128U), EINVAL, "needs");
}

Contract add_fb2() {
    using Fb = drm_mode_fb_cmd2;
    const auto with = [](auto change) {
        return [change](Scene&, Fb& argument) { change(argument); };
    };
    return ContractOf<Fb>(
               DRM_IOCTL_MODE_ADDFB2,
               [](Scene& scene) { return scene.drawer->good_fb(Scene::side, Scene::side); })
        .refuses("unknown flags", set(&Fb::flags, 4U), EINVAL, "flags 0x4")
        .refuses("no width", set(&Fb::width, 0U), EINVAL, "width 0")
        .refuses("too high", set(&Fb::height, 100000U), EINVAL, "height 100000")
        .refuses("no such format", set(&Fb::pixel_format, 0x12345678U), EINVAL, "unknown")
        .refuses("no handle", with([](Fb& fb) { fb.handles[0] = 0; }), EINVAL, "handle[0] is 0")
        .refuses("a short line", with([](Fb& fb) { fb.pitches[0] = 4; }), EINVAL, "pitch[0] 4")
        .refuses("an offset of 4 GiB", with([](Fb& fb) { fb.offsets[0] = ~0U; }), ERANGE,
                 "exceed 4 GiB")
        .refuses("modifier without flag", with([](Fb& fb) { fb.modifier[0] = 1; }), EINVAL,
                 "without the flag")
        .refuses("modifier of an unused plane", with([](Fb& fb) { fb.modifier[3] = 1; }), EINVAL,
                 "modifier[3] of an unused plane")
        .refuses("a format of no plane", set(&Fb::pixel_format, uint32_t{DRM_FORMAT_ABGR4444}),
                 EINVAL, "no plane lists format")
        .refuses("no such handle", with([](Fb& fb) { fb.handles[0] = Scene::unknown_id; }), ENOENT,
                 "no handle 9999")
        .refuses("larger than the buffer", with([](Fb& fb) { fb.height *= 2; }), EINVAL, "needs");
}

Contract rm_fb() {
    return ContractOf<uint32_t>(DRM_IOCTL_MODE_RMFB, [](Scene& scene) { return new_fb(scene); })
        .second_may({ENOENT})
        .refuses(
            "no such framebuffer", [](Scene&, uint32_t& id) { id = Scene::unknown_id; }, ENOENT,
            "no framebuffer 9999")
        .refuses(
            "another client's framebuffer",
            [](Scene& scene, uint32_t& id) { id = scene.other->add_fb(Scene::side, Scene::side); },
            ENOENT, "is not this file's");
}

Contract close_fb() {
    using Close = drm_mode_closefb;
    return ContractOf<Close>(DRM_IOCTL_MODE_CLOSEFB,
                             [](Scene& scene) {
                                 return Close{new_fb(scene), 0};
                             })
        .second_may({ENOENT})
        .refuses("pad is set", set(&Close::pad, 1U), EINVAL, "pad 1")
        .refuses("no such framebuffer", unknown(&Close::fb_id), ENOENT, "no framebuffer 9999")
        .refuses(
            "another client's framebuffer",
            [](Scene& scene, Close& argument) {
                argument.fb_id = scene.other->add_fb(Scene::side, Scene::side);
            },
            ENOENT, "is not this file's");
}

drm_mode_fb_dirty_cmd two_clips(Scene& scene) {
    drm_mode_fb_dirty_cmd dirty{};
    dirty.fb_id = scene.shown_fb();
    dirty.num_clips = 2;
    dirty.clips_ptr = scene.keep(std::vector<drm_clip_rect>(2, {0, 0, 8, 8}));
    return dirty;
}

Contract dirty_fb() {
    using Dirty = drm_mode_fb_dirty_cmd;
    return ContractOf<Dirty>(DRM_IOCTL_MODE_DIRTYFB, two_clips)
        .on(Switches::Full)
        .refuses_on(Switches::Kernels,
                    "a driver that need not be told (vkms without `damage_clips`)", two_clips,
                    ENOSYS, "need not be told")
        .refuses("no such framebuffer", unknown(&Dirty::fb_id), ENOENT, "no framebuffer 9999")
        .refuses("clips without an address", set(&Dirty::clips_ptr, __u64{0}), EINVAL, "2 clips")
        .refuses("an address without clips", set(&Dirty::num_clips, 0U), EINVAL, "0 clips")
        .refuses(
            "copies that are not pairs",
            [](Scene&, Dirty& argument) {
                argument.num_clips = 1;
                argument.flags = DRM_MODE_FB_DIRTY_ANNOTATE_COPY;
            },
            EINVAL, "not pairs")
        .refuses("more than 256 clips", set(&Dirty::num_clips, 257U), EINVAL, "at most 256")
        .POINTS(Dirty, clips_ptr);
}

Contract set_crtc() {
    using Crtc = drm_mode_crtc;
    return ContractOf<Crtc>(DRM_IOCTL_MODE_SETCRTC,
                            [](Scene& scene) {
                                Crtc crtc{};
                                crtc.crtc_id = scene.crtc();
                                crtc.fb_id = scene.spare().fb;
                                crtc.mode_valid = 1;
                                crtc.mode = scene.mode();
                                crtc.count_connectors = 1;
                                crtc.set_connectors_ptr =
                                    scene.keep(std::vector<uint32_t>{scene.connector()});
                                return crtc;
                            })
        .refuses("no such CRTC", unknown(&Crtc::crtc_id), ENOENT, "crtc_id 9999")
        .refuses("no such framebuffer", unknown(&Crtc::fb_id), ENOENT, "fb_id 9999")
        .refuses("x above 65535", set(&Crtc::x, 0x10000U), ERANGE, "65535")
        .refuses("outside the framebuffer", set(&Crtc::x, 1U), ENOSPC, "outside framebuffer")
        .refuses("no connectors", set(&Crtc::count_connectors, 0U), EINVAL, "no connectors")
        .refuses("too many connectors", set(&Crtc::count_connectors, 99U), EINVAL, "99")
        .refuses(
            "no such connector",
            [](Scene& scene, Crtc& argument) {
                argument.set_connectors_ptr = scene.keep(std::vector<uint32_t>{Scene::unknown_id});
            },
            ENOENT, "9999")
        .refuses("no mode", set(&Crtc::mode_valid, 0U), EINVAL, "mode_valid is 0")
        .refuses(
            "a bad mode", [](Scene&, Crtc& argument) { argument.mode.clock = 0; }, EINVAL,
            "not a valid mode")
        .refuses(
            "a bad clock", [](Scene&, Crtc& argument) { argument.mode.clock = 0x80000000; }, ERANGE,
            "mode")
        .POINTS(Crtc, set_connectors_ptr);
}

template <class Cursor>
ContractOf<Cursor> cursor(unsigned long command) {
    return ContractOf<Cursor>(command,
                              [](Scene& scene) {
                                  Cursor cursor{};
                                  cursor.flags = DRM_MODE_CURSOR_BO | DRM_MODE_CURSOR_MOVE;
                                  cursor.crtc_id = scene.crtc();
                                  cursor.width = cursor.height = Scene::side;
                                  cursor.handle =
                                      scene.drawer->make_buffer(Scene::side, Scene::side);
                                  return cursor;
                              })
        .refuses("no flags", set(&Cursor::flags, 0U), EINVAL, "not BO, MOVE or both")
        .refuses("unknown flags", set(&Cursor::flags, 4U), EINVAL, "not BO, MOVE or both")
        .refuses("no such CRTC", unknown(&Cursor::crtc_id), ENOENT, "crtc_id 9999")
        .refuses("no such handle", unknown(&Cursor::handle), ENOENT, "no handle 9999")
        .refuses("larger than the buffer", set(&Cursor::height, 128U), EINVAL, "needs");
}

Contract set_gamma() {
    using Lut = drm_mode_crtc_lut;
    return ContractOf<Lut>(DRM_IOCTL_MODE_SETGAMMA,
                           [](Scene& scene) {
                               const std::vector<uint16_t> table(256, 0x8000);
                               Lut lut{};
                               lut.crtc_id = scene.crtc();
                               lut.gamma_size = scene.gamma_size();
                               lut.red = scene.keep(table);
                               lut.green = scene.keep(table);
                               lut.blue = scene.keep(table);
                               return lut;
                           })
        .refuses("no such CRTC", unknown(&Lut::crtc_id), ENOENT, "crtc_id 9999")
        .refuses("another gamma size", set(&Lut::gamma_size, 5U), EINVAL, "5")
        .POINTS(Lut, red)
        .POINTS(Lut, green)
        .POINTS(Lut, blue);
}

Contract page_flip() {
    using Flip = drm_mode_crtc_page_flip;
    return ContractOf<Flip>(DRM_IOCTL_MODE_PAGE_FLIP,
                            [](Scene& scene) {
                                Flip flip{};
                                flip.crtc_id = scene.crtc();
                                flip.fb_id = scene.spare().fb;
                                flip.flags = DRM_MODE_PAGE_FLIP_EVENT;
                                return flip;
                            })
        .second_may({EBUSY})
        .refuses("unknown flags", set(&Flip::flags, 0x10U), EINVAL, "unknown bits")
        .refuses("a sequence without target", set(&Flip::reserved, 1U), EINVAL, "without a TARGET")
        .refuses("both targets", set(&Flip::flags, uint32_t{DRM_MODE_PAGE_FLIP_TARGET}), EINVAL,
                 "both TARGET")
        .refuses("a target vblank", set(&Flip::flags, uint32_t{DRM_MODE_PAGE_FLIP_TARGET_ABSOLUTE}),
                 EINVAL, "given vblank")
        .refuses("no such CRTC", unknown(&Flip::crtc_id), ENOENT, "crtc_id 9999")
        .refuses("no such framebuffer", unknown(&Flip::fb_id), ENOENT, "fb_id 9999")
        .refuses(
            "nothing is shown", [](Scene& scene, Flip&) { scene.turn_off(); }, EBUSY,
            "shows no framebuffer")
        .refuses(
            "a framebuffer too small",
            [](Scene& scene, Flip& argument) {
                argument.fb_id = scene.drawer->add_fb(Scene::side / 2, Scene::side / 2);
            },
            ENOSPC, "outside")
        .refuses(
            "another format",
            [](Scene& scene, Flip& argument) { argument.fb_id = new_fb(scene, DRM_FORMAT_RGB565); },
            EINVAL, "format RG16")
        .refuses(
            "a flip is pending",
            [](Scene& scene, Flip& argument) {
                EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_MODE_PAGE_FLIP, argument), 0);
            },
            EBUSY, "")
        .refuses(
            "no event space", [](Scene& scene, Flip&) { scene.fill_event_space(); }, ENOMEM,
            "no event space");
}

Contract set_plane() {
    using Plane = drm_mode_set_plane;
    return ContractOf<Plane>(DRM_IOCTL_MODE_SETPLANE,
                             [](Scene& scene) {
                                 Plane plane{};
                                 plane.plane_id = scene.plane();
                                 plane.crtc_id = scene.crtc();
                                 plane.fb_id = scene.spare().fb;
                                 plane.crtc_w = plane.crtc_h = Scene::side;
                                 plane.src_w = plane.src_h = Scene::side << 16;
                                 return plane;
                             })
        .refuses("no such plane", unknown(&Plane::plane_id), ENOENT, "plane_id 9999")
        .refuses("no such framebuffer", unknown(&Plane::fb_id), ENOENT, "fb_id 9999")
        .refuses("no such CRTC", unknown(&Plane::crtc_id), ENOENT, "crtc_id 9999")
        .refuses("a width that overflows", set(&Plane::crtc_w, 0x80000000U), ERANGE, "")
        .refuses("outside the framebuffer", set(&Plane::src_x, __u32{1U << 16}), ENOSPC, "outside");
}

Contract set_property() {
    using Set = drm_mode_connector_set_property;
    return ContractOf<Set>(DRM_IOCTL_MODE_SETPROPERTY,
                           [](Scene& scene) {
                               Set set{};
                               set.connector_id = scene.connector();
                               set.prop_id = scene.property(scene.connector(), "link-status").id;
                               set.value = DRM_MODE_LINK_STATUS_GOOD;
                               return set;
                           })
        .refuses("no such connector", unknown(&Set::connector_id), ENOENT, "9999")
        .refuses("no such property", unknown(&Set::prop_id), EINVAL, "property 9999")
        .refuses("a bad value", set(&Set::value, __u64{77}), EINVAL, "77");
}

Contract obj_set_property() {
    using Set = drm_mode_obj_set_property;
    return ContractOf<Set>(DRM_IOCTL_MODE_OBJ_SETPROPERTY,
                           [](Scene& scene) {
                               Set set{};
                               set.obj_id = scene.connector();
                               set.obj_type = DRM_MODE_OBJECT_CONNECTOR;
                               set.prop_id = scene.property(scene.connector(), "link-status").id;
                               set.value = DRM_MODE_LINK_STATUS_GOOD;
                               return set;
                           })
        .refuses("no such object", unknown(&Set::obj_id), ENOENT, "9999")
        .refuses("an object of another type", set(&Set::obj_type, uint32_t{DRM_MODE_OBJECT_PLANE}),
                 ENOENT, "")
        .refuses("no such property", unknown(&Set::prop_id), EINVAL, "property 9999")
        .refuses("a bad value", set(&Set::value, __u64{77}), EINVAL, "77");
}

drm_mode_atomic show_spare(Scene& scene) {
    drm_mode_atomic atomic{};
    atomic.count_objs = 1;
    atomic.objs_ptr = scene.keep(std::vector<uint32_t>{scene.plane()});
    atomic.count_props_ptr = scene.keep(std::vector<uint32_t>{1});
    atomic.props_ptr = scene.keep(std::vector<uint32_t>{scene.property(scene.plane(), "FB_ID").id});
    atomic.prop_values_ptr = scene.keep(std::vector<uint64_t>{scene.spare().fb});
    return atomic;
}

drm_mode_atomic move_at_once(Scene& scene) {
    drm_mode_atomic atomic = show_spare(scene);
    atomic.flags = DRM_MODE_PAGE_FLIP_ASYNC;
    atomic.props_ptr =
        scene.keep(std::vector<uint32_t>{scene.property(scene.plane(), "CRTC_X").id});
    atomic.prop_values_ptr = scene.keep(std::vector<uint64_t>{1});
    return atomic;
}

Contract atomic() {
    using Atomic = drm_mode_atomic;
    const auto property = [](const char* name, uint64_t value) {
        return [=](Scene& scene, Atomic& argument) {
            argument.props_ptr =
                scene.keep(std::vector<uint32_t>{scene.property(scene.plane(), name).id});
            argument.prop_values_ptr = scene.keep(std::vector<uint64_t>{value});
        };
    };
    const auto object = [](uint32_t id) {
        return [=](Scene& scene, Atomic& argument) {
            argument.objs_ptr = scene.keep(std::vector<uint32_t>{id == 0 ? scene.encoder() : id});
        };
    };
    return ContractOf<Atomic>(DRM_IOCTL_MODE_ATOMIC, show_spare)
        .refuses(
            "without the cap",
            [](Scene& scene, Atomic&) { scene.drawer->set_cap(DRM_CLIENT_CAP_ATOMIC, 0); }, EINVAL,
            "CAP_ATOMIC")
        .refuses("unknown flags", set(&Atomic::flags, 0x10U), EINVAL, "unknown bits 0x10")
        .refuses("reserved is set", set(&Atomic::reserved, __u64{1}), EINVAL, "reserved is 1")
        .refuses("an asynchronous flip of a driver without",
                 set(&Atomic::flags, uint32_t{DRM_MODE_PAGE_FLIP_ASYNC}), EINVAL, "asynchronous")
        .refuses_on(Switches::Full, "an asynchronous flip of more than FB_ID", move_at_once, EINVAL,
                    "nothing but FB_ID")
        .refuses_on(
            Switches::Old, "a driver without it", [](Scene&) { return Atomic{}; }, EOPNOTSUPP,
            "not atomic")
        .refuses(
            "a test with an event",
            set(&Atomic::flags, uint32_t{DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_PAGE_FLIP_EVENT}),
            EINVAL, "TEST_ONLY")
        .refuses("no such object", object(Scene::unknown_id), ENOENT, "object 9999")
        .refuses("an object without properties", object(0), ENOENT, "has no properties")
        .refuses(
            "no such property",
            [](Scene& scene, Atomic& argument) {
                argument.props_ptr = scene.keep(std::vector<uint32_t>{Scene::unknown_id});
            },
            ENOENT, "property 9999")
        .refuses("no such framebuffer", property("FB_ID", Scene::unknown_id), EINVAL, "FB_ID")
        .refuses("CRTC_ID of no CRTC", property("CRTC_ID", Scene::unknown_id), EINVAL, "CRTC_ID")
        .refuses("a read-only property", property("type", 1), EINVAL, "type")
        .refuses("IN_FENCE_FD of no fence", property("IN_FENCE_FD", 99999), EINVAL, "IN_FENCE_FD")
        .refuses("a plane with a framebuffer but no CRTC", property("CRTC_ID", 0), EINVAL, "")
        .refuses("outside the framebuffer", property("SRC_X", uint64_t{1} << 16), ENOSPC, "outside")
        .refuses(
            "no event space",
            [](Scene& scene, Atomic& argument) {
                scene.fill_event_space();
                argument.flags = DRM_MODE_PAGE_FLIP_EVENT;
            },
            ENOMEM, "no event space")
        .refuses(
            "a commit is pending",
            [](Scene& scene, Atomic& argument) {
                argument.flags = DRM_MODE_ATOMIC_NONBLOCK;
                EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_MODE_ATOMIC, argument), 0);
            },
            EBUSY, "")
        .POINTS(Atomic, objs_ptr)
        .POINTS(Atomic, count_props_ptr)
        .POINTS(Atomic, props_ptr)
        .POINTS(Atomic, prop_values_ptr);
}

}  // namespace

Contracts kms_write_contracts() {
    return {
        add_fb(),
        add_fb2(),
        rm_fb(),
        close_fb(),
        dirty_fb(),
        set_crtc(),
        cursor<drm_mode_cursor>(DRM_IOCTL_MODE_CURSOR),
        cursor<drm_mode_cursor2>(DRM_IOCTL_MODE_CURSOR2),
        set_gamma(),
        page_flip(),
        set_plane(),
        set_property(),
        obj_set_property(),
        contract_of_no_operation(DRM_IOCTL_MODE_ATTACHMODE),
        contract_of_no_operation(DRM_IOCTL_MODE_DETACHMODE),
        atomic(),
    };
}

}  // namespace plugboard::tests
