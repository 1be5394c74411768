// Says so when a device is deleted and a loop of references will keep it.
#pragma once

#include "base/ref.h"

namespace plugboard::device {

class Device;

/// Looks when it ends: when nothing of the deletion is held any more. Does nothing unless
/// Settings::check_loops_at_del asks for it. Any thread, with no lock held.
class LoopCheckAtDel {
  public:
    explicit LoopCheckAtDel(Device& device);
    ~LoopCheckAtDel();
    LoopCheckAtDel(const LoopCheckAtDel&) = delete;
    LoopCheckAtDel& operator=(const LoopCheckAtDel&) = delete;

  private:
    MaybeRef<Device> device_;  // none: not asked for
};

}  // namespace plugboard::device
