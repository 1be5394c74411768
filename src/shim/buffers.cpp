#include "shim/buffers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/page.h"
#include "shim/descriptors.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
bool may_map_buffer(int fd, size_t length, int flags, off_t offset) {
    if (!is_buffer(fd)) return true;
    struct stat info;
    if (stat_fd(fd, info) < 0) return true;
    const auto size = static_cast<uint64_t>(info.st_size);
    const auto start = static_cast<uint64_t>(offset);
    if (length > SIZE_MAX - page_size) return true;  // the kernel's own mmap() says no
    const uint64_t pages = (length + page_size - 1) & ~(page_size - 1);
    const bool is_inside = start <= size && pages <= size - start;
    return is_inside && (flags & MAP_TYPE) != MAP_PRIVATE;
}

// Linux: dma_buf_llseek. The error of an offset is what Linux 7.2 answered.
long seek_buffer(int fd, off_t offset, int whence, off_t position) {
    if ((whence == SEEK_SET && offset == 0) || !is_buffer(fd)) return position;
    return whence == SEEK_SET || whence == SEEK_END ? -EACCES : -EINVAL;
}

}  // namespace plugboard::shim
