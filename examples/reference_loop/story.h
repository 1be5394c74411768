// The reference loop between a DRM device and the device it sits on, and the four things that break
// it. Linux: the thread "drivers/base: Always release devres on device_del" of April 2020
#pragma once

#include <string>

namespace plugboard::examples {

/// Plays all scenes and tells what happened in each.
std::string tell_reference_loop();

}  // namespace plugboard::examples
