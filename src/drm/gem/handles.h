// A file's numbers for buffer objects.
// Linux: drivers/gpu/drm/drm_gem.c, drm_gem_handle_create
#pragma once

#include <cstdint>

#include "base/ref.h"
#include "drm/file.h"
#include "drm/gem/object.h"

namespace plugboard::drm::gem {

/// A new handle, the lowest free; the file may map the object from now on. NoMem: the file has too
/// many.
Result<uint32_t> create_handle(Request& request, File& file, Ref<Object> object);
/// The same for one that Names::open() has counted.
Result<uint32_t> put_handle(Request& request, File& file, Ref<Object> object);
/// Nothing: the file has no such handle.
MaybeRef<Object> find_object(File& file, uint32_t handle);
/// False: the file has no such handle, or another thread is closing it.
bool close_handle(File& file, uint32_t handle);
/// At the file's last close.
void close_all_handles(File& file);

}  // namespace plugboard::drm::gem
