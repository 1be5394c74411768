// Syncobjs, on a card that has them.
#include <sys/eventfd.h>

#include <cerrno>

#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

using Create = drm_syncobj_create;
using Destroy = drm_syncobj_destroy;
using Handle = drm_syncobj_handle_with_point;
using Wait = drm_syncobj_wait_with_deadline;
using TimelineWait = drm_syncobj_timeline_wait_with_deadline;
using Array = drm_syncobj_array;
using TimelineArray = drm_syncobj_timeline_array;
using Transfer = drm_syncobj_transfer;
using Eventfd = drm_syncobj_eventfd;

/// Whose array names one that is not there.
template <class Argument>
void unknown_in_array(Scene& scene, Argument& argument) {
    argument.handles = scene.keep(std::vector<uint32_t>{Scene::unknown_id});
}

uint32_t make(Scene& scene, bool signaled) {
    Create create{};
    create.flags = signaled ? uint32_t{DRM_SYNCOBJ_CREATE_SIGNALED} : 0;
    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_SYNCOBJ_CREATE, create), 0);
    return create.handle;
}
uint32_t make_signaled(Scene& scene) {
    return make(scene, true);
}
uint32_t make_empty(Scene& scene) {
    return make(scene, false);
}
/// Of one handle.
uint64_t handles(Scene& scene, uint32_t handle) {
    return scene.keep(std::vector<uint32_t>{handle});
}
uint64_t points(Scene& scene, uint64_t point) {
    return scene.keep(std::vector<uint64_t>{point});
}
/// One whose point 5 is complete.
uint32_t make_timeline(Scene& scene) {
    const uint32_t handle = make_empty(scene);
    TimelineArray signal{handles(scene, handle), points(scene, 5), 1, 0};
    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, signal), 0);
    return handle;
}
int descriptor_of(Scene& scene, uint32_t handle, uint32_t flags = 0) {
    Handle to{.handle = handle, .flags = flags, .fd = -1, .pad = 0, .point = 0};
    EXPECT_EQ(scene.drawer->ioctl(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, to), 0);
    return scene.keep_fd(to.fd);
}

Contract handle_to_fd() {
    constexpr uint32_t sync_file = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE;
    return ContractOf<Handle>(
               DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT,
               [](Scene& scene) {
                   return Handle{
                       .handle = make_signaled(scene), .flags = 0, .fd = -1, .pad = 0, .point = 0};
               })
        .gives_fd(offsetof(Handle, fd))
        .refuses("pad is set", set(&Handle::pad, 1U), EINVAL, "pad 1")
        .refuses("unknown flags", set(&Handle::flags, 4U), EINVAL, "flags 0x4")
        .refuses("a point without sync file", set(&Handle::point, uint64_t{1}), EINVAL, "point 1")
        .refuses("no such syncobj", unknown(&Handle::handle), EINVAL, "no syncobj 9999")
        .refuses(
            "a sync file of no such syncobj",
            [](Scene&, Handle& argument) {
                argument.flags = sync_file;
                argument.handle = Scene::unknown_id;
            },
            ENOENT, "no syncobj 9999")
        .refuses(
            "a sync file of nothing",
            [](Scene& scene, Handle& argument) {
                argument.flags = sync_file;
                argument.handle = make_empty(scene);
            },
            EINVAL, "point 0 has not been submitted")
        .refuses(
            "a sync file of a point to come",
            [](Scene& scene, Handle& argument) {
                argument.flags = sync_file | DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE;
                argument.handle = make_timeline(scene);
                argument.point = 6;
            },
            EINVAL, "point 6 has not been submitted");
}

