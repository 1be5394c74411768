#include "daemon/control/planted_leak.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/unique_fd.h"

namespace plugboard::daemon {
namespace {

class PlantedLeak final : public Object {
  public:
    std::string label() const override { return "planted leak"; }
    void visit_refs(RefVisitor& visitor) const override {
        if (other_) visitor.edge(*other_, "planted");
    }
    /// Once, before anybody else knows it.
    void hold(const Ref<PlantedLeak>& other) { other_ = other; }

  private:
    MaybeRef<PlantedLeak> other_;
};

void plant_loop() {
    const auto first = make_ref<PlantedLeak>(), second = make_ref<PlantedLeak>();
    first->hold(second);
    second->hold(first);
}

}  // namespace

Outcome<Done> plant_leak(std::string_view kind) {
    if (kind == "object") {
        [[maybe_unused]] PlantedLeak* const leaked = make_ref<PlantedLeak>().release();
        return Done{};
    }
    if (kind == "fd") {
        UniqueFd leaked(eventfd(0, EFD_CLOEXEC));
        [[maybe_unused]] const int number = leaked.release();
        return Done{};
    }
    if (kind == "loop") {
        plant_loop();
        return Done{};
    }
    return Problem{.message = fmt::format("\"{}\" cannot be leaked", kind),
                   .remedy = "use object, fd or loop"};
}

}  // namespace plugboard::daemon
