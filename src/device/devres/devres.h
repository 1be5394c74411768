// Managed device resources: what a device releases by itself, newest first.
// Linux: drivers/base/devres.c
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "device/devres/devres_entry.h"
#include "device/devres/devres_value.h"

namespace plugboard::device {

class Device;

/// A group's id: any address, or null for "the newest that is still open".
using GroupId = const void*;

/// What an action runs. The same one may be on a list many times; look-ups mean the newest.
struct Action {
    using Function = void (*)(void* data);
    Function function = nullptr;
    void* data = nullptr;

    DevresKey key() const { return {reinterpret_cast<const void*>(function), data}; }
};

/// The list of one device. Any thread; no proof of being bound is asked for. What is added may fail
/// with NoMem when a test has asked for it (Model::fail_nth_step), and with NoDev after
/// device_del, except under the rule of before Linux 6.6, where it then waits for the last
/// reference. A callback may add; that waits for the next release, or is refused if there is none.
/// A miss is an error and a line in the log, never an abort.
class Devres {
  public:
    explicit Devres(Device& device);
    ~Devres();

    /// Appends. On failure the entry is destroyed without release().
    Result<DevresHandle> add(std::unique_ptr<DevresEntry> entry);
    /// The entry of that key which is there already, and `fresh` is destroyed; else adds it.
    /// Linux: devres_get
    Result<DevresHandle> find_or_add(std::unique_ptr<DevresEntry> fresh);
    /// The newest of that key; null: none. Nothing keeps it from being released by others.
    DevresHandle find(const DevresKey& key) const;
    /// The newest of the kind that `matches`, which runs under the list's lock; null: none.
    DevresHandle find_if(const void* kind,
                         const std::function<bool(const DevresEntry&)>& matches) const;
    /// Calls for each of the kind, newest first, under the list's lock. Linux: devres_for_each_res
    void for_each(const void* kind, const std::function<void(const DevresEntry&)>& call) const;
    /// Takes the newest of that key off, without release(): it is the caller's. NoEnt.
    Result<std::unique_ptr<DevresEntry>> remove(const DevresKey& key);
    /// Takes it off and destroys it without release(). NoEnt.
    Result<void> destroy(const DevresKey& key);
    /// Takes it off and releases it now. NoEnt.
    Result<void> release(const DevresKey& key);
    /// The same by handle, in O(1), of an entry that is not destroyed yet (see DevresHandle): of
    /// one that was taken off, or is about to be released, they do nothing (remove: null).
    std::unique_ptr<DevresEntry> remove(DevresHandle handle);
    void release(DevresHandle handle);

    /// A T, made of `args`, that the list releases by destroying it.
    template <class T, class... Args>
    Result<T*> emplace(Args&&... args);
    /// The newest T; null: none.
    template <class T>
    T* find() const;
    /// The newest T, or a new one. Another thread never adds one in between.
    template <class T, class... Args>
    Result<T*> find_or_emplace(Args&&... args);

    /// Linux: devm_add_action
    Result<DevresHandle> add_action(std::string name, Action action);
    /// One that only its handle names.
    Result<DevresHandle> add_action(std::string name, std::function<void()> run);
    /// As add_action, but on failure runs it at once. Linux: devm_add_action_or_reset
    Result<DevresHandle> add_action_or_reset(std::string name, Action action);
    Result<DevresHandle> add_action_or_reset(std::string name, const std::function<void()>& run);
    /// Takes the newest off without running it. NoEnt. Linux: devm_remove_action; the silent one,
    /// devm_remove_action_nowarn, is destroy(action.key())
    Result<void> remove_action(const Action& action);
    /// Takes the newest off and runs it. NoEnt. Linux: devm_release_action
    Result<void> release_action(const Action& action);
    bool is_action_added(const Action& action) const;
    /// Drops the reference at release; the explainer sees it. At once on failure.
    Result<DevresHandle> add_put(std::string name, Ref<const Object> object);

