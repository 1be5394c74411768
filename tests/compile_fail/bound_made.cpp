// Only the core makes a Bound.
// Expected error: private
#include "device/device.h"

namespace plugboard::device {

void hook(Device& device) {
    Bound bound(device);
    (void)bound;
}

}  // namespace plugboard::device
