// A Bound cannot be returned by value.
// Expected error: deleted
#include "device/device.h"

namespace plugboard::device {

Bound hook(Bound& bound) {
    return bound;
}

}  // namespace plugboard::device
