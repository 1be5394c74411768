// What the others try in a wrong way, done right: this one must compile.
#include "device/device.h"

namespace plugboard::device {

int hook(const Bound& bound, Managed<int> managed) {
    return managed.get(bound);
}

Result<Managed<int>> probe(Bound& bound) {
    return bound.manage<int>(1);
}

int timer(Device& device, Managed<int> managed) {
    if (const Entered entered = device.enter()) return hook(entered.bound(), managed);
    return 0;
}

}  // namespace plugboard::device
