#include "drm/gem/dma_buf_ioctl.h"

#include <linux/dma-buf.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace plugboard::drm::gem {
namespace {

constexpr auto prime = log::Category::Prime;
constexpr uint64_t page_size = 4096;

/// Processors see one another's writes to the memory as they are made, and no fence of a buffer is
/// known here: nothing is left to wait for. Linux: DMA_BUF_IOCTL_SYNC
Result<void> sync(Request& request, uapi::UserAddress argument) {
    const auto sync = TRY(request.memory().read_value<dma_buf_sync>(argument));
    constexpr uint64_t known = DMA_BUF_SYNC_RW | DMA_BUF_SYNC_END;
    if ((sync.flags & ~known) || !(sync.flags & DMA_BUF_SYNC_RW))
        return request.refuse(prime, Errno::Inval,
                              "DMA_BUF_IOCTL_SYNC: flags 0x{:x}: not READ, WRITE or both",
                              sync.flags);
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

}  // namespace

Result<int> ioctl(Request& request, DmaBuf& buffer, uint32_t command, uapi::UserAddress argument) {
    switch (command) {
        case DMA_BUF_IOCTL_SYNC: TRY(sync(request, argument)); return 0;
        case DMA_BUF_SET_NAME_A:
        case DMA_BUF_SET_NAME_B:
            buffer.set_name(TRY(read_text(request, argument, DMA_BUF_NAME_LEN - 1)));
            return 0;
        default: return Errno::NoTty;
    }
}

}  // namespace plugboard::drm::gem
