// Leases.
#include <fcntl.h>

#include <cerrno>

#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

using Create = drm_mode_create_lease;
using List = drm_mode_list_lessees;
using Get = drm_mode_get_lease;
using Revoke = drm_mode_revoke_lease;

Create new_lease(Scene& scene) {
    Create create{};
    create.object_count = 3;
    create.object_ids =
        scene.keep(std::vector<uint32_t>{scene.crtc(), scene.connector(), scene.plane()});
    create.flags = O_CLOEXEC;
    return create;
}

auto objects(std::vector<uint32_t> (*ids)(Scene&)) {
    return [ids](Scene& scene, Create& argument) {
        const std::vector<uint32_t> chosen = ids(scene);
        argument.object_count = static_cast<uint32_t>(chosen.size());
        argument.object_ids = scene.keep(chosen);
    };
}

uint32_t let(Scene& scene) {
    Create create = new_lease(scene);
    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_MODE_CREATE_LEASE, create), 0);
    scene.keep_lessee(*scene.drawer);
    return create.lessee_id;
}

Contract create_lease() {
    return ContractOf<Create>(DRM_IOCTL_MODE_CREATE_LEASE, new_lease)
        .second_may({EBUSY})
        .refuses(
            "unknown flags", [](Scene&, Create& argument) { argument.flags = 1; }, EINVAL,
            "flags 0x1")
        .refuses("no such object", objects([](Scene&) { return std::vector{Scene::unknown_id}; }),
                 ENOENT, "9999")
        .refuses("an object that cannot be leased",
                 objects([](Scene& scene) { return std::vector{scene.encoder()}; }), EINVAL, "")
        .refuses("no connector", objects([](Scene& scene) { return std::vector{scene.crtc()}; }),
                 EINVAL, "needs a CRTC and a connector")
        .refuses("no plane", objects([](Scene& scene) {
                     return std::vector{scene.crtc(), scene.connector()};
                 }),
                 EINVAL, "needs a plane")
        .refuses(
            "an object twice", objects([](Scene& scene) {
                return std::vector{scene.crtc(), scene.connector(), scene.plane(), scene.crtc()};
            }),
            ENOSPC, "is named twice")
        .refuses(
            "an object that is leased", [](Scene& scene, Create&) { let(scene); }, EBUSY,
            "is leased already")
        .POINTS(Create, object_ids);
}

}  // namespace

Contracts lease_contracts() {
    return {
        create_lease(),
        ContractOf<List>(DRM_IOCTL_MODE_LIST_LESSEES,
                         [](Scene& scene) {
                             let(scene);
                             return List{1, 0, scene.keep(std::vector<uint32_t>(1))};
                         })
            .refuses(
                "pad is set", [](Scene&, List& argument) { argument.pad = 1; }, EINVAL, "pad 1")
            .POINTS(List, lessees_ptr),
        ContractOf<Get>(DRM_IOCTL_MODE_GET_LEASE,
                        [](Scene& scene) {
                            return Get{8, 0, scene.keep(std::vector<uint32_t>(8))};
                        })
            .refuses(
                "pad is set", [](Scene&, Get& argument) { argument.pad = 1; }, EINVAL, "pad 1")
            .POINTS(Get, objects_ptr),
        ContractOf<Revoke>(DRM_IOCTL_MODE_REVOKE_LEASE,
                           [](Scene& scene) { return Revoke{let(scene)}; })
            .refuses(
                "no such lessee",
                [](Scene&, Revoke& argument) { argument.lessee_id = Scene::unknown_id; }, ENOENT,
                "9999"),
    };
}

}  // namespace plugboard::tests
