// A Managed is no pointer.
// Expected error: non-pointer type|is not a pointer|no match for|does not define this operator|indirection requires pointer
#include "device/device.h"

namespace plugboard::device {

int hook(Managed<int> managed) {
    return *managed;
}

}  // namespace plugboard::device
