// Managed device resources: what a device releases by itself, newest first.
// Linux: drivers/base/devres.c
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/list.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"

namespace plugboard::device {

class Device;

/// One managed resource. Owned by its device's list once added; destroyed right after release().
class DevresEntry : private ListNode {
  public:
    /// `name` is what traces and the explainer print: "devm action \"put\"".
    explicit DevresEntry(std::string name) : name_(std::move(name)) {}
    virtual ~DevresEntry() = default;

    const std::string& name() const { return name_; }
    /// The counted objects that this entry holds; see Object::visit_refs.
    virtual void visit_refs(RefVisitor&) const {}

  protected:
    /// Called once, with no lock of the list held; may use the device's devres again.
    virtual void release() = 0;

  private:
    friend class Devres;
    friend class List<DevresEntry>;
    std::string name_;
    struct Group* group_ = nullptr;  // set in a group's two markers
    bool doomed_ = false;            // about to be released: no look-up sees it any more
};

/// Names an entry for O(1) removal; good while the entry is on the list.
using DevresHandle = DevresEntry*;
/// A group's id: any address, or null for "the newest that is still open".
using GroupId = const void*;

/// The list of one device. Any thread; no proof of being bound is asked for.
/// add(), open_group() and actions fail with NoDev after device_del, except under the rule of
/// before Linux 6.6, where what is added then waits for the last reference.
class Devres {
  public:
    explicit Devres(Device& device);
    ~Devres();

    /// Appends. On failure the entry is destroyed without release().
    Result<DevresHandle> add(std::unique_ptr<DevresEntry> entry);
    /// Runs `run` at release. NoMem is for tests that make allocations fail.
    Result<DevresHandle> add_action(std::string name, std::function<void()> run);
    /// As add_action, but on failure runs it at once. Linux: devm_add_action_or_reset
    Result<DevresHandle> add_action_or_reset(std::string name, const std::function<void()>& run);
    /// Drops the reference at release; the explainer sees it. At once on failure.
    Result<DevresHandle> add_put(std::string name, Ref<const Object> object);

    /// Takes the entry off without release(). Linux: devm_remove_action
    /// Both do nothing to an entry whose release has begun with others.
    void remove(DevresHandle handle);
    /// Takes the entry off and releases it now. Linux: devm_release_action
    void release(DevresHandle handle);

    /// From here on entries belong to the group. The id of a group opened with null is the result.
    Result<GroupId> open_group(GroupId id = nullptr);
    /// NoEnt: no such group; Inval: it is closed already.
    Result<void> close_group(GroupId id = nullptr);
    /// Forgets the group, keeps its entries. NoEnt.
    Result<void> remove_group(GroupId id = nullptr);
    /// Releases what the group holds; says how many entries that were. NoEnt.
    Result<size_t> release_group(GroupId id = nullptr);

    size_t size() const;  // entries without group markers
    void visit_refs(RefVisitor& visitor) const;

  private:
    friend class Device;
    friend class Core;
    /// Whether anything may be added from now on. What callbacks add is left for the next pass.
    enum class Further { Allowed, Refused };
    /// Unbind, failed probe, device_del, last reference. Says how many entries were released.
    size_t release_all(Further further);
    bool empty() const;  // not even a group marker

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace plugboard::device
