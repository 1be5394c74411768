// A bus: where devices and drivers of one kind meet.
// Linux: drivers/base/bus.c, platform.c, faux.c
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "device/attribute.h"

namespace plugboard::device {

class Device;
class Driver;
class Model;

/// Made by Model::add_bus; lives as long as the model, or until Model::remove_bus. Any thread.
class Bus {
  public:
    Bus(Model& model, std::string name);
    virtual ~Bus();

    Model& model() const { return model_; }
    const std::string& name() const { return name_; }

    /// Whether the driver may be tried on the device.
    virtual bool match(const Device& device, const Driver& driver) const;

    /// Tries the driver on every unbound device, if autoprobe() is on. Busy: the name is taken. The
    /// driver outlives it.
    Result<void> add_driver(Driver& driver);
    /// Unbinds its devices, newest-bound first, after probes of it that run. NoEnt: not on this
    /// bus. Not from inside a device that the driver has or tries, or one below it.
    Result<void> remove_driver(Driver& driver);
    bool has_driver(std::string_view name) const;
    MaybeRef<Device> find_device(std::string_view name) const;

    /// As sysfs bind and unbind do. NoDev: no such device or driver, or not bound to it, or no
    /// match; Busy: bound already, or called from inside it or a device below it; else what probe()
    /// said (Again for a deferred one).
    Result<void> bind(std::string_view device, std::string_view driver);
    /// From inside the device (its gate, its probe) the model's worker does it.
    Result<void> unbind(std::string_view device, std::string_view driver);
    /// Tries the drivers on the device unless it is bound, as sysfs drivers_probe does. From inside
    /// a device below it the worker does it. NoDev: no such device.
    Result<void> probe(std::string_view device);
    /// The same for every device. Linux: bus_rescan_devices
    void rescan();
    /// Whether devices and drivers are tried on each other when they come. On at first.
    bool autoprobe() const;
    void set_autoprobe(bool on);

    /// drivers_autoprobe, drivers_probe: the files of bus/NAME. They are good while the bus lives.
    std::vector<Attribute> attributes();
    /// bind, unbind: the files of bus/NAME/drivers/DRIVER. Good while the bus lives.
    std::vector<Attribute> driver_attributes(const Driver& driver);

    /// Files that a device of the bus has. Linux: bus_type.dev_groups
    virtual std::vector<AttributeGroup> device_groups(const Device& device) const;
    /// Appends to the keys of a device's uevents. Linux: bus_type.uevent
    virtual void add_uevent_keys(const Device& device,
                                 std::vector<std::pair<std::string, std::string>>& keys) const;

  private:
    friend class Core;
    friend class Device;
    friend class Model;
    friend class PlatformBus;
    Model& model_;
    std::string name_;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace plugboard::device
