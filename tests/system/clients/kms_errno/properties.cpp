// Properties and blobs.
#include <functional>
#include <string>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

void Probe::probe_properties() const {
    const auto probe = [&](const char* what,
                           const std::function<void(drm_mode_obj_set_property&)>& edit) {
        drm_mode_obj_set_property set{};
        set.obj_id = connector_;
        set.obj_type = DRM_MODE_OBJECT_CONNECTOR;
        set.prop_id = dpms_;
        set.value = DRM_MODE_DPMS_ON;
        edit(set);
        say(std::string("OBJ_SETPROPERTY ") + what,
            card_.call(DRM_IOCTL_MODE_OBJ_SETPROPERTY, set));
    };
    probe("DPMS on", [](auto&) {});
    probe("DPMS 4", [](auto& a) { a.value = 4; });
    probe("object unknown", [](auto& a) { a.obj_id = unknown; });
    probe("property unknown", [](auto& a) { a.prop_id = unknown; });
    probe("type any", [](auto& a) { a.obj_type = DRM_MODE_OBJECT_ANY; });
    probe("property of another object", [&](auto& a) { a.prop_id = fb_id_; });

    drm_mode_connector_set_property set{DRM_MODE_DPMS_ON, dpms_, connector_};
    say("SETPROPERTY (connector) DPMS on", card_.call(DRM_IOCTL_MODE_SETPROPERTY, set));
    set = {DRM_MODE_DPMS_ON, dpms_, unknown};
    say("SETPROPERTY connector unknown", card_.call(DRM_IOCTL_MODE_SETPROPERTY, set));
}

void Probe::probe_property_reads() const {
    drm_mode_get_property get{};
    get.prop_id = unknown;
    say("GETPROPERTY unknown", card_.call(DRM_IOCTL_MODE_GETPROPERTY, get));
    const auto probe = [&](const char* what, uint32_t object, uint32_t type) {
        drm_mode_obj_get_properties list{};
        list.obj_id = object;
        list.obj_type = type;
        say(std::string("OBJ_GETPROPERTIES ") + what,
            card_.call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, list));
    };
    probe("unknown", unknown, DRM_MODE_OBJECT_CONNECTOR);
    probe("of a framebuffer", first_.fb, DRM_MODE_OBJECT_FB);
    probe("of an encoder", encoder_, DRM_MODE_OBJECT_ENCODER);
}

void Probe::probe_blobs() const {
    const uint64_t content = 0;
    const auto create = [&](uint64_t data, uint32_t length, uint32_t* id) {
        drm_mode_create_blob blob{data, length, 0};
        const int error = card_.call(DRM_IOCTL_MODE_CREATEPROPBLOB, blob);
        *id = blob.blob_id;
        return error;
    };
    uint32_t id = 0, none = 0;
    say("CREATEPROPBLOB length 0", create(Card::address(&content), 0, &none));
    say("CREATEPROPBLOB 8", create(Card::address(&content), 8, &id));
    drm_mode_destroy_blob destroy{id};
    must(card_.call(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy) == 0, "DESTROYPROPBLOB");
    say("DESTROYPROPBLOB twice", card_.call(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy));
    say("CREATEPROPBLOB bad pointer", create(bad_pointer, 8, &none));
    say("CREATEPROPBLOB length 4 GiB", create(Card::address(&content), 0xffffffff, &none));
    drm_mode_get_blob get{};
    get.blob_id = unknown;
    say("GETPROPBLOB unknown", card_.call(DRM_IOCTL_MODE_GETPROPBLOB, get));
}

}  // namespace kms_errno
