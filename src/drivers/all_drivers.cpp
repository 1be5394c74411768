#include "drivers/all_drivers.h"

#include "drivers/mock/driver.h"
#include "drivers/vgem/driver.h"
#include "drivers/vkms/driver.h"

namespace plugboard {

std::vector<std::unique_ptr<device::Driver>> all_drivers() {
    std::vector<std::unique_ptr<device::Driver>> drivers;
    drivers.push_back(std::make_unique<vkms::Driver>());
    drivers.push_back(std::make_unique<vgem::Driver>());
    drivers.push_back(std::make_unique<mock::Driver>());
    return drivers;
}

}  // namespace plugboard
