// A Bound cannot be made with new.
// Expected error: deleted function .*operator new
#include "device/device.h"

namespace plugboard::device {

Bound* hook(const Bound& bound) {
    return new Bound(bound.device());
}

}  // namespace plugboard::device
