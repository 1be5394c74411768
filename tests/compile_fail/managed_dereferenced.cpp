// A Managed is no pointer.
// Expected error: no match for|requires pointer operand
#include "device/device.h"

namespace plugboard::device {

int hook(Managed<int> managed) {
    return *managed;
}

}  // namespace plugboard::device
