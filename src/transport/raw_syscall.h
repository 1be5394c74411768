// System calls that meet no wrapper and no cancellation point, and leave errno alone.
#pragma once

#include <unistd.h>

#include <cerrno>

namespace plugboard::transport {

/// The result, or minus the errno.
template <class... Args>
long raw_syscall(long number, Args... args) {
    const int saved = errno;
    const long result = ::syscall(number, args...);
    if (result != -1) return result;
    const long error = -errno;
    errno = saved;
    return error;
}

}  // namespace plugboard::transport
