// How libc gives the result of a system call.
#pragma once

#include <cerrno>

namespace plugboard::shim {

/// A result, or minus an errno, which becomes -1 with errno set.
template <class Result = int>
Result finish(long result) {
    if (result >= 0) return static_cast<Result>(result);
    errno = static_cast<int>(-result);
    return static_cast<Result>(-1);
}

}  // namespace plugboard::shim
