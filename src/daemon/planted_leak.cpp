#include "daemon/planted_leak.h"

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
    void visit_refs(RefVisitor&) const override {}
};

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
    return Problem{.message = fmt::format("\"{}\" cannot be leaked", kind),
                   .remedy = "use object or fd"};
}

}  // namespace plugboard::daemon
