// For tests: a machine with one card like vkms on a driver of the test's own, and clients of it in
// this process.
#pragma once

#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>
#include <fcntl.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/wait.h"
#include "device/device.h"
#include "device/function_driver.h"
#include "device/model.h"
#include "drm/device.h"
#include "drm/file.h"
#include "drm/objects/mode_config.h"
#include "drm/trace/ioctl_text.h"

namespace plugboard::tests {

/// As the reference files have it: "ok", or the errno's name.
std::string result_name(int error);

/// The events of one file until they are taken, and whether it was hung up.
class EventQueue {
  public:
    void push(const drm::EventBytes& event);
    size_t unread() const;
    std::deque<drm::EventBytes> take();
    bool is_hung_up() const;
    void hang_up();
    /// Runs on the thread that sends an event, before the event is there. Set while none is sent.
    void before_each(std::function<void()> run) { before_push_ = std::move(run); }

  private:
    std::function<void()> before_push_;
    mutable std::mutex mutex_;
    std::deque<drm::EventBytes> events_;
    bool hung_up_ = false;
};

struct ClientInfo {
    drm::NodeType node = drm::NodeType::Primary;
    int flags = O_RDWR;
    uint32_t uid = 1000;
    int pid = 4242;
    std::string command = "client";
    Sleeper* sleeper = nullptr;  // in which every call waits, one at a time; null: each has its own
};

/// One open file. ioctl() may be called by several threads; reason() is the last call's.
class Client {
  public:
    explicit Client(drm::Device& device, ClientInfo info = {});
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// 0, or the errno.
    int ioctl(unsigned long command, void* argument);
    template <class Argument>
    int ioctl(unsigned long command, Argument& argument) {
        return ioctl(command, static_cast<void*>(&argument));
    }
    /// The same by another process that was given the file.
    int ioctl_as(uapi::Credentials caller, unsigned long command, void* argument);
    /// Why the last call was refused.
    std::string reason() const;
    /// What the last call asked and was answered.
    drm::IoctlText text() const;

    int set_cap(uint64_t cap, uint64_t value = 1);
    /// The handle of a new dumb buffer.
    uint32_t make_buffer(uint32_t width = 1024, uint32_t height = 768, uint32_t bpp = 32);
    /// A dma-buf of the buffer.
    UniqueFd share(uint32_t handle);
    /// The handle of what is shared.
    uint32_t import(const UniqueFd& shared);
    /// An ADDFB2 that succeeds, of a new buffer of 32 bits a pixel; to be changed.
    drm_mode_fb_cmd2 good_fb(uint32_t width = 1024, uint32_t height = 768,
                             uint32_t format = DRM_FORMAT_XRGB8888);
    /// The id of a framebuffer with a buffer of its own.
    uint32_t add_fb(uint32_t width = 1024, uint32_t height = 768,
                    uint32_t format = DRM_FORMAT_XRGB8888);
    /// The id of a framebuffer of this buffer.
    uint32_t add_fb_of(uint32_t handle, uint32_t width, uint32_t height,
                       uint32_t format = DRM_FORMAT_XRGB8888);
    uint32_t add_blob(const void* bytes, size_t size);
    uint32_t add_mode_blob(const drm_mode_modeinfo& mode) { return add_blob(&mode, sizeof(mode)); }

    bool is_open() const { return file_.has_value(); }
    int open_error() const { return open_error_; }
    drm::File& file() { return **file_; }
    EventQueue& events() { return events_; }
    void close();
    /// The client of the file that the last successful call opened; its descriptor closes with it.
    std::unique_ptr<Client> take_opened();
    /// The file as it is, not released; the client has none afterwards, and outlives it.
    Ref<drm::File> take_file() { return *std::exchange(file_, {}); }

  private:
    class Sink;
    class Opener;
    /// A call that is refused ends the program, and says why.
    void must(unsigned long command, void* argument);
    static drm_mode_fb_cmd2 good_fb_of(uint32_t handle, uint32_t width, uint32_t height,
                                       uint32_t format);
    drm::Device& device_;
    const ClientInfo info_;
    EventQueue events_;
    UniqueFd descriptor_;  // that a call gave its caller for the file
    std::unique_ptr<Client> opened_;
    MaybeRef<drm::File> file_;
    int open_error_ = 0;
    mutable std::mutex mutex_;
    std::string reason_;
    drm::IoctlText text_;
};

struct CardInfo {
    drm::DriverInfo driver{
        .name = "vkms", .description = "Virtual Kernel Mode Setting", .date = "20180514"};
    /// As the default vkms of 7.2: one CRTC with gamma, primary and cursor plane, two connectors.
    bool has_objects = true;
    bool has_overlay = false;
    /// The screen's connector, but for its encoder; without `modes` it has those of a Virtual one.
    drm::ConnectorInfo screen{};
    bool has_second_crtc = false;  // with a primary plane and a connector of its own
};

/// Without modeset, with a render node. Linux: vgem
CardInfo vgem_card();
CardInfo linux_6_1_card();

/// A model with one platform device "card" and its published drm::Device, until unplug().
class Board {
  public:
    explicit Board(CardInfo info = {}, Clock& clock = Clock::real());
    ~Board();

    drm::Device& drm() { return **drm_; }
    Ref<drm::Device> drm_ref() { return *drm_; }
    /// device_del; a reference on the drm::Device is kept for the test.
    void unplug();
    /// Lets the last reference of the board itself go as well.
    void drop();

    drm::Plane& primary() { return *drm().mode_config().planes[0]; }
    drm::Plane& cursor() { return *drm().mode_config().planes[1]; }
    drm::Crtc& crtc() { return *drm().mode_config().crtcs[0]; }
    Ref<drm::Connector> writeback() { return drm().mode_config().connectors[0]; }
    Ref<drm::Connector> screen() { return drm().mode_config().connectors[1]; }
    // With a second CRTC and without an overlay.
    drm::Plane& second_primary() { return *drm().mode_config().planes[2]; }
    drm::Crtc& second_crtc() { return *drm().mode_config().crtcs[1]; }
    Ref<drm::Connector> second_screen() { return drm().mode_config().connectors[2]; }

    device::Model model;

  private:
    static void add_second_crtc(drm::Device& drm);
    Result<void> probe(device::Bound& bound);
    CardInfo info_;
    device::FunctionDriver driver_;
    MaybeRef<device::Device> device_;
    MaybeRef<drm::Device> drm_;
};

}  // namespace plugboard::tests
