// The inner side of the driver model: what add, del, match, probe and unbind do to a device.
// Linux: drivers/base/core.c, dd.c
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "device/device_lock.h"

namespace plugboard::device {

class Bus;
class Device;
class Driver;
struct BusDriver;

/// Friend of the public classes; holds nothing itself. Watchers and drivers are called with no
/// mutex held, but with the device's lock.
class Core {
  public:
    static DeviceLock& lock_of(Device& device);

    /// Linux: device_add
    static Result<void> add(Device& device);
    /// Linux: device_del; from inside the device the worker does it
    static void del(Device& device);

    /// Tries the drivers of its bus until one binds. Linux: device_attach
    static void attach(const DeviceLocked& locked);
    /// Tries the driver on the unbound devices of its bus. Linux: driver_attach
    static void attach_driver(Bus& bus, BusDriver& driver);
    /// Unbinds the driver's devices, newest-bound first. Linux: driver_detach
    static void detach_driver(Bus& bus, BusDriver& driver);
    static Result<void> bind(Device& device, BusDriver& driver);
    /// From inside the device the worker does it. NoDev: not bound to that driver.
    static Result<void> unbind(Device& device, const BusDriver& driver);

    static Driver* faux_driver_of(const Device& device);
    static void notify(const char* event, Device& device);
    /// Linux: kobject_uevent_env; nothing for a device with neither bus nor class
    static void send_uevent(Device& device, std::string action,
                            std::vector<std::pair<std::string, std::string>> keys);

  private:
    static Result<void> enter_model(Device& device);
    static void leave_bus_and_class(Device& device);
    static void leave_model(Device& device);
    static void finish_del(Device& device);

    static bool is_inside(Device& device);
    static void mark_gone(Device& device);
    static Result<void> may_probe(const DeviceLocked& locked);
    /// True: no other driver need be tried.
    static bool try_driver(const DeviceLocked& locked, BusDriver& entry);
    static Result<void> probe(const DeviceLocked& locked, BusDriver& driver);
    static void release_driver(const DeviceLocked& locked);
    static void clear_driver(Device& device);
    static void log_probe_error(const Device& device, const Driver& driver, Errno error);
};

}  // namespace plugboard::device
