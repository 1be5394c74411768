// What dma-bufs, sync files and sw_sync timelines answer to whoever has a descriptor of one.
#include <linux/dma-buf.h>
#include <linux/sync_file.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "drm/descriptor_ioctls.h"
#include "tests/contract/contract.h"

namespace plugboard::tests {
namespace {

/// A number that no descriptor has.
constexpr int closed_fd = 1 << 20;

template <class Argument>
auto with_flags(uint64_t flags) {
    return [flags](Scene&, Argument& argument) {
        argument.flags = static_cast<decltype(argument.flags)>(flags);
    };
}

ArgumentBytes text(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text.c_str(), text.size() + 1));
    return {bytes.begin(), bytes.end()};
}

Contract set_name(unsigned long command) {
    Contract contract;
    contract.command = static_cast<uint32_t>(command);
    contract.target = Target::DmaBuf;
    contract.good = [](Scene&) { return text(std::string(31, 'n')); };
    contract.refusals.push_back(
        {"32 characters",
         [](Scene&, ArgumentBytes& argument) { argument = text(std::string(32, 'n')); }, EINVAL,
         "more than 31 characters"});
    return contract;
}

Contract sync() {
    using Sync = dma_buf_sync;
    return ContractOf<Sync>(DMA_BUF_IOCTL_SYNC,
                            [](Scene&) { return Sync{DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW}; })
        .on(Target::DmaBuf)
        .refuses("unknown flags", with_flags<Sync>(DMA_BUF_SYNC_RW | 8), EINVAL, "flags 0xb")
        .refuses("neither READ nor WRITE", with_flags<Sync>(DMA_BUF_SYNC_END), EINVAL, "flags 0x4");
}

Contract export_sync_file() {
    using Export = dma_buf_export_sync_file;
    return ContractOf<Export>(DMA_BUF_IOCTL_EXPORT_SYNC_FILE,
                              [](Scene&) { return Export{.flags = DMA_BUF_SYNC_RW, .fd = -1}; })
        .on(Target::DmaBuf)
        .gives_fd(offsetof(Export, fd))
        .refuses("unknown flags", with_flags<Export>(DMA_BUF_SYNC_RW | DMA_BUF_SYNC_END), EINVAL,
                 "flags 0x7")
        .refuses("neither READ nor WRITE", with_flags<Export>(0), EINVAL, "flags 0x0");
}

Contract import_sync_file() {
    using Import = dma_buf_import_sync_file;
    return ContractOf<Import>(DMA_BUF_IOCTL_IMPORT_SYNC_FILE,
                              [](Scene& scene) {
                                  return Import{.flags = DMA_BUF_SYNC_RW,
                                                .fd = scene.sync_file().borrow()};
                              })
        .on(Target::DmaBuf)
        .refuses("unknown flags", with_flags<Import>(DMA_BUF_SYNC_RW | DMA_BUF_SYNC_END), EINVAL,
                 "flags 0x7")
        .refuses("neither READ nor WRITE", with_flags<Import>(0), EINVAL, "flags 0x0")
        .refuses(
            "no sync file",
            [](Scene& scene, Import& argument) { argument.fd = scene.dma_buf().borrow(); }, EINVAL,
            "is not a sync_file")
        .refuses(
            "no descriptor", [](Scene&, Import& argument) { argument.fd = closed_fd; }, EINVAL,
            "is not a sync_file");
}

Contract merge() {
    using Merge = sync_merge_data;
    return ContractOf<Merge>(SYNC_IOC_MERGE,
                             [](Scene& scene) {
                                 Merge merge{};
                                 merge.fd2 = scene.sync_file().borrow();
                                 return merge;
                             })
        .on(Target::SyncFile)
        .gives_fd(offsetof(Merge, fence))
        .refuses("flags are set", with_flags<Merge>(1), EINVAL, "flags 1")
        .refuses(
            "pad is set", [](Scene&, Merge& argument) { argument.pad = 1; }, EINVAL, "pad 1")
        .refuses(
            "no sync file",
            [](Scene& scene, Merge& argument) { argument.fd2 = scene.dma_buf().borrow(); }, ENOENT,
            "is not a sync_file")
        .refuses(
            "no descriptor", [](Scene&, Merge& argument) { argument.fd2 = closed_fd; }, ENOENT,
            "is not a sync_file");
}

