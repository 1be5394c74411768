// System calls that meet no wrapper and no cancellation point, and leave errno alone.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <type_traits>

namespace plugboard {

/// Whole registers, as the kernel reads them: an int argument leaves half of its slot undefined.
template <class T>
long syscall_argument(T value) {
    if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<long>(value);
    } else if constexpr (std::is_null_pointer_v<T>) {
        return 0;
    } else {
        return static_cast<long>(value);
    }
}

/// The result, or minus the errno.
template <class... Args>
long raw_syscall(long number, Args... args) {
    const int saved = errno;
    const long result = ::syscall(number, syscall_argument(args)...);
    if (result != -1) return result;
    const long error = -errno;
    errno = saved;
    return error;
}

}  // namespace plugboard
