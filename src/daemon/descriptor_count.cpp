#include "daemon/descriptor_count.h"

#include <filesystem>
#include <system_error>

namespace plugboard::daemon {

size_t count_descriptors() {
    std::error_code ignored;
    size_t count = 0;
    for (auto it = std::filesystem::directory_iterator("/proc/thread-self/fd", ignored);
         it != std::filesystem::directory_iterator(); it.increment(ignored))
        ++count;
    return count > 0 ? count - 1 : 0;  // without the folder's own
}

}  // namespace plugboard::daemon
