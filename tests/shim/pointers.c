// Bad pointers of each kind give EFAULT where the kernel does, and hurt nobody.
#define _GNU_SOURCE
#include <sys/mman.h>

#include "client.h"

int main(void) {
    const int fd = open_card(O_CLOEXEC);
    void* const bad = (void*)0x10;
    char* const closed =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(closed + 4096, 4096, PROT_NONE);

    // Of what is started: the kernel says it of the path.
    char* const words[] = {(char*)"true", NULL};
    char* volatile wild = (char*)0x10;  // the compiler would know better
    CHECK_ERROR(execve(wild, words, words), EFAULT);
    CHECK_ERROR(execveat(AT_FDCWD, wild, words, words, 0), EFAULT);
    wild = NULL;
    CHECK_ERROR(execve(wild, words, words), EFAULT);

    // The argument itself: before permissions, after the number.
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_GET_CAP, bad), EFAULT);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_GET_CAP, NULL), EFAULT);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_GET_CAP, closed + 4096 - 4), EFAULT);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_ATOMIC, bad), EFAULT);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_GET_MAGIC, bad), EFAULT);
    CHECK(ioctl(fd, DRM_IOCTL_SET_MASTER, bad) == 0);
    CHECK_ERROR(ioctl(fd, DRM_IOWR(0x9f, struct drm_get_cap), bad), EINVAL);
    CHECK_ERROR(ioctl(fd, _IOWR('d', 0xff, struct drm_get_cap), bad), EINVAL);

    // A read-only argument is read, and faults on the way back.
    struct drm_get_cap* const constant =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    constant->capability = DRM_CAP_DUMB_BUFFER;
    mprotect(constant, 4096, PROT_READ);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_GET_CAP, constant), EFAULT);

    // What the argument points at: out, and in.
    struct drm_mode_card_res resources = {0};
    CHECK(ioctl(fd, DRM_IOCTL_MODE_GETRESOURCES, &resources) == 0 && resources.count_crtcs > 0);
    resources.crtc_id_ptr = (uintptr_t)bad;
    resources.count_connectors = resources.count_encoders = resources.count_fbs = 0;
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_GETRESOURCES, &resources), EFAULT);

    struct drm_mode_create_blob blob = {.data = (uintptr_t)bad, .length = 64};
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob), EFAULT);
    blob.data = (uintptr_t)(closed + 4096 - 32);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob), EFAULT);
    blob.length = 32;
    CHECK(ioctl(fd, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob) == 0);

    // Larger than one message.
    const uint32_t large = 300000;
    char* const data = malloc(large);
    char* const back = calloc(1, large);
    for (uint32_t i = 0; i < large; i++) data[i] = (char)(i * 7);
    blob.data = (uintptr_t)data;
    blob.length = large;
    CHECK(ioctl(fd, DRM_IOCTL_MODE_CREATEPROPBLOB, &blob) == 0);
    struct drm_mode_get_blob get = {
        .blob_id = blob.blob_id, .length = large, .data = (uintptr_t)back};
    CHECK(ioctl(fd, DRM_IOCTL_MODE_GETPROPBLOB, &get) == 0 && get.length == large);
    CHECK(memcmp(data, back, large) == 0);
    get.data = (uintptr_t)bad;
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_GETPROPBLOB, &get), EFAULT);

    struct drm_mode_atomic atomic = {.flags = DRM_MODE_ATOMIC_TEST_ONLY,
                                     .count_objs = 1,
                                     .objs_ptr = (uintptr_t)bad,
                                     .count_props_ptr = (uintptr_t)bad,
                                     .props_ptr = (uintptr_t)bad,
                                     .prop_values_ptr = (uintptr_t)bad};
    CHECK(drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1) == 0);
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_ATOMIC, &atomic), EFAULT);
    uint32_t object = 0xffff;
    atomic.objs_ptr = (uintptr_t)&object;
    CHECK_ERROR(ioctl(fd, DRM_IOCTL_MODE_ATOMIC, &atomic), ENOENT);

    CHECK_ERROR(read(fd, (void*)-1, 4096), EFAULT);
    CHECK_ERROR(open(bad, O_RDWR), EFAULT);
    CHECK(is_alive(fd));
    return finish_checks();
}
