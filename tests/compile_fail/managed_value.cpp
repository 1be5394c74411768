// Its pointer cannot be had either.
// Expected error: private
#include "device/device.h"

namespace plugboard::device {

int hook(Managed<int> managed) {
    return *managed.value_;
}

}  // namespace plugboard::device
