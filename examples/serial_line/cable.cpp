#include "examples/serial_line/cable.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include <array>

namespace plugboard::serial {

Result<Cable> Cable::create() {
    UniqueFd far(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!far.is_open()) return last_error();
    std::array<char, PATH_MAX> path{};
    if (grantpt(far.borrow()) != 0 || unlockpt(far.borrow()) != 0) return last_error();
    if (const int error = ptsname_r(far.borrow(), path.data(), path.size()); error != 0)
        return static_cast<Errno>(error);
    return Cable(std::move(far), path.data());
}

Result<void> Cable::send(std::string_view text) const {
    const ssize_t count = ::write(far_.borrow(), text.data(), text.size());
    if (count < 0) return last_error();
    return static_cast<size_t>(count) == text.size() ? Result<void>() : Errno::Again;
}

}  // namespace plugboard::serial
