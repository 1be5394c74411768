// What a program file's mode and attributes do to the libraries that its caller preloads.
// Linux: fs/exec.c, bprm_fill_uid; security/commoncap.c, cap_bprm_creds_from_file
#pragma once

#include "base/program_file.h"

namespace plugboard {

/// Setuid (setgid, too), Capabilities or None, as the kernel decides for this process: then the new
/// program is "secure", and its loader ignores LD_PRELOAD. By system calls alone: any thread, also
/// between vfork and exec.
Obstacle privilege_of(const char* file);

}  // namespace plugboard