Contract fd_to_handle() {
    constexpr uint32_t sync_file = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE;
    return ContractOf<Handle>(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT,
                              [](Scene& scene) {
                                  return Handle{.handle = 0,
                                                .flags = 0,
                                                .fd = descriptor_of(scene, make_signaled(scene)),
                                                .pad = 0,
                                                .point = 0};
                              })
        .refuses("pad is set", set(&Handle::pad, 1U), EINVAL, "pad 1")
        .refuses("unknown flags", set(&Handle::flags, 4U), EINVAL, "flags 0x4")
        .refuses("a point without sync file", set(&Handle::point, uint64_t{1}), EINVAL, "point 1")
        .refuses("no descriptor", set(&Handle::fd, int32_t{-1}), EINVAL, "fd -1 is no syncobj")
        .refuses("a syncobj for a sync file", set(&Handle::flags, sync_file), EINVAL,
                 "is no sync file")
        .refuses(
            "a sync file for no such syncobj",
            [](Scene& scene, Handle& argument) {
                argument.fd = descriptor_of(scene, make_signaled(scene),
                                            DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE);
                argument.flags = sync_file;
                argument.handle = Scene::unknown_id;
            },
            ENOENT, "no syncobj 9999");
}

Contract wait() {
    return ContractOf<Wait>(DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE,
                            [](Scene& scene) {
                                Wait wait{};
                                wait.handles = handles(scene, make_signaled(scene));
                                wait.count_handles = 1;
                                return wait;
                            })
        .refuses("the flag AVAILABLE", set(&Wait::flags, 4U), EINVAL, "flags 0x4")
        .refuses("too many handles", set(&Wait::count_handles, 65537U), ENOMEM, "at most 65536")
        .refuses("no such syncobj", unknown_in_array<Wait>, ENOENT, "no syncobj 9999")
        .refuses(
            "nothing submitted",
            [](Scene& scene, Wait& argument) {
                argument.handles = handles(scene, make_empty(scene));
            },
            EINVAL, "handles[0]: point 0 has not been submitted")
        .refuses(
            "not complete in time",
            [](Scene& scene, Wait& argument) {
                argument.handles = handles(scene, make_empty(scene));
                argument.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
            },
            ETIME, "0 of 1 points are signalled when the time is over")
        .POINTS(Wait, handles);
}

Contract timeline_wait() {
    return ContractOf<TimelineWait>(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE,
                                    [](Scene& scene) {
                                        TimelineWait wait{};
                                        wait.handles = handles(scene, make_timeline(scene));
                                        wait.points = points(scene, 5);
                                        wait.count_handles = 1;
                                        return wait;
                                    })
        .refuses("unknown flags", set(&TimelineWait::flags, 16U), EINVAL, "flags 0x10")
        .refuses("too many handles", set(&TimelineWait::count_handles, 65537U), ENOMEM,
                 "at most 65536")
        .refuses("no such syncobj", unknown_in_array<TimelineWait>, ENOENT, "no syncobj 9999")
        .refuses(
            "a point to come",
            [](Scene& scene, TimelineWait& argument) { argument.points = points(scene, 6); },
            EINVAL, "point 6 has not been submitted")
        .refuses(
            "not complete in time",
            [](Scene& scene, TimelineWait& argument) {
                argument.points = points(scene, 6);
                argument.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE;
            },
            ETIME, "0 of 1 points are submitted")
        .POINTS(TimelineWait, handles)
        .POINTS(TimelineWait, points);
}

Contract on_array(unsigned long command) {
    return ContractOf<Array>(command,
                             [](Scene& scene) {
                                 return Array{handles(scene, make_signaled(scene)), 1, 0};
                             })
        .refuses("pad is set", set(&Array::pad, 1U), EINVAL, "pad 1")
        .refuses("no handles", set(&Array::count_handles, 0U), EINVAL, "no handles")
        .refuses("too many handles", set(&Array::count_handles, 1U << 20), ENOMEM, "at most")
        .refuses("no such syncobj", unknown_in_array<Array>, ENOENT, "no syncobj 9999")
        .POINTS(Array, handles);
}

