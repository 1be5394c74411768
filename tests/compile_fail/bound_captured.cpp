// Nor by value in a lambda.
// Expected error: deleted
#include "device/device.h"

namespace plugboard::device {

auto hook(const Bound& bound) {
    return [bound] { return &bound.device(); };
}

}  // namespace plugboard::device
