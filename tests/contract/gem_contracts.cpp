// Buffers: handles, names, dma-bufs, dumb buffers.
#include <fcntl.h>

#include <cerrno>

#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

/// A handle of the master's that nothing shows.
uint32_t new_handle(Scene& scene) {
    return scene.drawer->make_buffer(Scene::side, Scene::side);
}

/// A handle of the master's to a buffer of vgem.
uint32_t imported_handle(Scene& scene) {
    return scene.drawer->import(scene.painter->share(scene.painter->make_buffer()));
}

uint32_t name_of(Scene& scene, uint32_t handle) {
    drm_gem_flink flink{.handle = handle, .name = 0};
    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_GEM_FLINK, flink), 0);
    return flink.name;
}

Contract create_dumb() {
    using Dumb = drm_mode_create_dumb;
    const auto refuse = [](ContractOf<Dumb>& contract, const char* what, uint32_t width,
                           uint32_t height, uint32_t bpp) {
        contract.refuses(
            what,
            [=](Scene&, Dumb& argument) {
                argument.width = width;
                argument.height = height;
                argument.bpp = bpp;
            },
            EINVAL, "empty, or more than 2^32 - 1 bytes");
    };
    ContractOf<Dumb> contract(DRM_IOCTL_MODE_CREATE_DUMB, [](Scene&) {
        Dumb dumb{};
        dumb.width = dumb.height = Scene::side;
        dumb.bpp = 32;
        return dumb;
    });
    refuse(contract, "no width", 0, 8, 32);
    refuse(contract, "no height", 8, 0, 32);
    refuse(contract, "no bits", 8, 8, 0);
    refuse(contract, "bits that overflow", 8, 8, ~0U);
    refuse(contract, "a line that overflows", ~0U, 1, 32);
    refuse(contract, "a size that overflows", 0x10000, 0x10000, 32);
    return contract;
}

Contract handle_to_fd() {
    using Prime = drm_prime_handle;
    return ContractOf<Prime>(DRM_IOCTL_PRIME_HANDLE_TO_FD,
                             [](Scene& scene) {
                                 return Prime{
                                     .handle = new_handle(scene), .flags = DRM_CLOEXEC, .fd = -1};
                             })
        .gives_fd(offsetof(Prime, fd))
        .refuses(
            "unknown flags", [](Scene&, Prime& argument) { argument.flags = 0x10; }, EINVAL,
            "flags 0x10")
        .refuses(
            "no such handle", [](Scene&, Prime& argument) { argument.handle = Scene::unknown_id; },
            ENOENT, "no handle 9999")
        .refuses_on(
            Switches::Old, "a driver that shares nothing", [](Scene&) { return Prime{}; }, ENOSYS,
            "shares no buffers");
}

Contract fd_to_handle() {
    using Prime = drm_prime_handle;
    return ContractOf<Prime>(
               DRM_IOCTL_PRIME_FD_TO_HANDLE,
               [](Scene& scene) {
                   Prime prime{.handle = new_handle(scene), .flags = DRM_CLOEXEC, .fd = -1};
                   EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime), 0);
                   scene.keep_fd(prime.fd);
                   return prime;
               })
        .refuses(
            "no descriptor", [](Scene&, Prime& argument) { argument.fd = -1; }, EBADF,
            "fd -1 is not open")
        .refuses(
            "no dma-buf",
            [](Scene& scene, Prime& argument) {
                argument.fd = scene.keep_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
            },
            EINVAL, "is no dma-buf")
        .refuses_on(
            Switches::Old, "a driver that shares nothing", [](Scene&) { return Prime{}; }, ENOSYS,
            "shares no buffers");
}

}  // namespace

Contracts gem_contracts() {
    return {
        ContractOf<drm_gem_close>(DRM_IOCTL_GEM_CLOSE,
                                  [](Scene& scene) {
                                      return drm_gem_close{new_handle(scene), 0};
                                  })
            .second_may({EINVAL})
            .refuses(
                "no such handle",
                [](Scene&, drm_gem_close& argument) { argument.handle = Scene::unknown_id; },
                EINVAL, "no handle 9999"),
        ContractOf<drm_gem_flink>(DRM_IOCTL_GEM_FLINK,
                                  [](Scene& scene) {
                                      return drm_gem_flink{new_handle(scene), 0};
                                  })
            .refuses(
                "no such handle",
                [](Scene&, drm_gem_flink& argument) { argument.handle = Scene::unknown_id; },
                ENOENT, "no handle 9999"),
        ContractOf<drm_gem_open>(DRM_IOCTL_GEM_OPEN,
                                 [](Scene& scene) {
                                     return drm_gem_open{name_of(scene, new_handle(scene)), 0, 0};
                                 })
            .refuses(
                "no such name",
                [](Scene&, drm_gem_open& argument) { argument.name = Scene::unknown_id; }, ENOENT,
                "no buffer of name 9999"),
        handle_to_fd(),
        fd_to_handle(),
        create_dumb(),
        ContractOf<drm_mode_map_dumb>(DRM_IOCTL_MODE_MAP_DUMB,
                                      [](Scene& scene) {
                                          return drm_mode_map_dumb{scene.shown_handle(), 0, 0};
                                      })
            .refuses(
                "no such handle",
                [](Scene&, drm_mode_map_dumb& argument) { argument.handle = Scene::unknown_id; },
                ENOENT, "no handle 9999")
            .refuses(
                "an imported buffer",
                [](Scene& scene, drm_mode_map_dumb& argument) {
                    argument.handle = imported_handle(scene);
                },
                EINVAL, "is an imported buffer"),
        ContractOf<drm_mode_destroy_dumb>(
            DRM_IOCTL_MODE_DESTROY_DUMB,
            [](Scene& scene) { return drm_mode_destroy_dumb{new_handle(scene)}; })
            .second_may({EINVAL})
            .refuses(
                "no such handle",
                [](Scene&, drm_mode_destroy_dumb& argument) {
                    argument.handle = Scene::unknown_id;
                },
                EINVAL, "no handle 9999"),
    };
}

}  // namespace plugboard::tests
