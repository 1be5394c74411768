// One managed resource, and what it is looked up by.
// Linux: struct devres_node in drivers/base/devres.c
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/list.h"
#include "base/ref.h"

namespace plugboard::device {

/// Which kind of resource, and which one of them. Linux: the release function, and what a match
/// function is given
struct DevresKey {
    const void* kind = nullptr;  // an address that stands for the kind; null: is not looked up
    const void* data = nullptr;

    friend bool operator==(const DevresKey&, const DevresKey&) = default;
};

/// The kind of all resources that are a T.
template <class T>
const void* kind_of() {
    static const char kind = 0;
    return &kind;
}

struct DevresPlaces;
struct Group;

/// Owned by its device's list once added; destroyed right after release().
class DevresEntry : private ListNode {
  public:
    /// `name` is what traces and the explainer print: "devm action \"put\"". `size` are the bytes
    /// that they say it has.
    explicit DevresEntry(std::string name, DevresKey key = {}, size_t size = 0);
    virtual ~DevresEntry();

    const std::string& name() const { return name_; }
    const DevresKey& key() const { return key_; }
    size_t size() const { return size_; }
    /// The counted objects that this entry holds; see Object::visit_refs.
    virtual void visit_refs(RefVisitor&) const {}

  protected:
    /// Called once, with no lock of the list held; may use the device's devres again.
    virtual void release() = 0;

  private:
    friend class Devres;
    friend class DevresIndex;
    friend class List<DevresEntry>;
    /// It is the caller's, or about to be released.
    bool is_off() const { return doomed_ || !is_linked(); }

    std::string name_;
    DevresKey key_;
    size_t size_;
    Group* group_ = nullptr;                // set in a group's two markers
    std::unique_ptr<DevresPlaces> places_;  // in the index, once there is one
    bool doomed_ = false;                   // about to be released: no look-up sees it any more
};

/// Names an entry for O(1) removal. A plain address: good from add() until the entry is destroyed,
/// which is right after its release(), or when whoever took it off does it. Who may come later than
/// that uses a ScopedAction.
using DevresHandle = DevresEntry*;

}  // namespace plugboard::device
