// The list of all drivers: there is no other way for one to be found.
#pragma once

#include <memory>
#include <vector>

#include "device/driver.h"

namespace plugboard {

/// One of each, not registered.
std::vector<std::unique_ptr<device::Driver>> all_drivers();

}  // namespace plugboard
