// A driver by somebody who has nothing but the installed library.
#include <cstdio>
#include <string>

#include "device/mock_device.h"
#include "device/model.h"

namespace {

using namespace plugboard;

struct Sensor {
    int degrees = 21;
};

class SensorDriver final : public device::Driver {
  public:
    SensorDriver() : device::Driver({.name = "sensor", .matches = {"outside,sensor"}}) {}
    Result<void> probe(device::Bound& bound) override {
        sensor = TRY(bound.manage<Sensor>());
        std::printf("probe of %s: bus %s\n", bound.device().name().c_str(),
                    bound.device().info().bus->name().c_str());
        return {};
    }
    Result<int> read(device::Device& device) const {
        const device::Entered entered = device.enter();
        if (!entered) return Errno::NoDev;
        return sensor->get(entered.bound()).degrees;
    }
    std::optional<device::Managed<Sensor>> sensor;
};

}  // namespace

int main() {
    SensorDriver driver;
    device::Model model;
    device::Bus& bus = model.add_bus("outside");
    bus.add_driver(driver).value();
    {
        device::DeviceInfo info;
        info.name = "sensor0";
        info.bus = &bus;
        info.compatible = {"outside,sensor"};
        const auto sensor = device::Device::create(model, info).value();
        sensor->add().value();
        std::printf("%d degrees\n", driver.read(*sensor).value());
        sensor->del();
        std::printf("sensor0 is gone: %s\n", errno_name(driver.read(*sensor).error()));
    }
    bus.remove_driver(driver).value();
    device::MockDevice mock([](device::Bound& bound) -> Result<void> {
        TRY(bound.manage<Sensor>());
        return {};
    });
    const std::string left = mock.finish();
    std::printf("a mock left: %s\n", left.empty() ? "nothing" : left.c_str());
}
