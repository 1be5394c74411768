// A device for tests in one line, bound to a fake driver; what it leaves behind is found and named.
// Linux: lib/kunit/device.c, drivers/gpu/drm/drm_kunit_helpers.c
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ref.h"
#include "device/bound.h"
#include "device/device.h"
#include "device/function_driver.h"
#include "device/model.h"

namespace plugboard::device {

/// Plain data.
struct MockOptions {
    DeviceInfo info{};       // without a name it is "mock0"; its bus is always the mock's own
    Clock* clock = nullptr;  // the machine's
    Settings settings{};
    /// Told of what is left when the mock goes, by finish()'s words. None: they are logged, and the
    /// process aborts.
    std::function<void(const std::string& left)> on_left{};
};

/// A Model with a bus whose every driver matches, one driver, and one device that is added there:
/// bound, unless probe() failed. One thread; while nothing else of the process makes objects or
/// descriptors.
class MockDevice {
  public:
    /// With a driver that does nothing.
    explicit MockDevice(MockOptions options = {});
    /// With one whose probe() is the function.
    explicit MockDevice(FunctionDriver::Probe probe, MockOptions options = {});
    /// With the driver that is to be tested; it outlives this.
    explicit MockDevice(Driver& driver, MockOptions options = {});
    /// finish(), if that was not called; anything left is an error.
    ~MockDevice();
    MockDevice(const MockDevice&) = delete;
    MockDevice& operator=(const MockDevice&) = delete;

    // Before finish().
    Model& model() { return *model_; }
    Bus& bus() { return *model_->find_bus("mock"); }
    Device& device() { return **device_; }
    /// For code that wants a Bound: `part.get(mock.enter().bound())`.
    Entered enter() { return device().enter(); }

    /// Deletes the device and unregisters the driver. The result names each object and descriptor
    /// that has come since the mock was made, and who holds it; empty: none. May be called again.
    std::string finish();

  private:
    MockDevice(std::unique_ptr<FunctionDriver> own_driver, Driver* driver, MockOptions options);
    using Descriptors = std::map<int, std::string>;  // and what each leads to
    static Descriptors open_descriptors();
    std::string left_objects() const;
    std::string left_descriptors() const;

    const MockOptions options_;
    std::unique_ptr<FunctionDriver> own_driver_;
    Driver& driver_;
    const Descriptors descriptors_before_;  // before the model, which has some of its own
    std::unique_ptr<Model> model_;
    std::vector<const Object*> objects_before_;  // identities
    MaybeRef<Device> device_;
};

}  // namespace plugboard::device
