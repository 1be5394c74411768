// A Bound cannot be copied.
// Expected error: deleted
#include "device/device.h"

namespace plugboard::device {

void hook(const Bound& bound) {
    Bound copy(bound);
    (void)copy;
}

}  // namespace plugboard::device
