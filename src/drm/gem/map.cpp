// mmap() of a DRM node: from an offset to the memory of a buffer.
// Linux: drivers/gpu/drm/drm_gem.c, drm_gem_mmap; mm/mmap.c, do_mmap
#include <fcntl.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/page.h"
#include "drm/device_state.h"
#include "drm/file_state.h"

namespace plugboard::drm {
namespace {

Errno refuse(const File& file, Errno error, const char* reason, uint64_t offset, uint64_t length) {
    log::line(log::Category::Core, "{}: mmap of {} bytes at 0x{:x}: {}: {}",
              file.device().card_name(), length, offset, errno_name(error), reason);
    return error;
}

}  // namespace

Result<MappedObject> File::map(uint64_t offset, uint64_t length, int protection, int flags) {
    const auto no = [&](Errno error, const char* reason) {
        return refuse(*this, error, reason, offset, length);
    };
    const int access = info_.flags & O_ACCMODE;
    const bool is_private = (flags & MAP_TYPE) == MAP_PRIVATE;
    // What the kernel checks before it asks the driver.
    if (length == 0 || offset % page_size != 0 || length > UINT64_MAX - page_size)
        return no(Errno::Inval, "an empty range, or not at a page");
    if (access == O_WRONLY) return no(Errno::Access, "the file is not open for reading");
    if ((protection & PROT_WRITE) && !is_private && access != O_RDWR)
        return no(Errno::Access, "the file is not open for writing");

    if (device_->is_gone()) return no(Errno::NoDev, "the device is gone");
    const auto object = gem::Object::find(offset);
    const uint64_t whole_pages = (length + page_size - 1) / page_size * page_size;
    if (!object || (*object)->device() != device_->state().number)
        return no(Errno::Inval, "no buffer begins here");
    if (whole_pages > (*object)->size()) return no(Errno::Inval, "longer than the buffer");
    bool has_handle = false;
    {
        MutexLock lock(state_->mutex);
        has_handle = state_->mappable.contains((*object)->id());
    }
    if (!has_handle) return no(Errno::Access, "the file has no handle of the buffer");
    if (is_private) return no(Errno::Inval, "a private mapping");
    UniqueFd memory = TRY((*object)->memory().open(access == O_RDWR));
    return MappedObject{std::move(memory), (*object)->size()};
}

}  // namespace plugboard::drm
