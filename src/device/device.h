// A device of the model: named, counted, with a parent, attributes, devres and perhaps a driver.
// Linux: drivers/base/core.c, dd.c
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/gate.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/wait.h"
#include "device/attribute.h"
#include "device/bound.h"
#include "device/devres/devres.h"
#include "device/insiders.h"

namespace plugboard::device {

class Bus;
class Class;
class Driver;
class Model;

/// A character device's number and node. Linux: dev_t, devtmpfs
struct DeviceNode {
    uint32_t major = 0;
    uint32_t minor = 0;
    std::string path;  // below /dev: "dri/card0"
};

/// What a device is made from. Plain data.
struct DeviceInfo {
    std::string name;
    /// Its owner keeps it until add(); from then on to del() this device holds a reference.
    Device* parent = nullptr;
    Bus* bus = nullptr;
    Class* device_class = nullptr;
    std::string devtype;  // "drm_minor"
    std::optional<DeviceNode> node;
    std::vector<Attribute> attributes;
    std::vector<AttributeGroup> groups;  // attributes that may be left out
    std::vector<std::pair<std::string, std::string>> uevent_keys;  // beyond the core's
    std::vector<std::pair<std::string, std::string>> links;        // name, relative target
    std::vector<std::string> compatible;  // what drivers match on: "virtual,vkms"
    bool pm_not_required = false;         // no folder "power"
    /// What made it deletes it before what it needs goes: the core need not do so when the parent
    /// is unbound or deleted.
    bool is_deleted_by_owner = false;
    std::any platform_data;  // what the driver's probe wants to know: vkms::Config
};

/// Counted; the last put frees it. Any thread. Holders of a Ref may use the name and the log
/// prefix; everything else of a bound device asks for a Bound.
class Device final : public Object {
  public:
    /// Made, not visible. Inval: no name.
    static Result<Ref<Device>> create(Model& model, DeviceInfo info);

    /// Visible: sysfs, bus list, uevent add, then probe. Exist: the name is taken in its folder, or
    /// that of one of its files; NoEnt: the parent is not there, or goes; NoDev: it was deleted
    /// before; Again: no thread for the model's worker. A failed probe does not make it fail.
    Result<void> add();
    /// Undoes add(): deletes its children, unbinds, releases devres, sends remove. Once; later
    /// calls do nothing. From inside this device's gate it marks gone and leaves the rest to the
    /// model's worker.
    void del();

    Model& model() const { return model_; }
    const std::string& name() const { return info_.name; }
    /// Below /sys, with a leading slash: "/devices/platform/vkms".
    std::string sysfs_path() const;
    const DeviceInfo& info() const { return info_; }
    /// Good while this is added.
    Device* parent() const { return info_.parent; }
    /// Empty while unbound; set while probe() runs. A snapshot.
    std::string driver_name() const;
    /// From add() until del() has sent remove.
    bool is_added() const;
    /// From a probe that succeeded until its devres is released.
    bool is_bound() const;

    /// True from the first step of unbind or del on, or a failed probe, until the next probe. Waits
    /// of the device end with NoDev then.
    bool is_gone() const { return gone_.load(); }
    /// Woken when the device goes.
    WaitQueue& gone_queue() { return gone_queue_; }
    /// Inside the gate, if the device is bound and not gone. What it is for is said when unbind has
    /// to wait long.
    Entered enter(const Doing& doing = {}) {
        return enter_if([] { return true; }, doing);
    }
    /// The same, if `is_valid()` is true inside: of this binding, not of a later one.
    template <class Predicate>
    Entered enter_if(Predicate is_valid, const Doing& doing = {}) {
        auto pass = is_gone() ? std::nullopt : gate_.enter();
        if (pass && !is_valid()) pass.reset();
        return Entered(*this, std::move(pass), doing);
    }

    Devres& devres() { return devres_; }

    /// Sends a uevent about this device: "change" with keys such as HOTPLUG=1.
    void send_uevent(std::string action,
                     std::vector<std::pair<std::string, std::string>> keys = {});
    /// An attribute's value may be another now: snapshots of it are taken again.
    void attributes_changed();

    /// From add() until an early step of del(): its folder has something in it.
    bool has_files() const;
    /// The files of its folder: its own, uevent, dev, power/, those of its groups. They are good
    /// while the device lives; its driver's answer NoDev once their binding ends.
    std::vector<Attribute> all_attributes() const;
    /// The symlinks in its folder, name and relative target: subsystem, driver, device, its own.
    std::vector<std::pair<std::string, std::string>> all_links() const;

    std::string label() const override { return "device " + name(); }
    void visit_refs(RefVisitor& visitor) const override;

  private:
    friend class Core;
    friend class Bound;
    friend class Entered;
    friend class Class;
    friend class DeferredProbes;
    friend class Model;
    friend class PlatformBus;
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Device(Model& model, DeviceInfo info);
    ~Device() override;
    void last_put() override;
    /// Those of its files that the core makes: uevent, dev, power/.
    std::vector<Attribute> core_attributes() const;
    struct CoreFile;
    static std::span<const CoreFile> core_files();
    /// One of them, or a link that the core may make, has that name or clashes with it.
    bool has_core_name(std::string_view name) const;

    Model& model_;
    const DeviceInfo info_;
    std::atomic<bool> gone_{false};
    WaitQueue gone_queue_;
    Gate gate_;
    Insiders insiders_;
    Devres devres_;
    struct State;
    std::unique_ptr<State> state_;
};

/// The symlinks elsewhere that lead to the device, path below /sys and relative target:
/// class/CLASS/NAME, bus/BUS/devices/NAME, bus/BUS/drivers/DRIVER/NAME, dev/char/MAJOR:MINOR.
std::vector<std::pair<std::string, std::string>> model_links(const Device& device);

}  // namespace plugboard::device
