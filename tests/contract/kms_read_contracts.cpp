// What there is and what it shows: getters, properties, blobs, framebuffers, vblanks.
#include <cerrno>
#include <cstring>

#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

uint64_t room(Scene& scene, size_t bytes) {
    return scene.keep(std::vector<std::byte>(bytes));
}

drm_mode_card_res resources(Scene& scene) {
    drm_mode_card_res all{};
    all.count_fbs = all.count_crtcs = all.count_connectors = all.count_encoders = 8;
    all.fb_id_ptr = room(scene, 32);
    all.crtc_id_ptr = room(scene, 32);
    all.connector_id_ptr = room(scene, 32);
    all.encoder_id_ptr = room(scene, 32);
    return all;
}

Contract get_connector() {
    using Connector = drm_mode_get_connector;
    return ContractOf<Connector>(DRM_IOCTL_MODE_GETCONNECTOR,
                                 [](Scene& scene) {
                                     Connector connector{};
                                     connector.connector_id = scene.connector();
                                     EXPECT_EQ(scene.drawer->probe(scene.connector()).size(), 1u);
                                     connector.count_encoders = connector.count_modes = 8;
                                     connector.count_props = 8;
                                     connector.encoders_ptr = room(scene, 32);
                                     connector.modes_ptr =
                                         room(scene, 8 * sizeof(drm_mode_modeinfo));
                                     connector.props_ptr = room(scene, 32);
                                     connector.prop_values_ptr = room(scene, 64);
                                     return connector;
                                 })
        .refuses("no such connector", unknown(&Connector::connector_id), ENOENT,
                 "no connector 9999")
        .refuses(
            "the id of a CRTC",
            [](Scene& scene, Connector& argument) { argument.connector_id = scene.crtc(); }, ENOENT,
            "no connector")
        .POINTS(Connector, encoders_ptr)
        .POINTS(Connector, modes_ptr)
        .POINTS(Connector, props_ptr)
        .POINTS(Connector, prop_values_ptr);
}

Contract get_gamma() {
    using Lut = drm_mode_crtc_lut;
    return ContractOf<Lut>(DRM_IOCTL_MODE_GETGAMMA,
                           [](Scene& scene) {
                               Lut lut{};
                               lut.crtc_id = scene.crtc();
                               lut.gamma_size = scene.gamma_size();
                               lut.red = room(scene, 512);
                               lut.green = room(scene, 512);
                               lut.blue = room(scene, 512);
                               return lut;
                           })
        .refuses("no such CRTC", unknown(&Lut::crtc_id), ENOENT, "no CRTC 9999")
        .refuses(
            "another gamma size", [](Scene&, Lut& argument) { argument.gamma_size++; }, EINVAL,
            "gamma size 257 is not 256")
        .POINTS(Lut, red)
        .POINTS(Lut, green)
        .POINTS(Lut, blue);
}

Contract get_property() {
    using Property = drm_mode_get_property;
    return ContractOf<Property>(DRM_IOCTL_MODE_GETPROPERTY,
                                [](Scene& scene) {
                                    Property property{};
                                    property.prop_id = scene.property(scene.plane(), "type").id;
                                    property.count_values = property.count_enum_blobs = 8;
                                    property.values_ptr = room(scene, 64);
                                    property.enum_blob_ptr =
                                        room(scene, 8 * sizeof(drm_mode_property_enum));
                                    return property;
                                })
        .refuses("no such property", unknown(&Property::prop_id), ENOENT, "no property 9999")
        .POINTS(Property, values_ptr)
        .POINTS(Property, enum_blob_ptr);
}

Contract obj_get_properties() {
    using Properties = drm_mode_obj_get_properties;
    return ContractOf<Properties>(DRM_IOCTL_MODE_OBJ_GETPROPERTIES,
                                  [](Scene& scene) {
                                      Properties all{};
                                      all.obj_id = scene.plane();
                                      all.obj_type = DRM_MODE_OBJECT_PLANE;
                                      all.count_props = 8;
                                      all.props_ptr = room(scene, 32);
                                      all.prop_values_ptr = room(scene, 64);
                                      return all;
                                  })
        .refuses("no such object", unknown(&Properties::obj_id), ENOENT, "no object 9999")
        .refuses(
            "an object of another type",
            [](Scene&, Properties& argument) { argument.obj_type = DRM_MODE_OBJECT_CRTC; }, ENOENT,
            "of type 0xcccccccc")
        .refuses(
            "an object without properties",
            [](Scene& scene, Properties& argument) {
                argument.obj_id = scene.encoder();
                argument.obj_type = DRM_MODE_OBJECT_ENCODER;
            },
            EINVAL, "has no properties")
        .POINTS(Properties, props_ptr)
        .POINTS(Properties, prop_values_ptr);
}

