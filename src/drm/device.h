// A DRM device: what open files, exported buffers and commits in flight keep alive.
// Linux: drivers/gpu/drm/drm_drv.c, struct drm_device
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/wait.h"
#include "device/bound.h"
#include "device/device.h"
#include "drm/driver_ioctl.h"
#include "drm/file.h"
#include "drm/managed.h"

namespace plugboard::drm {

class Connector;
class Device;
class Master;
class ModeConfig;
namespace atomic {
class State;
}

/// What a driver says of itself. Plain data. Linux: struct drm_driver
struct DriverInfo {
    std::string name;           // "vkms"
    std::string description{};  // "Virtual Kernel Mode Setting"
    std::string date{};         // "20180514"
    int major = 1, minor = 0, patch = 0;
    bool modeset = true;
    // Of a device with modeset.
    bool atomic = true;               // the atomic API is the clients' too
    bool universal_planes = true;     // clients may ask for primary and cursor planes
    bool vblank = true;               // without: flips are done at once, and nobody can wait
    bool cursor_hotspot = false;      // cursor planes want to be told where they point
    bool dirty_framebuffers = false;  // DIRTYFB
    bool prime = true;                // buffers go to other devices and come from them
    bool render_node = false;
    bool dumb_buffers = true;
    bool async_page_flip = false;
    bool syncobj = false;  // SYNCOBJ and SYNCOBJ_TIMELINE
    MinorChoice minors = MinorChoice::LongestFree;
    std::vector<DriverIoctl> ioctls{};  // the driver's own
    /// Caps, dumb pitch, sysfs files and debugfs texts as Linux 6.1 has them. Errors stay 7.2's.
    bool like_linux_6_1 = false;
};

/// The KMS side of a driver. Called inside the device's gate, with the modeset lock (check) or on
/// the commit worker with no lock (commit).
class KmsHooks {
  public:
    /// The driver's own checks, after the core's; refuse() through the state's request.
    virtual Result<void> check(atomic::State&) { return {}; }
    /// Programs the new state; the core arms events and fences afterwards. What was shown before
    /// may be read on: State::set_release_fence().
    virtual void commit(const device::Bound&, atomic::State&) {}

  protected:
    ~KmsHooks() = default;
};

/// A file below /sys/kernel/debug/dri/<name>. A live one has open(), a text has show(), and
/// store() when it can be written.
struct DebugFile {
    std::string path;  // "state", "crtc-0/crc/control"
    uint32_t mode = 0444;
    std::function<Result<std::string>()> show{};
    std::function<Result<void>(std::string_view)> store{};
    std::function<Result<UniqueFd>(int flags)> open{};
};

/// Counted. Holds a reference on its device::Device and the drmm list. Any thread.
/// The three lifetimes: this object lives until its last user; what devm holds, until unbind; the
/// device::Device, until its last reference.
class Device final : public Object {
  public:
    /// In probe(): the reference that the devm action "drm_dev_put" drops at unbind is made here.
    /// Busy: no minor number is free. Linux: devm_drm_dev_alloc
    static Result<Ref<Device>> create(device::Bound& bound, DriverInfo info);
    /// On a device without a driver (mock, root): same action on device.devres(). The situation of
    /// the reference loop.
    static Result<Ref<Device>> create(device::Device& device, DriverInfo info);

    /// Visible: nodes, uevents; undone first at unbind (its devres entry is the newest). Once.
    /// Again: no thread for its commits; what making its nodes fails with.
    Result<void> publish(device::Bound& bound);
    /// For a device without a driver, which nothing unpublishes but its devres.
    Result<void> publish();

    device::Device& parent() const { return *parent_; }
    Clock& clock() const;
    const DriverInfo& info() const { return info_; }
    /// "card1"; the number is reserved until the last reference is gone.
    std::string card_name() const;
    uint32_t primary_minor() const;
    std::optional<uint32_t> render_minor() const;

    bool is_published() const;
    /// Unbound or unplugged: every ioctl and mmap is NoDev now.
    /// True from the first step of the device::Device's end on, before anything is undone.
    bool is_gone() const { return gone_.load() || parent_->is_gone(); }
    /// Woken when this device is unpublished. The device::Device's own is woken before.
    WaitQueue& gone_queue() { return gone_queue_; }
    /// Inside the device's gate, unless this drm::Device is gone; the device may be bound again.
    device::Entered enter(const device::Doing& doing = {}) {
        return parent_->enter_if([this] { return !is_gone(); }, doing);
    }

    /// drmm: see managed.h. In probe(), before publish().
    template <class T, class... Args>
    T& manage(Args&&... args) {
        return managed_.make<T>(std::forward<Args>(args)...);
    }
    ManagedList& managed() { return managed_; }

    /// The KMS objects, properties and current state. Only with has_modeset().
    ModeConfig& mode_config() { return *mode_config_; }
    const ModeConfig& mode_config() const { return *mode_config_; }
    bool has_modeset() const { return info_.modeset; }

    // Files.
    /// The file with this id if it is open, for completions that carry only the id.
    MaybeRef<File> find_file(uint64_t id) const;
    std::vector<Ref<File>> files() const;

    /// debugfs files of the driver and the core.
    void add_debug_file(DebugFile file);
    std::vector<DebugFile> debug_files() const;
    /// All of a folder: "DP-4/".
    void remove_debug_files(std::string_view folder);

    /// Sends a "change" uevent of the card: HOTPLUG=1 and the like.
    void send_uevent(std::vector<std::pair<std::string, std::string>> keys);
    /// What sysfs says of the connector (status, modes, enabled, dpms) may be another now. With no
    /// lock held.
    void connector_changed(const Connector& connector);

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

    // For src/drm only; each part says which lock guards it.
    struct State;
    State& state() { return *state_; }
    const State& state() const { return *state_; }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    friend class Publication;
    static Result<Ref<Device>> create_on(device::Device& parent, DriverInfo info);
    Device(device::Device& parent, DriverInfo info);
    ~Device() override;
    void last_put() override;
    void destroy();

    Ref<device::Device> parent_;
    const DriverInfo info_;
    std::unique_ptr<State> state_;
    std::atomic<bool> gone_{false};
    WaitQueue gone_queue_;
    ManagedList managed_;
    std::unique_ptr<ModeConfig> mode_config_;  // null without modeset
};

}  // namespace plugboard::drm
