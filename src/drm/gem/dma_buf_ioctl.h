// ioctl(2) on the descriptor of a dma-buf.
// Linux: drivers/dma-buf/dma-buf.c, dma_buf_ioctl
#pragma once

#include <cstdint>

#include "base/result.h"
#include "drm/gem/dma_buf.h"
#include "drm/request.h"
#include "uapi/user_memory.h"

namespace plugboard::drm {
class SpecialFiles;
}

namespace plugboard::drm::gem {

/// SYNC, SET_NAME, EXPORT_SYNC_FILE, IMPORT_SYNC_FILE. NoTty: others. `files`: where the caller's
/// sync files are.
Result<int> ioctl(Request& request, DmaBuf& buffer, SpecialFiles& files, uint32_t command,
                  uapi::UserAddress argument);

}  // namespace plugboard::drm::gem
