// Groups of managed resources.
// Linux: drivers/base/devres.c (devres_open_group and the functions below it)
#include "device/devres/devres.h"
#include "device/devres/devres_impl.h"

namespace plugboard::device {

bool Devres::Impl::is_closed(const Group& group) {
    return static_cast<const DevresEntry&>(group.close).is_linked();
}

Group* Devres::Impl::find_group_locked(GroupId id) {
    for (DevresEntry* entry = entries.back(); entry; entry = entries.prev(*entry)) {
        Group* group = entry->group_;
        if (!group || entry != &group->open) continue;
        if (id ? group->id == id : !is_closed(*group)) return group;
    }
    return nullptr;
}

Result<GroupId> Devres::open_group(GroupId id) {
    if (is_step_to_fail()) return fail_as_asked("a group");
    auto group = std::make_unique<Group>();
    group->id = id ? id : group.get();
    static_cast<DevresEntry&>(group->open).group_ = group.get();
    static_cast<DevresEntry&>(group->close).group_ = group.get();
    MutexLock lock(impl_->mutex);
    if (impl_->closed) return Errno::NoDev;
    impl_->entries.push_back(group->open);
    return group.release()->id;
}

Result<void> Devres::close_group(GroupId id) {
    MutexLock lock(impl_->mutex);
    Group* group = impl_->find_group_locked(id);
    const bool is_closed_already = group && Impl::is_closed(*group);
    if (group && !is_closed_already) {
        impl_->entries.push_back(group->close);
        return {};
    }
    lock.unlock();
    return group ? impl_->complain(Errno::Inval, "the group to close is closed already")
                 : impl_->complain(Errno::NoEnt, "there is no group to close");
}

Result<void> Devres::remove_group(GroupId id) {
    std::unique_ptr<Group> group;
    {
        MutexLock lock(impl_->mutex);
        group.reset(impl_->find_group_locked(id));
        if (group) {
            if (Impl::is_closed(*group)) static_cast<DevresEntry&>(group->close).unlink();
            static_cast<DevresEntry&>(group->open).unlink();
            return {};
        }
    }
    return impl_->complain(Errno::NoEnt, "there is no group to remove");
}

Result<size_t> Devres::release_group(GroupId id) {
    List<DevresEntry> doomed;
    size_t count = 0;
    {
        MutexLock lock(impl_->mutex);
        Group* group = impl_->find_group_locked(id);
        if (!group) {
            const bool is_empty = impl_->entries.empty();
            lock.unlock();
            if (is_empty) return size_t{0};
            return impl_->complain(Errno::NoEnt, "there is no group to release");
        }
        DevresEntry* end = Impl::is_closed(*group) ? impl_->entries.next(group->close) : nullptr;
        count = impl_->doom_locked(&group->open, end, doomed);
    }
    impl_->release_doomed(doomed);
    return count;
}

}  // namespace plugboard::device
