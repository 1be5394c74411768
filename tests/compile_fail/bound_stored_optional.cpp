// Nor in an optional.
// Expected error: no match for .*operator=|no viable overloaded
#include "device/device.h"

namespace plugboard::device {

void hook(const Bound& bound, std::optional<Bound>& kept) {
    kept = bound;
}

}  // namespace plugboard::device
