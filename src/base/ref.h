// Counted objects that can say what they hold and why.
// Linux: include/linux/kref.h, lib/ref_tracker.c
#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/list.h"
#include "base/ref_tracker.h"

namespace plugboard {

class Object;
template <class T>
class Ref;

/// Receives the edges of one object. Called by visit_refs with at most that object's own lock held.
class RefVisitor {
  public:
    /// `reason` says in a few words why the reference is held ("drm_device.dev").
    virtual void edge(const Object& target, std::string_view reason) = 0;
    /// The same of a Ref where it is kept, so that it is told from others: since when it is held.
    template <class T>
    void edge(const Ref<T>& ref, std::string_view reason) {
        edge_of(&ref, *ref, reason);
    }

  protected:
    virtual void edge_of(const void* /*ref*/, const Object& target, std::string_view reason) {
        edge(target, reason);
    }
    ~RefVisitor() = default;
};

/// Base of everything counted; made by make_ref(), which owns the first reference. Any thread.
/// Every live object is on one list, so that references can be explained.
class Object {
  public:
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    /// What a person calls it: "card1 (mock)", "device mock0".
    virtual std::string label() const = 0;
    /// Reports each counted object that this one holds a reference on, once a reference.
    virtual void visit_refs(RefVisitor& visitor) const = 0;

    /// A snapshot, for reports and tests.
    uint32_t ref_count() const { return count_.load(std::memory_order_relaxed); }

    void get() const { count_.fetch_add(1, std::memory_order_relaxed); }
    /// False when the count is zero already.
    bool try_get() const;
    void put() const {
        // Release pairs with the acquire of the last put: what others did is seen by the deleter.
        if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            const_cast<Object*>(this)->last_put();
    }

  protected:
    Object() = default;
    virtual ~Object();
    /// Runs at the last put; deletes the object unless a class has more to do first.
    virtual void last_put() { delete this; }

  private:
    friend struct ObjectRegistry;
    template <class T, class... Args>
    friend Ref<T> make_ref(Args&&... args);
    /// Enters the list of live objects, once the whole object is there.
    void announce();

    mutable std::atomic<uint32_t> count_{1};
    struct Node : ListNode {
        Object* object = nullptr;
    } node_;
};

/// Every live object at one moment, each held by one extra reference until the list is dropped.
std::vector<Ref<const Object>> live_objects();
/// How many objects are alive: the leak check's first number.
size_t live_object_count();

/// A reference on a T; never null (only a moved-from one is, and may only be assigned or
/// destroyed). While ref_tracker is on, each is written down; what get() and put() do by themselves
/// is not.
template <class T>
class Ref {
  public:
    /// Takes over the reference that the caller owns.
    static Ref adopt(T& object) { return Ref(&object); }
    /// Takes a reference of its own.
    static Ref share(T& object) {
        object.get();
        return Ref(&object);
    }

    /// Nothing if the last reference is already gone. `object` is kept from being freed by a lock
    /// that its destructor takes too.
    static std::optional<Ref> try_share(T& object) {
        if (!object.try_get()) return std::nullopt;
        return adopt(object);
    }

    Ref(const Ref& other) : object_(other.object_) {
        object_->get();
        note_taken();
    }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {
        note_moved_from(&other);
    }
    // NOLINTBEGIN(google-explicit-constructor): as pointers convert.
    template <class U>
    requires std::is_convertible_v<U*, T*> Ref(const Ref<U>& other) : object_(&*other) {
        object_->get();
        note_taken();
    }
    template <class U>
    requires std::is_convertible_v<U*, T*> Ref(Ref<U>&& other)
    noexcept : object_(std::exchange(other.object_, nullptr)) { note_moved_from(&other); }
    // NOLINTEND(google-explicit-constructor)
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        if (ref_tracker::is_on()) [[unlikely]]
            ref_tracker::note_swapped(this, &other);
        return *this;
    }
    ~Ref() {
        if (!object_) return;
        note_dropped();
        object_->put();
    }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    /// Gives the reference away; the caller owns it.
    T* release() {
        note_dropped();
        return std::exchange(object_, nullptr);
    }

    friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

  private:
    template <class U>
    friend class Ref;
    explicit Ref(T* object) : object_(object) {
        assert(object_);
        note_taken();
    }
    void note_taken() const {
        if (ref_tracker::is_on()) [[unlikely]]
            ref_tracker::note_taken(this, *object_);
    }
    void note_moved_from(const void* other) const {
        if (ref_tracker::is_on()) [[unlikely]]
            ref_tracker::note_moved(other, this);
    }
    void note_dropped() const {
        if (ref_tracker::is_on()) [[unlikely]]
            ref_tracker::note_dropped(this);
    }
    T* object_;
};

/// A reference or nothing.
template <class T>
using MaybeRef = std::optional<Ref<T>>;

template <class T>
T* borrow(const MaybeRef<T>& ref) {
    return ref ? &**ref : nullptr;
}

/// A new T whose first reference is the result.
template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
    T* object = new T(std::forward<Args>(args)...);
    static_cast<Object*>(object)->announce();
    return Ref<T>::adopt(*object);
}

}  // namespace plugboard
