// vgem's own two.
#include <cerrno>

#include "tests/contract/contract.h"
#include "uapi/vgem_drm.h"

namespace plugboard::tests {
namespace {

using Attach = drm_vgem_fence_attach;
using Signal = drm_vgem_fence_signal;

Attach new_fence(Scene& scene) {
    return {.handle = scene.painter->make_buffer(), .flags = 0, .out_fence = 0, .pad = 0};
}

Signal attached(Scene& scene) {
    Attach attach = new_fence(scene);
    EXPECT_EQ(scene.painter->ioctl(DRM_IOCTL_VGEM_FENCE_ATTACH, attach), 0);
    return {.fence = attach.out_fence, .flags = 0};
}

}  // namespace

Contracts vgem_contracts() {
    return {
        ContractOf<Attach>(DRM_IOCTL_VGEM_FENCE_ATTACH, new_fence)
            .on(Target::Painter)
            .refuses(
                "unknown flags", [](Scene&, Attach& argument) { argument.flags = 2; }, EINVAL,
                "flags 0x2")
            .refuses(
                "pad is set", [](Scene&, Attach& argument) { argument.pad = 1; }, EINVAL, "pad")
            .refuses(
                "no such handle",
                [](Scene&, Attach& argument) { argument.handle = Scene::unknown_id; }, ENOENT,
                "no handle 9999")
            .refuses(
                "a fence that excludes it is pending",
                [](Scene& scene, Attach& argument) {
                    Attach first = argument;
                    first.flags = VGEM_FENCE_WRITE;
                    EXPECT_EQ(scene.painter->ioctl(DRM_IOCTL_VGEM_FENCE_ATTACH, first), 0);
                },
                EBUSY, ""),
        ContractOf<Signal>(DRM_IOCTL_VGEM_FENCE_SIGNAL, attached)
            .on(Target::Painter)
            .second_may({ENOENT})
            .refuses(
                "unknown flags", [](Scene&, Signal& argument) { argument.flags = 1; }, EINVAL,
                "flags 0x1")
            .refuses(
                "no such fence",
                [](Scene&, Signal& argument) { argument.fence = Scene::unknown_id; }, ENOENT,
                "9999")
            .refuses(
                "ten seconds have passed",
                [](Scene& scene, Signal&) { scene.clock.advance(std::chrono::seconds(11)); },
                ETIMEDOUT, ""),
    };
}

}  // namespace plugboard::tests
