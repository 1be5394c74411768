// A file of the tree that the daemon opens for the client: what is read is taken at that moment,
// what is written takes effect at once. Linux: fs/kernfs/file.c, fs/seq_file.c
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "device/model.h"
#include "uapi/user_memory.h"

namespace plugboard::daemon {

/// How a live file is served: by open() where that is set, else by show() and store().
struct LiveFile {
    uint32_t mode = 0444;  // permission bits
    std::function<Result<std::string>()> show{};
    std::function<Result<void>(std::string_view)> store{};
    std::function<Result<UniqueFd>(int flags, const uapi::Credentials& caller)> open{};
};

/// The descriptor of the tree's file `path` for the client: a read-only snapshot in memory, or one
/// kept in the model's special files whose writes go to store(). Access: the mode does not allow
/// the flags of open(2); else what show() or open() said.
Result<UniqueFd> open_live_file(std::string_view path, const LiveFile& file, int flags,
                                const uapi::Credentials& caller, device::Model& model);

}  // namespace plugboard::daemon
