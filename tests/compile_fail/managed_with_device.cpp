// A device is no proof of being bound.
// Expected error: no viable conversion|cannot convert|invalid initialization|private
#include "device/device.h"

namespace plugboard::device {

int hook(Managed<int> managed, Device& device) {
    return managed.get(device);
}

}  // namespace plugboard::device
