// A Bound cannot be kept in a member.
// Expected error: deleted
#include "device/device.h"

namespace plugboard::device {

class Keeper {
  public:
    explicit Keeper(const Bound& bound) : bound_(bound) {}

  private:
    Bound bound_;
};

}  // namespace plugboard::device
