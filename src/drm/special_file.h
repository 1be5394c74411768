// What a descriptor that is no DRM node stands for: a sync_file, a sw_sync timeline, a live file.
// Linux: struct file with its file_operations
#pragma once

#include <cstddef>
#include <span>

#include "base/labelled_pair.h"
#include "base/ref.h"
#include "base/result.h"
#include "drm/request.h"

namespace plugboard::drm {

/// Counted: held by the table of its kind while a copy of the descriptor is open. Any thread.
class SpecialFile : public Object {
  public:
    virtual FdKind kind() const = 0;
    /// The whole of ioctl(2). NoTty: not one of this file's.
    virtual Result<int> ioctl(Request& request, uint32_t command, uapi::UserAddress argument) = 0;
    /// The whole of write(2); says how many bytes were taken.
    virtual Result<size_t> write(std::span<const std::byte> bytes) = 0;
};

}  // namespace plugboard::drm