ContractOf<TimelineArray> on_timelines(unsigned long command) {
    return ContractOf<TimelineArray>(command,
                                     [](Scene& scene) {
                                         return TimelineArray{handles(scene, make_timeline(scene)),
                                                              points(scene, 7), 1, 0};
                                     })
        .refuses("unknown flags", set(&TimelineArray::flags, 2U), EINVAL, "flags 0x2")
        .refuses("no handles", set(&TimelineArray::count_handles, 0U), EINVAL, "no handles")
        .refuses("no such syncobj", unknown_in_array<TimelineArray>, ENOENT, "no syncobj 9999")
        .POINTS(TimelineArray, handles)
        .POINTS(TimelineArray, points);
}

Contract transfer() {
    return ContractOf<Transfer>(DRM_IOCTL_SYNCOBJ_TRANSFER,
                                [](Scene& scene) {
                                    Transfer transfer{};
                                    transfer.src_handle = make_timeline(scene);
                                    transfer.src_point = 5;
                                    transfer.dst_handle = make_empty(scene);
                                    transfer.dst_point = 9;
                                    return transfer;
                                })
        .refuses("pad is set", set(&Transfer::pad, 1U), EINVAL, "pad 1")
        .refuses("no such source", unknown(&Transfer::src_handle), ENOENT, "no syncobj 9999")
        .refuses("no such destination", unknown(&Transfer::dst_handle), ENOENT, "no syncobj 9999")
        .refuses("unknown flags", set(&Transfer::flags, 1U), EINVAL, "flags 0x1")
        .refuses("a point to come", set(&Transfer::src_point, __u64{6}), EINVAL,
                 "point 6 has not been submitted")
        .refuses(
            "not submitted in five seconds",
            [](Scene&, Transfer& argument) {
                argument.src_point = 6;
                argument.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
            },
            ETIME, "was not submitted");
}

Contract with_eventfd() {
    return ContractOf<Eventfd>(DRM_IOCTL_SYNCOBJ_EVENTFD,
                               [](Scene& scene) {
                                   Eventfd eventfd_of{};
                                   eventfd_of.handle = make_timeline(scene);
                                   eventfd_of.point = 5;
                                   eventfd_of.fd = scene.keep_fd(eventfd(0, EFD_CLOEXEC));
                                   return eventfd_of;
                               })
        .refuses("unknown flags", set(&Eventfd::flags, 1U), EINVAL, "flags 0x1")
        .refuses("pad is set", set(&Eventfd::pad, 1U), EINVAL, "pad 1")
        .refuses("no such syncobj", unknown(&Eventfd::handle), ENOENT, "no syncobj 9999")
        .refuses("no descriptor", set(&Eventfd::fd, int32_t{-1}), EBADF, "fd -1 is not open")
        .refuses(
            "no eventfd",
            [](Scene& scene, Eventfd& argument) {
                argument.fd = descriptor_of(scene, argument.handle);
            },
            EINVAL, "is no eventfd");
}

}  // namespace

Contracts syncobj_contracts() {
    return {
        ContractOf<Create>(DRM_IOCTL_SYNCOBJ_CREATE, [](Scene&) { return Create{}; })
            .refuses("unknown flags", set(&Create::flags, 2U), EINVAL, "flags 0x2"),
        ContractOf<Destroy>(DRM_IOCTL_SYNCOBJ_DESTROY,
                            [](Scene& scene) {
                                return Destroy{make_signaled(scene), 0};
                            })
            .second_may({EINVAL})
            .refuses("pad is set", set(&Destroy::pad, 1U), EINVAL, "pad 1")
            .refuses("no such syncobj", unknown(&Destroy::handle), EINVAL, "no syncobj 9999"),
        handle_to_fd(),
        fd_to_handle(),
        wait(),
        timeline_wait(),
        on_array(DRM_IOCTL_SYNCOBJ_RESET),
        on_array(DRM_IOCTL_SYNCOBJ_SIGNAL),
        on_timelines(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL)
            .refuses("the flag of a query", set(&TimelineArray::flags, 1U), EINVAL, "flags 0x1"),
        on_timelines(DRM_IOCTL_SYNCOBJ_QUERY),
        transfer(),
        with_eventfd(),
    };
}

}  // namespace plugboard::tests
