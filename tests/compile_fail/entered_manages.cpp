// Managed things are made in probe() only, not inside the gate.
// Expected error: discards qualifiers|no matching member function for call to 'manage'
#include "device/device.h"

namespace plugboard::device {

Result<void> hook(Device& device) {
    const Entered entered = device.enter();
    TRY(entered.bound().manage<int>(1));
    return {};
}

}  // namespace plugboard::device
