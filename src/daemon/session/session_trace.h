// What a session's requests look like in a trace.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/session/trace.h"
#include "drm/file.h"
#include "drm/request.h"
#include "drm/trace/ioctl_text.h"

namespace plugboard::daemon {

/// An ioctl on a card that has ended; `took` is not known yet.
TracedCall traced_ioctl(const drm::Request& request, const drm::File& file, uint32_t command,
                        drm::IoctlText text, const Result<int>& result);
/// One on a dma_buf, a sync_file, ...; named by what it is on.
TracedCall traced_ioctl(const drm::Request& request, std::string node, uint32_t command,
                        const Result<int>& result);

/// "O_RDWR|O_CLOEXEC"
std::string open_flags_text(int flags);
/// "offset=0x10000000 length=3145728 PROT_READ|PROT_WRITE MAP_SHARED"
std::string mmap_text(uint64_t offset, uint64_t length, int protection, int flags);

}  // namespace plugboard::daemon
