// A Bound cannot be moved.
// Expected error: deleted
#include "device/device.h"

namespace plugboard::device {

void hook(Bound& bound) {
    Bound moved(std::move(bound));
    (void)moved;
}

}  // namespace plugboard::device
