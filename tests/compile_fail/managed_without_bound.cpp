// Managed state is not reached without a Bound.
// Expected error: no matching function|too few arguments
#include "device/device.h"

namespace plugboard::device {

int hook(Managed<int> managed) {
    return managed.get();
}

}  // namespace plugboard::device
