// Nor can an array of them.
// Expected error: deleted function .*operator new
#include "device/device.h"

namespace plugboard::device {

Bound* hook() {
    return new Bound[2];
}

}  // namespace plugboard::device