    /// Zeroed bytes, aligned as malloc's; of 0 bytes nothing is kept and the pointer is
    /// no_bytes(). NoMem. Linux: devm_kzalloc
    Result<void*> alloc(size_t size);
    /// NoMem also when the product is too large. Linux: devm_kcalloc
    Result<void*> alloc_array(size_t count, size_t size);
    /// Content and place in the order of release are kept, new bytes are zero; the pointer, too, if
    /// they fit. Null or no_bytes(): alloc(); size 0: free(). Inval: not of this list.
    /// Linux: devm_krealloc
    Result<void*> realloc(void* bytes, size_t size);
    /// Null and no_bytes() are well. NoEnt: not of this list. Linux: devm_kfree
    Result<void> free(void* bytes);
    /// NoMem. Linux: devm_kmemdup
    Result<void*> dup(const void* bytes, size_t size);
    /// Ends with a zero. NoMem. Linux: devm_kstrdup
    Result<char*> dup(std::string_view text);
    /// NoMem; Inval: what the format asks for cannot be printed. Linux: devm_kasprintf
    Result<char*> printf(const char* format, ...) __attribute__((format(printf, 2, 3)));
    /// What must not be followed. Linux: ZERO_SIZE_PTR
    static void* no_bytes();

    /// From here on entries belong to the group. The id of a group opened with null is the result.
    /// NoMem, NoDev: as add().
    Result<GroupId> open_group(GroupId id = nullptr);
    /// NoEnt: no such group; Inval: it is closed already.
    Result<void> close_group(GroupId id = nullptr);
    /// Forgets the group, keeps its entries. NoEnt.
    Result<void> remove_group(GroupId id = nullptr);
    /// Releases what the group holds; says how many entries that were. NoEnt, but 0 when the list
    /// is empty: its device may be dying, which takes groups off first.
    Result<size_t> release_group(GroupId id = nullptr);

    size_t size() const;  // entries without group markers
    void visit_refs(RefVisitor& visitor) const;

  private:
    friend class Core;
    friend class Device;
    friend class Bound;
    friend class ScopedAction;
    /// Whether anything may be added from now on. What callbacks add is left for the next pass.
    enum class Further { Allowed, Refused };
    /// Unbind, failed probe, device_del, last reference. Says how many entries were released.
    size_t release_all(Further further);
    bool empty() const;             // not even a group marker
    enum class Keys { Any, Once };  // Once: one with that key that is there is the answer
    /// add(), of what has been counted as a step already.
    Result<DevresHandle> append(std::unique_ptr<DevresEntry> entry, Keys keys = Keys::Any);
    /// Takes it off, without a line in the log; null: its release has begun.
    std::unique_ptr<DevresEntry> take_off(DevresHandle handle);
    /// Counts a step; true for the one that a test asked to fail, which fail_as_asked() logs.
    bool is_step_to_fail() const;
    /// With no lock held.
    Errno fail_as_asked(std::string_view name) const;
    class Memory;

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

template <class T, class... Args>
Result<T*> Devres::emplace(Args&&... args) {
    auto entry = std::make_unique<DevresValue<T>>(type_name<T>(), std::forward<Args>(args)...);
    T& value = entry->value();
    TRY(add(std::move(entry)));
    return &value;
}

template <class T>
T* Devres::find() const {
    DevresHandle found = find_if(kind_of<T>(), [](const DevresEntry&) { return true; });
    return found ? &static_cast<DevresOf<T>*>(found)->value() : nullptr;
}

template <class T, class... Args>
Result<T*> Devres::find_or_emplace(Args&&... args) {
    DevresHandle there = TRY(
        find_or_add(std::make_unique<DevresValue<T>>(type_name<T>(), std::forward<Args>(args)...)));
    return &static_cast<DevresOf<T>*>(there)->value();
}

}  // namespace plugboard::device
