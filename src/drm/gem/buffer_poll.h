// poll(2) on the descriptor of a dma-buf, which is a memfd and would always be ready.
// Linux: drivers/dma-buf/dma-buf.c, dma_buf_poll
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/gem/dma_buf.h"
#include "drm/request.h"

namespace plugboard::drm {
class SpecialFiles;
}

namespace plugboard::drm::gem {

/// Of POLLIN (no writer is pending) and POLLOUT (nobody is).
struct BufferState {
    int ready = 0;
    /// Becomes ready for each event when no fence is in its way any more, and stays so.
    UniqueFd later;
};
/// When that is wanted. IfPending: none of the events is ready.
enum class Later { IfPending, Always, Never };

/// What of `events` is ready. NFile, NoMem.
Result<BufferState> poll(Request& request, const Ref<DmaBuf>& buffer, SpecialFiles& files,
                         int events, Later later);

}  // namespace plugboard::drm::gem
