// What enter() gives cannot leave its scope.
// Expected error: deleted
#include "device/device.h"

namespace plugboard::device {

void hook(Device& device) {
    Entered entered = device.enter();
    Entered moved(std::move(entered));
}

}  // namespace plugboard::device
