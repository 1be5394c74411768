// One machine's devices: its buses, its roots, its settings, and who watches.
// Linux: drivers/base (there: global)
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/thread.h"
#include "device/bus.h"
#include "device/class.h"
#include "device/device.h"
#include "device/driver.h"
#include "device/services.h"

namespace plugboard::device {

struct Settings {
    /// As before Linux 6.6: device_del of a device without a driver leaves its devres to the last
    /// reference, and devres may be added after del.
    bool release_only_at_last_put = false;
    /// Each probe that succeeds is undone and done again, but for drivers with suppress_bind_attrs.
    /// Linux: CONFIG_DEBUG_TEST_DRIVER_REMOVE
    bool test_driver_remove = false;
    /// A device's last reference is dropped later, by the worker: who relies on its memory until
    /// then, or on its being free at once, is found out. Linux: CONFIG_DEBUG_KOBJECT_RELEASE
    bool delay_release = false;
    /// This long after a probe was deferred, and after the last new driver since, the devices that
    /// wait still are named in the log. Linux: deferred_probe_timeout
    Nanos deferred_probe_timeout = std::chrono::seconds(10);
    /// After each device_del a log line for a loop of references that will keep the device. Walks
    /// all live objects: for tests and debugging.
    bool check_loops_at_del = false;
};

struct Uevent {
    std::string action;  // add, remove, change, bind, unbind
    std::string devpath;
    std::vector<std::pair<std::string, std::string>> keys;  // SUBSYSTEM, DEVTYPE, DEVNAME, ...
    uint64_t seqnum = 0;
};

/// A device whose probe waits for something. Linux: /sys/kernel/debug/devices_deferred
struct DeferredProbe {
    std::string device;
    std::string reason;  // what Bound::defer() was told; may be empty
};

/// Sees what happens to devices. Called with no mutex of the model held, but perhaps with the lock
/// of a device, and uevents on any thread and so of any device: wait for nobody. It may delete
/// devices. Of those that the thread is inside, del() is left to the worker, and bind() and
/// unbind() are too or do nothing. A device's calls come in order, uevents by their seqnum.
class Watcher {
  public:
    virtual void device_added(Device&) {}    // before ADD_DEVICE and the uevent add
    virtual void device_removed(Device&) {}  // after REMOVED_DEVICE, before the uevent remove
    virtual void device_changed(Device&) {}  // attributes, or its driver and so its links
    virtual void uevent(const Device&, const Uevent&) {}
    /// The bus notifications of Linux, by their names: "BIND_DRIVER".
    virtual void notify(const char* /*event*/, Device&) {}

  protected:
    ~Watcher() = default;
};

/// Owns buses and the worker that finishes unplugs begun inside a gate. All devices are gone before
/// it is destroyed (asserted). Any thread.
class Model {
  public:
    static constexpr int platform_id_none = -1, platform_id_auto = -2;  // as Linux's

    explicit Model(Clock& clock = Clock::real(), Settings settings = {});
    ~Model();

    Clock& clock() const { return clock_; }
    const Settings& settings() const { return settings_; }

    Bus& platform_bus();
    Bus& faux_bus();
    /// A bus of one's own.
    Bus& add_bus(std::string name);
    /// One with its own rule of matching.
    Bus& add_bus(std::unique_ptr<Bus> bus);
    Bus* find_bus(std::string_view name);
    /// Busy: it has drivers, or devices that are not freed yet; the log names them. The bus is gone
    /// otherwise.
    Result<void> remove_bus(Bus& bus);
    /// No other has the name (asserted).
    Class& add_class(std::string name);
    Class& add_class(std::unique_ptr<Class> device_class);
    Class* find_class(std::string_view name);
    /// Busy: it has devices that are not freed yet; the log names them. The class is gone
    /// otherwise.
    Result<void> remove_class(Class& device_class);

    /// On the platform bus, below /devices/platform, added; called NAME, NAME.ID, or NAME.N.auto
    /// with the lowest N that no other device has, of whatever name. Linux:
    /// platform_device_register_simple. Inval, Exist, Again: as Device::create() and add().
    Result<Ref<Device>> add_platform_device(DeviceInfo info, int id = platform_id_none);
    /// On the faux bus with its always matching driver; NoDev when its probe fails, the device is
    /// gone then, else as above. Its groups are made after probe and go before remove.
    /// Linux: faux_device_create_with_groups
    Result<Ref<Device>> add_faux_device(DeviceInfo info, Driver* driver = nullptr);
    /// Without bus and parent, below /devices. Linux: root_device_register
    Result<Ref<Device>> add_root_device(std::string name);

    void add_watcher(Watcher& watcher);
    /// Waits for calls to it on other threads.
    void remove_watcher(Watcher& watcher);
    /// Every added device, parents before children.
    std::vector<Ref<Device>> devices() const;

    /// The devices whose probe is deferred. Each is tried again when any device has bound.
    std::vector<DeferredProbe> deferred_probes() const;
    /// devices_deferred, of debugfs: a line each. Good while the model lives.
    Attribute deferred_probes_file() const;

    /// Runs `work` on the model's worker, after what is queued.
    void run_later(std::function<void()> work);
    /// Waits until the worker has nothing left to do, what is due by the clock included. Not from
    /// the worker, nor from inside any device (its gate, probe(), remove(), a watcher): what is
    /// left may wait for the caller to leave. Debug builds abort on that.
    void flush();

    /// What another layer keeps for this model; made at first use as T(Model&).
    template <class T>
    T& service() {
        return services_.of<T>(*this);
    }

    /// For what a probe() makes: a step that fail_nth_step() counts. Again.
    Result<Thread> start_thread(std::function<void()> run);

    /// The n-th manage(), addition to a devres list, opening of a group, or thread of
    /// start_thread() or a Workqueue from now on (1 = the next) fails, a thread with Again, the
    /// others with NoMem; 0 turns it off.
    void fail_nth_step(unsigned n);

  private:
    friend class Core;
    friend class Bus;
    friend class Class;
    friend class Device;
    friend class Bound;
    friend class Devres;
    friend class Workqueue;
    Clock& clock_;
    Settings settings_;
    struct State;
    std::unique_ptr<State> state_;
    Services services_;  // ended first: they may still use the model
};

}  // namespace plugboard::device
