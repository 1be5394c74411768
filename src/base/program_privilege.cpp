#include "base/program_privilege.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/raw_syscall.h"

namespace plugboard {

Obstacle privilege_of(const char* file) {
    constexpr long nosuid = 2;  // ST_NOSUID, as the kernel tells it
    struct stat info {};
    struct statfs system {};
    if (raw_syscall(SYS_newfstatat, AT_FDCWD, file, &info, 0) < 0) return Obstacle::None;
    if (raw_syscall(SYS_statfs, file, &system) >= 0 && (system.f_flags & nosuid) != 0)
        return Obstacle::None;
    const bool is_setuid = (info.st_mode & S_ISUID) != 0 &&
                           info.st_uid != static_cast<uid_t>(raw_syscall(SYS_geteuid));
    constexpr mode_t setgid = S_ISGID | S_IXGRP;
    const bool is_setgid = (info.st_mode & setgid) == setgid &&
                           info.st_gid != static_cast<gid_t>(raw_syscall(SYS_getegid));
    if ((is_setuid || is_setgid) && raw_syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
        return Obstacle::Setuid;
    // To root they give nothing.
    if (raw_syscall(SYS_getuid) != 0 &&
        raw_syscall(SYS_getxattr, file, "security.capability", nullptr, 0) > 0)
        return Obstacle::Capabilities;
    return Obstacle::None;
}

}  // namespace plugboard
