// Nor can an array of them.
// Expected error: operator new\[\].*deleted|deleted.*operator new\[\]
#include "device/device.h"

namespace plugboard::device {

Bound* hook() {
    return new Bound[2];
}

}  // namespace plugboard::device
