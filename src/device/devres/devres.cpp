#include "device/devres/devres.h"

#include <cassert>
#include <utility>

#include "base/log.h"
#include "device/device.h"
#include "device/devres/devres_impl.h"
#include "device/model_state.h"

namespace plugboard::device {
namespace {

constexpr size_t longest_walk = 32;  // of entries, before an index pays

}  // namespace

DevresEntry::DevresEntry(std::string name, DevresKey key, size_t size)
    : name_(std::move(name)), key_(key), size_(size) {}

DevresEntry::~DevresEntry() = default;

void Devres::Impl::log(const char* operation, const DevresEntry& entry) const {
    log::line(log::Category::Devres, "{}: DEVRES {} {} {} ({} bytes)", device.name(), operation,
              static_cast<const void*>(&entry), entry.name(), entry.size());
}

Devres::Impl::Answer Devres::Impl::answer_without(const DevresEntry& entry, Keys keys) {
    MutexLock lock(mutex);
    return answer_without_locked(entry, keys);
}

Devres::Impl::Answer Devres::Impl::answer_without_locked(const DevresEntry& entry, Keys keys) {
    if (keys == Keys::Once) {
        if (const DevresHandle there = find_locked(entry.key())) return there;
    }
    if (closed) return Errno::NoDev;
    return std::nullopt;
}

Errno Devres::Impl::complain(Errno error, std::string_view what) const {
    log::error("{}: devres: {}", device.name(), what);
    return error;
}

void Devres::Impl::append_locked(std::unique_ptr<DevresEntry> entry) {
    entries.push_back(*entry);
    size++;
    if (index) index->add(*entry);
    (void)entry.release();  // the list's
}

void Devres::Impl::take_off_locked(DevresEntry& entry) {
    if (index) index->remove(entry);
    entry.unlink();
    if (--size == 0) index.reset();
}

bool Devres::Impl::uses_index_locked() {
    if (!index && size > longest_walk) {
        index = std::make_unique<DevresIndex>();
        for (DevresEntry* entry = entries.front(); entry; entry = entries.next(*entry))
            index->add(*entry);
    }
    return index != nullptr;
}

DevresEntry* Devres::Impl::find_locked(const DevresKey& key) {
    if (!key.kind) return nullptr;
    if (uses_index_locked()) return index->find(key);
    for (DevresEntry* entry = entries.back(); entry; entry = entries.prev(*entry)) {
        if (entry->key_ == key) return entry;
    }
    return nullptr;
}

DevresEntry* Devres::Impl::next_of_kind_locked(const void* kind, DevresEntry* newer) {
    if (!kind) return nullptr;
    if (uses_index_locked()) return newer ? index->older_of_kind(*newer) : index->newest_of(kind);
    DevresEntry* entry = newer ? entries.prev(*newer) : entries.back();
    while (entry && entry->key_.kind != kind) entry = entries.prev(*entry);
    return entry;
}

void Devres::Impl::set_data_locked(DevresEntry& entry, const void* data) {
    if (index) {
        index->set_data(entry, data);
    } else {
        entry.key_.data = data;
    }
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
            take_off_locked(*entry);
            entry->doomed_ = true;
            doomed.push_back(*entry);
            count++;
        }
        entry = next;
    }
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

bool Devres::is_step_to_fail() const {
    return impl_->device.model().state_->is_step_to_fail();
}

Errno Devres::fail_as_asked(std::string_view name) const {
    log::line(log::Category::Devres, "{}: adding {} fails as asked", impl_->device.name(), name);
    return Errno::NoMem;
}

Result<DevresHandle> Devres::append(std::unique_ptr<DevresEntry> entry, Keys keys) {
    // Now, for once it is on the list another thread may release it; but what is refused has no
    // ADD.
    if (log::is_enabled(log::Category::Devres)) {
        if (const auto answer = impl_->answer_without(*entry, keys)) return *answer;
        impl_->log("ADD", *entry);
    }
    const DevresHandle handle = entry.get();
    MutexLock lock(impl_->mutex);
    const auto answer = impl_->answer_without_locked(*entry, keys);
    if (!answer) {
        impl_->append_locked(std::move(entry));
        return handle;
    }
    lock.unlock();              // the entry is destroyed with no lock held
    impl_->log("REM", *entry);  // another thread was faster
    return *answer;
}

Result<DevresHandle> Devres::add(std::unique_ptr<DevresEntry> entry) {
    if (is_step_to_fail()) return fail_as_asked(entry->name());
    return append(std::move(entry), Keys::Any);
}

Result<DevresHandle> Devres::find_or_add(std::unique_ptr<DevresEntry> fresh) {
    if (const auto answer = impl_->answer_without(*fresh, Keys::Once)) return *answer;
    if (is_step_to_fail()) return fail_as_asked(fresh->name());
    return append(std::move(fresh), Keys::Once);
}

DevresHandle Devres::find(const DevresKey& key) const {
    MutexLock lock(impl_->mutex);
    return impl_->find_locked(key);
}

DevresHandle Devres::find_if(const void* kind,
                             const std::function<bool(const DevresEntry&)>& matches) const {
    MutexLock lock(impl_->mutex);
    DevresEntry* entry = impl_->next_of_kind_locked(kind, nullptr);
    while (entry && !matches(*entry)) entry = impl_->next_of_kind_locked(kind, entry);
    return entry;
}

void Devres::for_each(const void* kind, const std::function<void(const DevresEntry&)>& call) const {
    MutexLock lock(impl_->mutex);
    DevresEntry* entry = impl_->next_of_kind_locked(kind, nullptr);
    for (; entry; entry = impl_->next_of_kind_locked(kind, entry)) call(*entry);
}

Result<std::unique_ptr<DevresEntry>> Devres::remove(const DevresKey& key) {
    std::unique_ptr<DevresEntry> entry;
    {
        MutexLock lock(impl_->mutex);
        entry.reset(impl_->find_locked(key));
        if (!entry) return Errno::NoEnt;
        impl_->take_off_locked(*entry);
    }
    impl_->log("REM", *entry);
    return entry;
}

Result<void> Devres::destroy(const DevresKey& key) {
    TRY(remove(key));
    return {};
}

Result<void> Devres::release(const DevresKey& key) {
    std::unique_ptr<DevresEntry> entry;
    {
        MutexLock lock(impl_->mutex);
        entry.reset(impl_->find_locked(key));
        if (!entry) return Errno::NoEnt;
        impl_->take_off_locked(*entry);
        entry->doomed_ = true;
    }
    impl_->log("REL", *entry);
    entry->release();
    return {};
}

std::unique_ptr<DevresEntry> Devres::take_off(DevresHandle handle) {
    MutexLock lock(impl_->mutex);
    if (handle->is_off()) return nullptr;
    impl_->take_off_locked(*handle);
    return std::unique_ptr<DevresEntry>(handle);
}

std::unique_ptr<DevresEntry> Devres::remove(DevresHandle handle) {
    auto entry = take_off(handle);
    if (entry) impl_->log("REM", *entry);
    return entry;
}

void Devres::release(DevresHandle handle) {
    {
        MutexLock lock(impl_->mutex);
        if (handle->is_off()) return;
        impl_->take_off_locked(*handle);
        handle->doomed_ = true;
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
