// Only manage() makes a Managed.
// Expected error: private
#include "device/device.h"

namespace plugboard::device {

Managed<int> hook(int& value, Device& device) {
    return Managed<int>(value, device);
}

}  // namespace plugboard::device
