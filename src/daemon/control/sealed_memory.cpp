#include "daemon/control/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace plugboard::daemon {

Result<UniqueFd> seal_memory(const char* name, std::span<const uint8_t> bytes) {
    UniqueFd memory(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.is_open()) return last_error();
    while (!bytes.empty()) {
        const ssize_t count = write(memory.borrow(), bytes.data(), bytes.size());
        if (count < 0) return last_error();
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    if (fcntl(memory.borrow(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        return last_error();
    return memory;
}

}  // namespace plugboard::daemon
