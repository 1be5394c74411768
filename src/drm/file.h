// One open of a DRM node: what a file descriptor and its copies stand for.
// Linux: drivers/gpu/drm/drm_file.c, struct drm_file
#pragma once

#include <drm.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/id_table.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/gem/object.h"
#include "drm/request.h"
#include "uapi/user_memory.h"

namespace plugboard::drm {

class Blob;
class Device;
class Framebuffer;
class Master;

enum class NodeType { Primary, Render };
/// Which of the free numbers a node gets.
enum class MinorChoice { LongestFree, Lowest };

/// An event as read() gives it: all core events are 32 bytes.
using EventBytes = std::array<std::byte, 32>;

/// Where a file's events go: a socket (daemon) or a queue (in-process). Any thread; never blocks.
class EventSink {
  public:
    virtual ~EventSink() = default;
    virtual void push(const EventBytes& event) = 0;
    /// Bytes pushed and not yet read.
    virtual size_t unread() const = 0;
    /// Unplugged: readers get what is queued, then NoDev; pollers get a hang-up.
    virtual void hang_up() = 0;
};

/// What the client has switched on. Linux: struct drm_file
struct ClientCaps {
    bool stereo = false;
    bool universal_planes = false;
    bool atomic = false;
    bool aspect_ratio = false;
    bool writeback_connectors = false;
    bool cursor_hotspot = false;
    bool plane_color_pipeline = false;
};

struct OpenInfo {
    NodeType node = NodeType::Primary;
    int flags = 0;  // O_RDWR, O_NONBLOCK, O_EXCL as open() got them
    uapi::Credentials opener;
    std::string command;  // comm of the opener
};

/// What mmap() of a DRM fd leads to.
struct MappedObject {
    UniqueFd memory;    // a sealed memfd, to be mapped from offset 0
    uint64_t size = 0;  // of the whole buffer in bytes
};

/// What a driver keeps with a file, and ends with it. Linux: drm_file.driver_priv
struct FileData {
    FileData() = default;
    FileData(const FileData&) = delete;
    FileData& operator=(const FileData&) = delete;
    virtual ~FileData() = default;
};

/// Counted. Any thread; the ioctls of one file may run at the same time. A file names itself in
/// events by its id, which is never used again.
class File final : public Object {
  public:
    /// NoDev: gone or not published; Busy: O_EXCL; NFile: the user has too many. Linux: drm_open
    static Result<Ref<File>> open(Device& device, OpenInfo info, std::unique_ptr<EventSink> sink);

    /// The whole of ioctl(2) for type 'd': order of checks as facts say. The value is what the call
    /// returns. Linux: drm_ioctl
    Result<int> ioctl(Request& request, uint32_t command, uapi::UserAddress argument);
    /// NoDev, Inval, Access. `length` in bytes. Linux: drm_gem_mmap
    Result<MappedObject> map(uint64_t offset, uint64_t length, int protection, int flags);
    /// The last close: nothing runs on the file any more. Once; after the last reference the
    /// model's worker does it. Linux: drm_release
    void release();

    Device& device() const { return *device_; }
    uint64_t id() const { return id_; }
    NodeType node() const { return info_.node; }
    const OpenInfo& info() const { return info_; }
    bool is_render() const { return info_.node == NodeType::Render; }

    ClientCaps caps() const;

    // Events.
    /// Space for one event, until it is sent or cancelled. NoMem: 4096 bytes are reserved and
    /// unread.
    Result<void> reserve_event();
    void cancel_event();
    void send_event(const EventBytes& event);  // uses up one reservation
    void hang_up();

    /// The driver's own T, made at first use, destroyed at release(). One type a driver.
    template <std::derived_from<FileData> T>
    T& driver_data() {
        return static_cast<T&>(data_or([]() -> std::unique_ptr<FileData> {  //
            return std::make_unique<T>();
        }));
    }

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

    // Guarded by the lock named at each; used by the handlers of src/drm only.
    struct State;
    State& state() { return *state_; }
    const State& state() const { return *state_; }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    File(Device& device, OpenInfo info, std::unique_ptr<EventSink> sink);
    ~File() override;
    void last_put() override;
    FileData& data_or(std::unique_ptr<FileData> (*make)());

    Ref<Device> device_;
    const uint64_t id_;
    const OpenInfo info_;
    std::unique_ptr<EventSink> sink_;
    std::unique_ptr<State> state_;
};

}  // namespace plugboard::drm
