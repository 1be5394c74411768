// The machine, container or sandbox that plugboard runs in: what of it matters, and what is wrong
// with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/checkup.h"

namespace plugboard::cli {

/// Facts; a value.
struct Host {
    std::string kernel, libc;                // versions
    std::vector<std::string> refused_calls;  // "memfd_create: Operation not permitted"
    int seccomp = 0;                         // as in /proc/self/status
    bool no_new_privileges = false;
    bool nosuid = false;  // of the file system that this program is on

    std::string boards_root;
    std::string root_problem;      // why no board can be made in it; empty: one can
    bool has_runtime_dir = false;  // XDG_RUNTIME_DIR is set
    size_t longest_name = 0;       // of a board, so that its sockets' paths fit

    std::optional<uint64_t> shm_free;  // bytes in /dev/shm; none: there is none
    bool has_sys = false, has_dri = false;
    std::string preload;         // LD_PRELOAD, without the shim
    std::string system_preload;  // /etc/ld.so.preload
    std::string audit;           // LD_AUDIT
    std::string board;           // around this process
    unsigned processors = 1;
    uint64_t descriptors = 0, most_descriptors = 0;  // RLIMIT_NOFILE, soft and hard
};

Host look_at_host();
/// A check for each of them.
std::vector<Check> judge(const Host& host);

}  // namespace plugboard::cli
