// Actions: functions that run when a device releases its resources.
// Linux: devm_add_action and the functions below it in drivers/base/devres.c
#include <utility>

#include "device/devres/devres.h"
#include "device/devres/devres_impl.h"

namespace plugboard::device {
namespace {

class ActionEntry final : public DevresEntry {
  public:
    ActionEntry(std::string name, Action action)
        : DevresEntry(std::move(name), action.key(), sizeof(Action)), action_(action) {}

  private:
    void release() override { action_.function(action_.data); }
    const Action action_;
};

class FunctionEntry final : public DevresEntry {
  public:
    FunctionEntry(std::string name, std::function<void()> run)
        : DevresEntry(std::move(name), {}, sizeof(run)), run_(std::move(run)) {}

  private:
    void release() override { run_(); }
    std::function<void()> run_;
};

/// An action that owns a reference; dropped with the entry.
class PutEntry final : public DevresEntry {
  public:
    PutEntry(std::string name, Ref<const Object> object)
        : DevresEntry(std::move(name), {}, sizeof(object)), object_(std::move(object)) {}
    void visit_refs(RefVisitor& visitor) const override {
        visitor.edge(object_, "devm action \"" + name() + "\"");
    }

  private:
    void release() override {}
    Ref<const Object> object_;
};

}  // namespace

Result<DevresHandle> Devres::add_action(std::string name, Action action) {
    return add(std::make_unique<ActionEntry>(std::move(name), action));
}

Result<DevresHandle> Devres::add_action(std::string name, std::function<void()> run) {
    return add(std::make_unique<FunctionEntry>(std::move(name), std::move(run)));
}

Result<DevresHandle> Devres::add_action_or_reset(std::string name, Action action) {
    auto added = add_action(std::move(name), action);
    if (!added.ok()) action.function(action.data);
    return added;
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

Result<void> Devres::remove_action(const Action& action) {
    const auto removed = destroy(action.key());
    if (!removed.ok()) impl_->complain(removed.error(), "there is no such action to remove");
    return removed;
}

Result<void> Devres::release_action(const Action& action) {
    const auto released = release(action.key());
    if (!released.ok()) impl_->complain(released.error(), "there is no such action to release");
    return released;
}

bool Devres::is_action_added(const Action& action) const {
    return find(action.key()) != nullptr;
}

}  // namespace plugboard::device
