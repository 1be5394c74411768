#include "drm/gem/dma_buf_ioctl.h"

#include <linux/dma-buf.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/page.h"
#include "drm/sync/fence_array.h"
#include "drm/sync/sync_file.h"

namespace plugboard::drm::gem {
namespace {

constexpr auto prime = log::Category::Prime;

/// READ, WRITE or both, and nothing but what is `known`.
Result<void> check_flags(Request& request, const char* name, uint64_t flags, uint64_t known) {
    if ((flags & ~known) || !(flags & DMA_BUF_SYNC_RW))
        return request.refuse(prime, Errno::Inval, "{}: flags 0x{:x}: not READ, WRITE or both",
                              name, flags);
    return {};
}

/// What who is about to read waits for, or to write.
std::vector<Ref<Fence>> fences_before(DmaBuf& buffer, uint64_t flags) {
    return buffer.fences(waits_of((flags & DMA_BUF_SYNC_WRITE) != 0));
}

/// Processors see one another's writes to the memory as they are made: only fences are waited for.
/// Linux: DMA_BUF_IOCTL_SYNC
Result<void> sync(Request& request, DmaBuf& buffer, uapi::UserAddress argument) {
    const auto sync = TRY(request.memory().read_value<dma_buf_sync>(argument));
    TRY(check_flags(request, "DMA_BUF_IOCTL_SYNC", sync.flags, DMA_BUF_SYNC_RW | DMA_BUF_SYNC_END));
    if (sync.flags & DMA_BUF_SYNC_END) return {};
    for (const Ref<Fence>& fence : fences_before(buffer, sync.flags)) TRY(request.wait(*fence));
    return {};
}

/// Linux: dma_buf_export_sync_file
Result<void> export_sync_file(Request& request, DmaBuf& buffer, SpecialFiles& files,
                              uapi::UserAddress argument) {
    auto data = TRY(request.memory().read_value<dma_buf_export_sync_file>(argument));
    TRY(check_flags(request, "DMA_BUF_IOCTL_EXPORT_SYNC_FILE", data.flags, DMA_BUF_SYNC_RW));
    auto fences = fences_before(buffer, data.flags);
    const auto fence = [&] {
        if (fences.empty()) return Fence::create_stub(files.clock(), files.clock().now());
        return fences.size() == 1 ? fences.front() : make_array(std::move(fences));
    };
    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    auto file = files.export_fence(fence(), std::move(charge));
    const auto number = file.ok()
                            ? request.memory().install_fd(*std::move(file), uapi::OnExec::Close)
                            : file.error();
    if (!number.ok())
        return request.refuse(prime, number.error(),
                              "DMA_BUF_IOCTL_EXPORT_SYNC_FILE: no free descriptor");
    data.fd = *number;
    return request.memory().write_value(argument, data);
}

/// Linux: dma_buf_import_sync_file
Result<void> import_sync_file(Request& request, DmaBuf& buffer, SpecialFiles& files,
                              uapi::UserAddress argument) {
    const auto data = TRY(request.memory().read_value<dma_buf_import_sync_file>(argument));
    TRY(check_flags(request, "DMA_BUF_IOCTL_IMPORT_SYNC_FILE", data.flags, DMA_BUF_SYNC_RW));
    const auto fd = request.memory().take_fd(data.fd);
    const auto fence = fd.ok() ? files.import_fence(*fd) : Result<Ref<Fence>>(fd.error());
    if (!fence.ok())
        return request.refuse(prime, Errno::Inval,
                              "DMA_BUF_IOCTL_IMPORT_SYNC_FILE: fd {} is not a sync_file", data.fd);
    const Usage usage = data.flags & DMA_BUF_SYNC_WRITE ? Usage::Write : Usage::Read;
    for (const Ref<Fence>& leaf : leaves(*fence)) buffer.add_fence(leaf, usage);
    return {};
}

/// A text of at most `longest` characters, which ends before anything that cannot be read.
Result<std::string> read_text(Request& request, uapi::UserAddress from, size_t longest) {
    std::string text;
    while (text.size() <= longest) {
        const uapi::UserAddress next = from + text.size();
        const uint64_t page_left = page_size - static_cast<uint64_t>(next) % page_size;
        std::array<char, DMA_BUF_NAME_LEN> bytes{};
        const size_t size = std::min<size_t>({page_left, longest + 1 - text.size(), bytes.size()});
        const auto part = std::span(bytes).first(size);
        TRY(request.memory().read(std::as_writable_bytes(part), next));
        const auto end = std::ranges::find(part, '\0');
        text.append(part.begin(), end);
        if (end != part.end()) return text;
    }
    return request.refuse(prime, Errno::Inval, "DMA_BUF_SET_NAME: more than {} characters",
                          longest);
}

Result<void> set_name(Request& request, DmaBuf& buffer, uapi::UserAddress argument) {
    buffer.set_name(TRY(read_text(request, argument, DMA_BUF_NAME_LEN - 1)));
    return {};
}

}  // namespace

Result<int> ioctl(Request& request, DmaBuf& buffer, SpecialFiles& files, uint32_t command,
                  uapi::UserAddress argument) {
    Result<void> done;
    switch (command) {
        case DMA_BUF_IOCTL_SYNC: done = sync(request, buffer, argument); break;
        case DMA_BUF_SET_NAME_A:
        case DMA_BUF_SET_NAME_B: done = set_name(request, buffer, argument); break;
        case DMA_BUF_IOCTL_EXPORT_SYNC_FILE:
            done = export_sync_file(request, buffer, files, argument);
            break;
        case DMA_BUF_IOCTL_IMPORT_SYNC_FILE:
            done = import_sync_file(request, buffer, files, argument);
            break;
        default:
            return request.refuse(prime, Errno::NoTty, "0x{:x} is no ioctl of a dma-buf", command);
    }
    TRY(request.name_fault(prime, done));
    return 0;
}

}  // namespace plugboard::drm::gem
