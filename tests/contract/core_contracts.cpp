// Version, master and magic, caps, and what is left of DRI1.
#include <array>
#include <cerrno>

#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

/// A magic of the other client.
uint32_t magic_of_other(Scene& scene) {
    drm_auth auth{};
    EXPECT_EQ(scene.other->ioctl(DRM_IOCTL_GET_MAGIC, auth), 0);
    return auth.magic;
}

drm_version version_request(Scene& scene) {
    drm_version version{};
    version.name_len = version.date_len = version.desc_len = 8;
    version.name = reinterpret_cast<char*>(scene.keep(std::string(8, ' ')));
    version.date = reinterpret_cast<char*>(scene.keep(std::string(8, ' ')));
    version.desc = reinterpret_cast<char*>(scene.keep(std::string(8, ' ')));
    return version;
}

drm_unique unique_request(Scene& scene) {
    drm_set_version set{
        .drm_di_major = 1, .drm_di_minor = 4, .drm_dd_major = -1, .drm_dd_minor = 0};
    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_SET_VERSION, set), 0);
    drm_unique unique{};
    unique.unique_len = 64;
    unique.unique = reinterpret_cast<char*>(scene.keep(std::string(64, ' ')));
    return unique;
}

Contract client_cap() {
    using Cap = drm_set_client_cap;
    constexpr uint64_t hotspot = DRM_CLIENT_CAP_CURSOR_PLANE_HOTSPOT;
    const auto cap = [](uint64_t which, uint64_t value) {
        return [=](Scene&, Cap& argument) { argument = {which, value}; };
    };
    return ContractOf<Cap>(DRM_IOCTL_SET_CLIENT_CAP,
                           [](Scene&) {
                               return Cap{DRM_CLIENT_CAP_ATOMIC, 1};
                           })
        .refuses("no such cap", cap(0, 1), EINVAL, "there is no client cap 0")
        .refuses("STEREO_3D 2", cap(DRM_CLIENT_CAP_STEREO_3D, 2), EINVAL, "value 2 is above 1")
        .refuses("UNIVERSAL_PLANES 2", cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES, 2), EINVAL,
                 "value 2 is above 1")
        .refuses("ATOMIC 3", cap(DRM_CLIENT_CAP_ATOMIC, 3), EINVAL, "value 3 is above 2")
        .refuses("ASPECT_RATIO 2", cap(DRM_CLIENT_CAP_ASPECT_RATIO, 2), EINVAL,
                 "value 2 is above 1")
        .refuses("WRITEBACK_CONNECTORS 2", cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 2), EINVAL,
                 "above 1")
        .refuses(
            "WRITEBACK_CONNECTORS without ATOMIC",
            [](Scene& scene, Cap& argument) {
                EXPECT_EQ(scene.drawer->set_cap(DRM_CLIENT_CAP_ATOMIC, 0), 0);
                argument = {DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1};
            },
            EINVAL, "needs the atomic cap")
        .refuses("CURSOR_PLANE_HOTSPOT of a driver without", cap(hotspot, 1), EOPNOTSUPP,
                 "have no hot spot")
        .refuses_on(
            Switches::Full, "CURSOR_PLANE_HOTSPOT 2",
            [](Scene&) {
                return Cap{hotspot, 2};
            },
            EINVAL, "value 2 is above 1")
        .refuses_on(
            Switches::Old, "ATOMIC of a driver without",
            [](Scene&) {
                return Cap{DRM_CLIENT_CAP_ATOMIC, 1};
            },
            EOPNOTSUPP, "not atomic");
}

Contract client_name() {
    using Name = drm_set_client_name;
    return ContractOf<Name>(DRM_IOCTL_SET_CLIENT_NAME,
                            [](Scene& scene) {
                                return Name{.name_len = 4, .name = scene.keep(std::string("test"))};
                            })
        .refuses(
            "a name of 65 bytes", [](Scene&, Name& argument) { argument.name_len = 65; }, EINVAL,
            "65 bytes is longer than 64")
        .refuses(
            "a space in the name",
            [](Scene& scene, Name& argument) { argument.name = scene.keep(std::string("te t")); },
            EINVAL, "byte 0x20")
        .POINTS(Name, name);
}

