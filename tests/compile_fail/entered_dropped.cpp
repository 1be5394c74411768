// What enter() gives is the scope inside the gate: dropped at once, it guards nothing.
// Expected error: nodiscard
#include "device/device.h"

namespace plugboard::device {

void hook(Device& device) {
    device.enter();
}

}  // namespace plugboard::device