Contract get_blob() {
    using Blob = drm_mode_get_blob;
    return ContractOf<Blob>(DRM_IOCTL_MODE_GETPROPBLOB,
                            [](Scene& scene) {
                                const uint32_t id = scene.drawer->add_blob("12345678", 8);
                                return Blob{id, 8, room(scene, 8)};
                            })
        .refuses("no such blob", unknown(&Blob::blob_id), ENOENT, "9999")
        .POINTS(Blob, data);
}

Contract create_blob() {
    using Blob = drm_mode_create_blob;
    return ContractOf<Blob>(DRM_IOCTL_MODE_CREATEPROPBLOB,
                            [](Scene& scene) {
                                return Blob{room(scene, 8), 8, 0};
                            })
        .refuses(
            "no bytes", [](Scene&, Blob& argument) { argument.length = 0; }, EINVAL, "0")
        .refuses(
            "a length of 2 GiB", [](Scene&, Blob& argument) { argument.length = 1U << 31; }, EINVAL,
            "length 2147483648")
        .POINTS(Blob, data);
}

Contract destroy_blob() {
    using Blob = drm_mode_destroy_blob;
    return ContractOf<Blob>(
               DRM_IOCTL_MODE_DESTROYPROPBLOB,
               [](Scene& scene) { return Blob{scene.drawer->add_blob("12345678", 8)}; })
        .second_may({ENOENT})
        .refuses("no such blob", unknown(&Blob::blob_id), ENOENT, "9999")
        .refuses(
            "another client's blob",
            [](Scene& scene, Blob& argument) {
                argument.blob_id = scene.other->add_blob("12345678", 8);
            },
            EPERM, "");
}

drm_mode_fb_cmd2 two_planes(Scene& scene) {
    drm_mode_fb_cmd2 fb = scene.drawer->good_fb(Scene::side, Scene::side);
    fb.pixel_format = DRM_FORMAT_NV12;
    fb.handles[1] = fb.handles[0];
    fb.pitches[1] = fb.pitches[0];
    fb.offsets[1] = 4096;
    return fb;
}

template <class Framebuffer>
ContractOf<Framebuffer> get_fb(unsigned long command) {
    return ContractOf<Framebuffer>(command,
                                   [](Scene& scene) {
                                       Framebuffer fb{};
                                       fb.fb_id = scene.shown_fb();
                                       return fb;
                                   })
        .refuses("no such framebuffer", unknown(&Framebuffer::fb_id), ENOENT,
                 "no framebuffer 9999");
}

Contract get_plane() {
    using Plane = drm_mode_get_plane;
    return ContractOf<Plane>(DRM_IOCTL_MODE_GETPLANE,
                             [](Scene& scene) {
                                 Plane plane{};
                                 plane.plane_id = scene.plane();
                                 plane.count_format_types = 64;
                                 plane.format_type_ptr = room(scene, 256);
                                 return plane;
                             })
        .refuses("no such plane", unknown(&Plane::plane_id), ENOENT, "no plane 9999")
        .POINTS(Plane, format_type_ptr);
}

Contract wait_vblank() {
    using Wait = drm_wait_vblank;
    const auto type = [](uint32_t value) {
        return [value](Scene&, Wait& argument) {
            std::memcpy(&argument.request.type, &value, sizeof(value));
        };
    };
    return ContractOf<Wait>(DRM_IOCTL_WAIT_VBLANK,
                            [](Scene&) {
                                Wait wait{};
                                wait.request.type = _DRM_VBLANK_RELATIVE;
                                wait.request.sequence = 1;
                                return wait;
                            })
        .refuses("signals", type(_DRM_VBLANK_SIGNAL), EINVAL, "signals are not supported")
        .refuses("unknown bits", type(0x100), EINVAL, "unknown bits 0x100")
        .refuses("no such CRTC", type(5U << _DRM_VBLANK_HIGH_CRTC_SHIFT), EINVAL, "CRTC number 5")
        .refuses(
            "the CRTC is off", [](Scene& scene, Wait&) { scene.turn_off(); }, EINVAL, "is off")
        .refuses(
            "no event space",
            [](Scene& scene, Wait& argument) {
                scene.fill_event_space();
                argument.request.type =
                    static_cast<drm_vblank_seq_type>(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT);
            },
            ENOMEM, "no event space");
}

