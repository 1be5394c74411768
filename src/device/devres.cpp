#include "device/devres.h"

#include <cassert>
#include <utility>

#include "device/device.h"
#include "device/devres_impl.h"

namespace plugboard::device {
namespace {

/// Linux: devm_add_action
class ActionEntry final : public DevresEntry {
  public:
    ActionEntry(std::string name, std::function<void()> run)
        : DevresEntry(std::move(name)), run_(std::move(run)) {}

  private:
    void release() override { run_(); }
    std::function<void()> run_;
};

/// An action that owns a reference; dropped with the entry.
class PutEntry final : public DevresEntry {
  public:
    PutEntry(std::string name, Ref<const Object> object)
        : DevresEntry(std::move(name)), object_(std::move(object)) {}
    void visit_refs(RefVisitor& visitor) const override {
        visitor.edge(*object_, "devm action \"" + name() + "\"");
    }

  private:
    void release() override {}
    Ref<const Object> object_;
};

}  // namespace

void Devres::Impl::log(const char* operation, const DevresEntry& entry) const {
    log::line(log::Category::Devres, "{}: DEVRES {} {} {}", device.name(), operation,
              static_cast<const void*>(&entry), entry.name());
}

size_t Devres::Impl::doom_locked(DevresEntry* first, DevresEntry* end, List<DevresEntry>& doomed) {
    size_t count = 0;
    bool has_groups = false;
    for (DevresEntry* entry = first; entry != end;) {
        DevresEntry* next = entries.next(*entry);
        if (entry->group_) {
            entry->group_->colour = 0;
            has_groups = true;
        } else {
            if (entry == first) first = next;
            entry->unlink();
            entry->doomed_ = true;
            doomed.push_back(*entry);
            count++;
        }
        entry = next;
    }
    size -= count;
    if (!has_groups) return count;

    // A group has colour two, and goes, when it lies in the range as a whole: with both markers, or
    // with the open one if it was never closed.
    for (DevresEntry* entry = first; entry != end;) {
        DevresEntry* next = entries.next(*entry);
        Group& group = *entry->group_;
        group.colour += is_closed(group) ? 1 : 2;
        if (group.colour == 2) {
            // The markers that leave are this one and one before it, so `next` stays good.
            DevresEntry& open = group.open;
            DevresEntry& close = group.close;
            if (is_closed(group)) close.unlink();
            open.unlink();
            open.doomed_ = true;
            doomed.push_back(open);
        }
        entry = next;
    }
    return count;
}

void Devres::Impl::release_doomed(List<DevresEntry>& doomed) {
    while (DevresEntry* entry = doomed.back()) {
        entry->unlink();
        if (entry->group_) {
            delete entry->group_;
            continue;
        }
        log("REL", *entry);
        entry->release();
        delete entry;
    }
}

Devres::Devres(Device& device) : impl_(std::make_unique<Impl>(device)) {}

Devres::~Devres() = default;

Result<DevresHandle> Devres::add(std::unique_ptr<DevresEntry> entry) {
    impl_->log("ADD", *entry);  // now: once it is on the list, another thread may release it
    {
        MutexLock lock(impl_->mutex);
        if (!impl_->closed) {
            impl_->entries.push_back(*entry);
            impl_->size++;
            return entry.release();
        }
    }
    return Errno::NoDev;  // and the entry is destroyed, with no lock held
}

Result<DevresHandle> Devres::add_action(std::string name, std::function<void()> run) {
    return add(std::make_unique<ActionEntry>(std::move(name), std::move(run)));
}

Result<DevresHandle> Devres::add_action_or_reset(std::string name,
                                                 const std::function<void()>& run) {
    auto added = add_action(std::move(name), run);
    if (!added.ok()) run();
    return added;
}

Result<DevresHandle> Devres::add_put(std::string name, Ref<const Object> object) {
    return add(std::make_unique<PutEntry>(std::move(name), std::move(object)));
}

void Devres::remove(DevresHandle handle) {
    {
        MutexLock lock(impl_->mutex);
        if (handle->doomed_) return;
        handle->unlink();
        impl_->size--;
    }
    impl_->log("REM", *handle);
    delete handle;
}

void Devres::release(DevresHandle handle) {
    {
        MutexLock lock(impl_->mutex);
        if (handle->doomed_) return;
        handle->unlink();
        handle->doomed_ = true;
        impl_->size--;
    }
    impl_->log("REL", *handle);
    handle->release();
    delete handle;
}

size_t Devres::release_all(Further further) {
    List<DevresEntry> doomed;
    size_t count = 0;
    {
        MutexLock lock(impl_->mutex);
        if (further == Further::Refused) impl_->closed = true;
        if (DevresEntry* first = impl_->entries.front())
            count = impl_->doom_locked(first, nullptr, doomed);
    }
    impl_->release_doomed(doomed);
    return count;
}

size_t Devres::size() const {
    MutexLock lock(impl_->mutex);
    return impl_->size;
}

bool Devres::empty() const {
    MutexLock lock(impl_->mutex);
    return impl_->entries.empty();
}

void Devres::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(impl_->mutex);
    for (DevresEntry* entry = impl_->entries.front(); entry; entry = impl_->entries.next(*entry))
        entry->visit_refs(visitor);
}

}  // namespace plugboard::device
