#include "drm/gem/handles.h"

#include <utility>

#include "drm/device_state.h"
#include "drm/file_state.h"
#include "drm/handlers.h"

namespace plugboard::drm {
namespace gem {

Result<uint32_t> create_handle(Request& request, File& file, Ref<Object> object) {
    file.device().state().names.add_handle(*object);
    return put_handle(request, file, std::move(object));
}

Result<uint32_t> put_handle(Request& request, File& file, Ref<Object> object) {
    File::State& state = file.state();
    const uint64_t id = object->id();
    MutexLock lock(state.mutex);
    const auto room = expect_room(request, "handles", state.handles.size());
    if (room.ok()) {
        state.mappable[id]++;
        return state.handles.add(std::move(object));
    }
    lock.unlock();
    file.device().state().names.remove_handle(*object);
    return room.error();
}

MaybeRef<Object> find_object(File& file, uint32_t handle) {
    File::State& state = file.state();
    MutexLock lock(state.mutex);
    const Ref<Object>* object = state.handles.find(handle);
    if (!object) return std::nullopt;
    return *object;
}

bool close_handle(File& file, uint32_t handle) {
    File::State& state = file.state();
    std::optional<Ref<Object>> object;
    {
        MutexLock lock(state.mutex);
        object = state.handles.take(handle);
        if (!object) return false;
        const auto count = state.mappable.find((*object)->id());
        if (count != state.mappable.end() && --count->second == 0) state.mappable.erase(count);
        state.prime.remove(handle);
    }
    file.device().state().names.remove_handle(**object);
    object.reset();
    // Only now may the number stand for another object.
    MutexLock lock(state.mutex);
    state.handles.free(handle);
    return true;
}

void close_all_handles(File& file) {
    IdTable<Ref<Object>> handles;  // declared first, so dropped after the lock
    {
        File::State& state = file.state();
        MutexLock lock(state.mutex);
        std::swap(handles, state.handles);
        state.mappable.clear();
        state.prime = {};
    }
    for (const auto& [handle, object] : handles) file.device().state().names.remove_handle(*object);
}

}  // namespace gem

Result<void> ioctl_gem_close(Request& request, Device&, File& file, drm_gem_close& argument) {
    if (!gem::close_handle(file, argument.handle)) {
        return request.refuse(log::Category::Core, Errno::Inval, "there is no handle {}",
                              argument.handle);
    }
    return {};
}

}  // namespace plugboard::drm
