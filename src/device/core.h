// The inner side of the driver model: what add, del, match, probe and unbind do to a device.
// Linux: drivers/base/core.c, dd.c
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "device/attribute.h"
#include "device/device_lock.h"

namespace plugboard::device {

class Bus;
class ClassInterface;
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
    /// The same for one that is not locked, unless it is bound or the caller is its probe. From
    /// inside some device the worker does it, unless its lock is free.
    static void probe_now(Device& device);
    /// Tries the driver on the unbound devices of its bus. Linux: driver_attach
    static void attach_driver(Bus& bus, BusDriver& driver);
    /// Unbinds the driver's devices, newest-bound first. Linux: driver_detach
    static void detach_driver(Bus& bus, BusDriver& driver);
    static Result<void> bind(Device& device, BusDriver& driver);
    /// From inside the device the worker does it. NoDev: not bound to that driver.
    static Result<void> unbind(Device& device, const BusDriver& driver);

    /// Exist: the device has a file or link of that name. Linux: device_add_groups
    static Result<void> make_groups(Device& device, GroupOwner owner,
                                    std::vector<AttributeGroup> groups);
    static void drop_groups(Device& device, GroupOwner owner);
    /// Tells those of its class's interfaces that do not know of it.
    static void tell_interfaces(Device& device);
    static void untell_interface(Device& device, ClassInterface& interface);

    static Driver* faux_driver_of(const Device& device);
    static const std::vector<AttributeGroup>& faux_groups_of(const Device& device);
    static void notify(const char* event, Device& device);
    /// Linux: kobject_uevent_env; nothing for a device with neither bus nor class
    static void send_uevent(Device& device, std::string action,
                            std::vector<std::pair<std::string, std::string>> keys);

  private:
    static Result<void> enter_model(Device& device);
    static bool enter_class(Device& device);
    static void forget_class(Device& device);
    static bool enter_bus(Device& device);
    static void leave_after_failed_add(Device& device);
    /// The files and links that it was made with. Exist: two of them clash, or with one of the
    /// core's.
    static Result<void> check_own_names(const Device& device);
    /// It has a file or link that clashes with the name.
    static bool has_name(const Device& device, std::string_view name);
    /// A child, or the folder of its class, is where the file would be. Under the model's mutex.
    static bool has_child_named(const Device& device, std::string_view name);
    static bool is_name_of_parents_file(const Device& child);
    /// Exist, said in the log.
    static Errno refuse_name(const Device& device, std::string_view name);
    static Result<void> make_files(Device& device);
    static void drop_files(Device& device);
    static void join_class(const DeviceLocked& locked);
    static void tell_interfaces(const DeviceLocked& locked);
    static void leave_class(const DeviceLocked& locked);
    static void leave_bus(Device& device);
    static void leave_model(Device& device);
    static void finish_del(Device& device);

    enum class Children { All, OfThisBinding };
    /// Deletes them, newest first, but for those that their owner will delete; waits for those that
    /// others delete. Under the device's lock.
    static void delete_children(const DeviceLocked& locked, Children which);
    static bool takes_children(const Device& device);
    static MaybeRef<Device> newest_child(Device& device, Children which);
    static std::vector<Ref<Device>> children_of(const Device& device);
    static bool is_deleted_with(const Device& parent, const Device& child, Children which);
    /// It goes if the probe of some device above it fails, which has not ended yet.
    static bool is_of_unfinished_probe(const Device& device);
    /// A child of this binding, which its owner will delete, is bound.
    static bool has_bound_child(const Device& device);
    /// Those that will be deleted: who waits for one inside the parent's gate leaves it. They are
    /// not probed any more.
    static void mark_children_gone(const Device& device, Children which);
    static bool is_inside(Device& device);
    /// In the device, or in one below it.
    static bool is_inside_tree(Device& device);
    static void mark_gone(Device& device);
    /// Waits until nobody is inside; says for whom if that lasts. `what` ends: "unbind". The
    /// binding's children are marked gone before.
    static void drain(Device& device, const char* what);
    static Result<void> may_probe(const DeviceLocked& locked);
    /// True: no other driver need be tried.
    static bool try_driver(const DeviceLocked& locked, BusDriver& entry);
    static Result<void> probe(const DeviceLocked& locked, BusDriver& driver);
    /// probe() and the driver's files.
    static Result<void> start(const DeviceLocked& locked, Driver& driver);
    /// Undoes start(): children, files, remove(), devres. Nobody is inside the gate.
    static void stop(const DeviceLocked& locked, Driver& driver);
    static void open_gate(Device& device);
    static void release_driver(const DeviceLocked& locked);
    static void clear_driver(Device& device);
    /// The last step of an unbind, so that who removes the driver waits for it. (Linux: before
    /// UNBOUND_DRIVER)
    static void leave_driver(Device& device);
    using LockedWork = std::function<void(const DeviceLocked& locked)>;
    /// Under the device's lock, with none held in a wrong order: from inside some device at once if
    /// the lock is free, else by the worker. From inside one below it always by the worker.
    static void run_locked(Device& device, LockedWork work);
    /// A file of its driver: its functions run inside the gate until such files are dropped.
    static Attribute while_bound(Device& device, Attribute file);
    static void probe_failed(Device& device, const Driver& driver, Errno error, uint64_t binds);
};

}  // namespace plugboard::device