Contract get_sequence() {
    using Sequence = drm_crtc_get_sequence;
    return ContractOf<Sequence>(DRM_IOCTL_CRTC_GET_SEQUENCE,
                                [](Scene& scene) {
                                    Sequence sequence{};
                                    sequence.crtc_id = scene.crtc();
                                    return sequence;
                                })
        .refuses("no such CRTC", unknown(&Sequence::crtc_id), ENOENT, "crtc_id 9999")
        .refuses(
            "the CRTC is off", [](Scene& scene, Sequence&) { scene.turn_off(); }, EINVAL, "is off");
}

Contract queue_sequence() {
    using Sequence = drm_crtc_queue_sequence;
    return ContractOf<Sequence>(DRM_IOCTL_CRTC_QUEUE_SEQUENCE,
                                [](Scene& scene) {
                                    Sequence sequence{};
                                    sequence.crtc_id = scene.crtc();
                                    sequence.flags = DRM_CRTC_SEQUENCE_RELATIVE;
                                    sequence.sequence = 1;
                                    return sequence;
                                })
        .refuses("no such CRTC", unknown(&Sequence::crtc_id), ENOENT, "crtc_id 9999")
        .refuses(
            "unknown flags", [](Scene&, Sequence& argument) { argument.flags = 4; }, EINVAL,
            "unknown bits 0x4")
        .refuses(
            "the CRTC is off", [](Scene& scene, Sequence&) { scene.turn_off(); }, EINVAL, "is off")
        .refuses(
            "no event space", [](Scene& scene, Sequence&) { scene.fill_event_space(); }, ENOMEM,
            "no event space");
}

}  // namespace

Contracts kms_read_contracts() {
    using Crtc = drm_mode_crtc;
    using Encoder = drm_mode_get_encoder;
    using Planes = drm_mode_get_plane_res;
    return {
        ContractOf<drm_mode_card_res>(DRM_IOCTL_MODE_GETRESOURCES, resources)
            .POINTS(drm_mode_card_res, fb_id_ptr)
            .POINTS(drm_mode_card_res, crtc_id_ptr)
            .POINTS(drm_mode_card_res, connector_id_ptr)
            .POINTS(drm_mode_card_res, encoder_id_ptr),
        ContractOf<Crtc>(DRM_IOCTL_MODE_GETCRTC,
                         [](Scene& scene) {
                             Crtc crtc{};
                             crtc.crtc_id = scene.crtc();
                             return crtc;
                         })
            .refuses("no such CRTC", unknown(&Crtc::crtc_id), ENOENT, "no CRTC 9999"),
        get_gamma(),
        ContractOf<Encoder>(DRM_IOCTL_MODE_GETENCODER,
                            [](Scene& scene) {
                                Encoder encoder{};
                                encoder.encoder_id = scene.encoder();
                                return encoder;
                            })
            .refuses("no such encoder", unknown(&Encoder::encoder_id), ENOENT, "no encoder 9999"),
        get_connector(),
        get_property(),
        obj_get_properties(),
        get_blob(),
        create_blob(),
        destroy_blob(),
        get_fb<drm_mode_fb_cmd>(DRM_IOCTL_MODE_GETFB)
            .refuses(
                "a framebuffer of two colour planes",
                [](Scene& scene, drm_mode_fb_cmd& argument) {
                    drm_mode_fb_cmd2 fb = two_planes(scene);
                    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
                    argument.fb_id = fb.fb_id;
                },
                EINVAL, "has 2 planes"),
        get_fb<drm_mode_fb_cmd2>(DRM_IOCTL_MODE_GETFB2),
        ContractOf<Planes>(DRM_IOCTL_MODE_GETPLANERESOURCES,
                           [](Scene& scene) {
                               return Planes{room(scene, 32), 8};
                           })
            .POINTS(Planes, plane_id_ptr),
        get_plane(),
        wait_vblank(),
        get_sequence(),
        queue_sequence(),
    };
}

}  // namespace plugboard::tests
