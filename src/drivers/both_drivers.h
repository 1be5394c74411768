// For tests: a machine with vkms and vgem, whose cards come and go.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "device/device.h"
#include "device/model.h"
#include "drivers/vgem/driver.h"
#include "drivers/vkms/config.h"
#include "drivers/vkms/driver.h"
#include "drm/device.h"
#include "drm/minors.h"

namespace plugboard::tests {

/// Its devices are the test's, and gone before it goes.
class BothDrivers {
  public:
    explicit BothDrivers(Clock& clock) : model(clock) {
        EXPECT_TRUE(model.platform_bus().add_driver(vkms_driver_).ok());
        EXPECT_TRUE(model.platform_bus().add_driver(vgem_driver_).ok());
    }
    ~BothDrivers() {
        EXPECT_TRUE(model.platform_bus().remove_driver(vkms_driver_).ok());
        EXPECT_TRUE(model.platform_bus().remove_driver(vgem_driver_).ok());
        model.flush();
    }

    Ref<device::Device> plug_vkms(vkms::Config config, std::string name = "vkms") {
        device::DeviceInfo info;
        info.name = std::move(name);
        info.compatible = {"virtual,vkms"};
        info.platform_data = std::move(config);
        return model.add_platform_device(std::move(info)).value();
    }
    Ref<device::Device> plug_vgem(std::string name = "vgem") {
        device::DeviceInfo info;
        info.name = std::move(name);
        info.compatible = {"virtual,vgem"};
        return model.add_platform_device(std::move(info)).value();
    }
    /// What is published on it.
    Ref<drm::Device> card_on(const device::Device& device) {
        for (uint32_t minor = 0;; ++minor) {
            const auto found = drm::find_device(model, drm::NodeType::Primary, minor);
            if (found && &(*found)->parent() == &device) return *found;
        }
    }

    device::Model model;

  private:
    vkms::Driver vkms_driver_;
    vgem::Driver vgem_driver_;
};

}  // namespace plugboard::tests