Contract file_info() {
    using Info = sync_file_info;
    return ContractOf<Info>(SYNC_IOC_FILE_INFO,
                            [](Scene& scene) {
                                Info info{};
                                info.num_fences = 1;
                                info.sync_fence_info = scene.keep(std::vector<sync_fence_info>(1));
                                return info;
                            })
        .on(Target::SyncFile)
        .refuses("flags are set", with_flags<Info>(1), EINVAL, "flags 1")
        .refuses(
            "pad is set", [](Scene&, Info& argument) { argument.pad = 1; }, EINVAL, "pad 1")
        .refuses(
            "less room than fences",
            [](Scene& scene, Info&) { scene.join_sync_file_of_another_timeline(); }, EINVAL,
            "num_fences 1, but it has 2")
        .POINTS(Info, sync_fence_info);
}

Contract set_deadline() {
    using Deadline = drm::SyncSetDeadline;
    return ContractOf<Deadline>(
               drm::sync_set_deadline,
               [](Scene&) { return Deadline{.deadline_ns = UINT64_MAX, .pad = 0}; })
        .on(Target::SyncFile)
        .refuses(
            "pad is set", [](Scene&, Deadline& argument) { argument.pad = 1; }, EINVAL, "pad 1");
}

Contract create_fence() {
    using Create = drm::SwSyncCreateFence;
    return ContractOf<Create>(drm::sw_sync_create_fence,
                              [](Scene&) { return Create{.value = 1, .name = {}, .fence = -1}; })
        .on(Target::Timeline)
        .gives_fd(offsetof(Create, fence));
}

Contract get_deadline() {
    using Get = drm::SwSyncGetDeadline;
    return ContractOf<Get>(
               drm::sw_sync_get_deadline,
               [](Scene& scene) {
                   drm::SyncSetDeadline set{.deadline_ns = 1, .pad = 0};
                   EXPECT_EQ(scene.ioctl(scene.sync_file(), drm::sync_set_deadline, &set).error, 0);
                   return Get{.deadline_ns = 0, .pad = 0, .fence_fd = scene.sync_file().borrow()};
               })
        .on(Target::Timeline)
        .refuses(
            "deadline_ns is set", [](Scene&, Get& argument) { argument.deadline_ns = 1; }, EINVAL,
            "deadline_ns 1")
        .refuses(
            "pad is set", [](Scene&, Get& argument) { argument.pad = 1; }, EINVAL, "pad 1")
        .refuses(
            "no sync file",
            [](Scene& scene, Get& argument) { argument.fence_fd = scene.dma_buf().borrow(); },
            EINVAL, "is not a sync_file")
        .refuses(
            "no descriptor", [](Scene&, Get& argument) { argument.fence_fd = closed_fd; }, EINVAL,
            "is not a sync_file")
        .refuses(
            "a fence of several timelines",
            [](Scene& scene, Get& argument) {
                scene.join_sync_file_of_another_timeline();
                argument.fence_fd = scene.sync_file().borrow();
            },
            EINVAL, "is a fence of")
        .refuses(
            "a fence without deadline",
            [](Scene& scene, Get& argument) {
                drm::SwSyncCreateFence later{.value = 2, .name = {}, .fence = -1};
                EXPECT_EQ(scene.ioctl(scene.timeline(), drm::sw_sync_create_fence, &later).error,
                          0);
                argument.fence_fd = scene.keep_fd(later.fence);
            },
            ENOENT, "has no deadline");
}

}  // namespace

const Contracts& descriptor_contracts() {
    static const Contracts all{
        sync(),
        set_name(DMA_BUF_SET_NAME_A),
        set_name(DMA_BUF_SET_NAME_B),
        export_sync_file(),
        import_sync_file(),
        merge(),
        file_info(),
        set_deadline(),
        create_fence(),
        ContractOf<uint32_t>(drm::sw_sync_inc, [](Scene&) { return 1U; }).on(Target::Timeline),
        get_deadline(),
    };
    return all;
}

}  // namespace plugboard::tests
