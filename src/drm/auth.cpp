// GET_MAGIC, AUTH_MAGIC, SET_MASTER, DROP_MASTER: who may rule a card.
// Linux: drivers/gpu/drm/drm_auth.c
#include <utility>

#include "drm/device_state.h"
#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/lease.h"
#include "drm/master.h"

namespace plugboard::drm {
namespace {

/// A lessee is while its lessor is.
bool is_current_locked(const Device::State& device, const File::State& file)
    REQUIRES(device.master_mutex) {
    if (!file.is_master || !file.master || !device.master) return false;
    const MaybeRef<Master>& lessor = (*file.master)->lessor;
    return *device.master == (lessor ? *lessor : *file.master);
}

/// A new master object of the file's own, which becomes the device's. What the file had before is
/// given to the caller to drop. Linux: drm_new_set_master
MaybeRef<Master> make_master_locked(Device::State& device, File::State& file)
    REQUIRES(device.master_mutex) {
    if (file.magic != 0) {  // it named the file under its old master
        (*file.master)->magics.remove(file.magic);
        file.magic = 0;
    }
    MaybeRef<Master> old = Master::create();
    old.swap(file.master);
    file.is_master = true;
    file.was_master = true;
    file.is_authenticated = true;
    device.master = file.master;
    return old;
}

/// Only who has been master may take or leave the rule, or root. Linux: drm_master_check_perm
bool may_change_master(const File::State& file, const uapi::Credentials& caller) {
    return (file.was_master && file.pid == caller.pid) || caller.is_root();
}

}  // namespace

void open_master(File& file) {
    Device::State& device = file.device().state();
    MutexLock lock(device.master_mutex);
    if (device.master) {
        file.state().master = device.master;
    } else {
        make_master_locked(device, file.state());
    }
}

void release_master(File& file) {
    Device::State& device = file.device().state();
    File::State& state = file.state();
    MaybeRef<Master> own, current;  // declared first, so dropped after the lock
    MutexLock lock(device.master_mutex);
    if (state.magic != 0 && state.master) {
        (*state.master)->magics.take(state.magic);
        (*state.master)->magics.free(state.magic);
    }
    state.magic = 0;
    if (state.is_master && device.master == state.master) current.swap(device.master);
    if (state.is_master) revoke_leases_locked(**state.master);
    if (state.is_lessee) end_lease_locked(**state.master);
    own.swap(state.master);
    lock.unlock();
    if (state.is_lessee) file.device().send_uevent({{"LEASE", "1"}});
}

bool is_current_master(const File& file) {
    const Device::State& device = file.device().state();
    MutexLock lock(device.master_mutex);
    return is_current_locked(device, file.state());
}

Result<void> ioctl_get_magic(Request&, Device& device, File& file, drm_auth& argument) {
    File::State& state = file.state();
    MutexLock lock(device.state().master_mutex);
    if (state.magic == 0) state.magic = (*state.master)->magics.add(file.id());
    argument.magic = state.magic;
    return {};
}

Result<void> ioctl_auth_magic(Request& request, Device& device, File& file, drm_auth& argument) {
    std::optional<uint64_t> id;
    {
        MutexLock lock(device.state().master_mutex);
        id = (*file.state().master)->magics.take(argument.magic);
    }
    const auto named = id ? device.find_file(*id) : std::nullopt;
    if (!named) {
        return request.refuse(log::Category::Core, Errno::Inval,
                              "magic {} is unknown to this master, or was used", argument.magic);
    }
    (*named)->state().is_authenticated = true;
    return {};
}

Result<void> ioctl_set_master(Request& request, Device& device, File& file) {
    MaybeRef<Master> old;
    Device::State& state = device.state();
    const char* reason = nullptr;
    Errno error{};
    {
        MutexLock lock(state.master_mutex);
        if (!may_change_master(file.state(), request.caller())) {
            error = Errno::Access;
            reason = "the file has never been master in this process, and the caller is not root";
        } else if (is_current_locked(state, file.state())) {
            return {};
        } else if (state.master) {
            error = Errno::Busy;
            reason = "another file is master";
        } else if (!file.state().master) {
            error = Errno::Inval;
            reason = "the file has no master object";
        } else if (!file.state().is_master) {
            old = make_master_locked(state, file.state());
        } else if ((*file.state().master)->lessor) {
            error = Errno::Inval;
            reason = "a lessee rules while its lessor does";
        } else {
            state.master = file.state().master;
            file.state().was_master = true;
        }
    }
    if (reason) return request.refuse(core, error, "{}", reason);
    return {};
}

Result<void> ioctl_drop_master(Request& request, Device& device, File& file) {
    MaybeRef<Master> dropped;
    Device::State& state = device.state();
    bool may = false, is_current = false, is_lessee = false;
    {
        MutexLock lock(state.master_mutex);
        may = may_change_master(file.state(), request.caller());
        is_current = is_current_locked(state, file.state());
        is_lessee = file.state().is_lessee;
        if (may && is_current && !is_lessee) dropped.swap(state.master);
    }
    if (!may) {
        return request.refuse(
            log::Category::Core, Errno::Access,
            "the file has never been master in this process, and the caller is not root");
    }
    if (!is_current)
        return request.refuse(log::Category::Core, Errno::Inval,
                              "the file is not the current master");
    if (is_lessee)
        return request.refuse(log::Category::Core, Errno::Inval,
                              "a lessee rules while its lessor does");
    return {};
}

}  // namespace plugboard::drm