Contract set_version() {
    using Version = drm_set_version;
    return ContractOf<Version>(
               DRM_IOCTL_SET_VERSION,
               [](Scene&) {
                   return Version{
                       .drm_di_major = 1, .drm_di_minor = 4, .drm_dd_major = 1, .drm_dd_minor = 0};
               })
        .refuses(
            "interface version 2", [](Scene&, Version& argument) { argument.drm_di_major = 2; },
            EINVAL, "interface version 2.4")
        .refuses(
            "interface version 1.5", [](Scene&, Version& argument) { argument.drm_di_minor = 5; },
            EINVAL, "interface version 1.5")
        .refuses(
            "driver version 0", [](Scene&, Version& argument) { argument.drm_dd_major = 0; },
            EINVAL, "driver version 0.0")
        .refuses(
            "driver version 1.-1", [](Scene&, Version& argument) { argument.drm_dd_minor = -1; },
            EINVAL, "driver version 1.-1");
}

/// Of a client who has never been master.
Refusal by_another() {
    return {.what = "the caller has never been master and is not root",
            .change = [](Scene&, ArgumentBytes&) {},
            .error = EACCES,
            .reason = "never been master",
            .target = Target::Other};
}

Contract set_master() {
    Contract contract = contract_without_argument(DRM_IOCTL_SET_MASTER);
    contract.refusals = {
        {"another is master",
         [](Scene& scene, ArgumentBytes&) {
             scene.drop_master();
             const uapi::Credentials root{.pid = 1, .uid = 0, .gid = 0};
             EXPECT_EQ(scene.other->ioctl_as(root, DRM_IOCTL_SET_MASTER, nullptr), 0);
         },
         EBUSY, "another file is master"},
        by_another(),
    };
    return contract;
}

Contract drop_master() {
    Contract contract = contract_without_argument(DRM_IOCTL_DROP_MASTER);
    contract.second_errors = {EINVAL};
    contract.refusals = {
        {"not the master", [](Scene& scene, ArgumentBytes&) { scene.drop_master(); }, EINVAL,
         "not the current master"},
        by_another(),
    };
    return contract;
}

}  // namespace

Contracts core_contracts() {
    return {
        ContractOf<drm_version>(DRM_IOCTL_VERSION, version_request)
            .POINTS(drm_version, name)
            .POINTS(drm_version, date)
            .POINTS(drm_version, desc),
        ContractOf<drm_unique>(DRM_IOCTL_GET_UNIQUE, unique_request).POINTS(drm_unique, unique),
        ContractOf<drm_auth>(DRM_IOCTL_GET_MAGIC, [](Scene&) { return drm_auth{}; }),
        ContractOf<drm_client>(DRM_IOCTL_GET_CLIENT, [](Scene&) { return drm_client{}; })
            .refuses(
                "a client index above 0", [](Scene&, drm_client& argument) { argument.idx = 1; },
                EINVAL, "client index 1"),
        contract_without_argument(DRM_IOCTL_GET_STATS),
        set_version(),
        ContractOf<drm_get_cap>(DRM_IOCTL_GET_CAP,
                                [](Scene&) {
                                    return drm_get_cap{DRM_CAP_PRIME, 0};
                                })
            .refuses(
                "no such cap", [](Scene&, drm_get_cap& argument) { argument.capability = 0x99; },
                EINVAL, "there is no cap 0x99"),
        client_cap(),
        contract_without_argument(DRM_IOCTL_SET_UNIQUE, EINVAL, "does nothing in any driver"),
        ContractOf<drm_auth>(DRM_IOCTL_AUTH_MAGIC,
                             [](Scene& scene) { return drm_auth{magic_of_other(scene)}; })
            .second_may({EINVAL})
            .refuses(
                "no such magic", [](Scene&, drm_auth& argument) { argument.magic = 77; }, EINVAL,
                "magic 77 is unknown")
            .refuses(
                "a magic that was used",
                [](Scene& scene, drm_auth& argument) {
                    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_AUTH_MAGIC, argument), 0);
                },
                EINVAL, "was used"),
        contract_of_no_operation(DRM_IOCTL_BLOCK),
        contract_of_no_operation(DRM_IOCTL_UNBLOCK),
        set_master(),
        drop_master(),
        contract_of_no_operation(DRM_IOCTL_ADD_DRAW),
        contract_of_no_operation(DRM_IOCTL_RM_DRAW),
        contract_of_no_operation(DRM_IOCTL_FINISH),
        contract_of_no_operation(DRM_IOCTL_UPDATE_DRAW),
        client_name(),
        contract_without_argument(DRM_IOCTL_GEM_CHANGE_HANDLE, EINVAL,
                                  "does nothing in any driver"),
    };
}

}  // namespace plugboard::tests
