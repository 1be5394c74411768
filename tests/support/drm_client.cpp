#include "tests/support/drm_client.h"

#include <sys/eventfd.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "drm/file_opener.h"
#include "drm/objects/mode_list.h"
#include "drm/request.h"
#include "drm/vblank/vblank_timer.h"
#include "uapi/in_process_memory.h"

namespace plugboard::tests {

std::string result_name(int error) {
    return error == 0 ? "ok" : errno_name(static_cast<Errno>(error));
}

void EventQueue::push(const drm::EventBytes& event) {
    if (before_push_) before_push_();
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
}

size_t EventQueue::unread() const {
    const std::lock_guard lock(mutex_);
    return events_.size() * sizeof(drm::EventBytes);
}

std::deque<drm::EventBytes> EventQueue::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
}

bool EventQueue::is_hung_up() const {
    const std::lock_guard lock(mutex_);
    return hung_up_;
}

void EventQueue::hang_up() {
    const std::lock_guard lock(mutex_);
    hung_up_ = true;
}

/// Owned by the file; the queue is the client's, which outlives its file's use.
class Client::Sink final : public drm::EventSink {
  public:
    explicit Sink(EventQueue& queue) : queue_(queue) {}
    void push(const drm::EventBytes& event) override { queue_.push(event); }
    size_t unread() const override { return queue_.unread(); }
    void hang_up() override { queue_.hang_up(); }

  private:
    EventQueue& queue_;
};

/// Gives a call's caller a file: a client of its own, and a descriptor that stands for it.
class Client::Opener final : public drm::FileOpener {
  public:
    Result<drm::OpenedFile> open_file(drm::Device& device, drm::OpenInfo info) override {
        made_ = std::make_unique<Client>(device, ClientInfo{.node = info.node,
                                                            .flags = info.flags,
                                                            .uid = info.opener.uid,
                                                            .pid = info.opener.pid,
                                                            .command = info.command});
        if (!made_->is_open()) return static_cast<Errno>(made_->open_error());
        UniqueFd fd(eventfd(0, EFD_CLOEXEC));
        number_ = fd.borrow();
        return drm::OpenedFile{Ref<drm::File>::share(made_->file()), std::move(fd)};
    }
    /// After a successful call: null if it opened none.
    std::unique_ptr<Client> take() {
        if (made_) made_->descriptor_.reset(number_);
        return std::move(made_);
    }

  private:
    std::unique_ptr<Client> made_;
    int number_ = -1;
};

Client::Client(drm::Device& device, ClientInfo info) : device_(device), info_(std::move(info)) {
    auto file = drm::File::open(device,
                                {.node = info_.node,
                                 .flags = info_.flags,
                                 .opener = {.pid = info_.pid, .uid = info_.uid, .gid = info_.uid},
                                 .command = info_.command},
                                std::make_unique<Sink>(events_));
    if (file.ok()) {
        file_ = *file;
    } else {
        open_error_ = static_cast<int>(file.error());
    }
}

Client::~Client() {
    close();
}

void Client::close() {
    if (file_) (*file_)->release();
    file_.reset();
}

int Client::ioctl(unsigned long command, void* argument) {
    return ioctl_as({.pid = info_.pid, .uid = info_.uid, .gid = info_.uid}, command, argument);
}

int Client::ioctl_as(uapi::Credentials caller, unsigned long command, void* argument) {
    uapi::InProcessMemory memory;
    ThreadSleeper own(device_.clock());
    Sleeper& sleeper = info_.sleeper ? *info_.sleeper : own;
    drm::Request request(memory, sleeper, caller);
    drm::IoctlText text;
    request.describe_into(text);
    Opener opener;
    request.set_opener(opener);
    const auto done = (*file_)->ioctl(request, static_cast<uint32_t>(command),
                                      uapi::UserAddress{reinterpret_cast<uintptr_t>(argument)});
    memory.end_request(!done.ok());
    const std::lock_guard lock(mutex_);
    reason_ = request.reason();
    text_ = std::move(text);
    if (done.ok()) opened_ = opener.take();
    return done.ok() ? 0 : static_cast<int>(done.error());
}

std::unique_ptr<Client> Client::take_opened() {
    const std::lock_guard lock(mutex_);
    return std::move(opened_);
}

std::string Client::reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
}

drm::IoctlText Client::text() const {
    const std::lock_guard lock(mutex_);
    return text_;
}

int Client::set_cap(uint64_t cap, uint64_t value) {
    drm_set_client_cap argument{.capability = cap, .value = value};
    return ioctl(DRM_IOCTL_SET_CLIENT_CAP, argument);
}

void Client::must(unsigned long command, void* argument) {
    if (ioctl(command, argument) == 0) return;
    std::fprintf(stderr, "%s\n", reason().c_str());
    std::abort();
}

uint32_t Client::make_buffer(uint32_t width, uint32_t height, uint32_t bpp) {
    drm_mode_create_dumb dumb{};
    dumb.width = width;
    dumb.height = height;
    dumb.bpp = bpp;
    must(DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
    return dumb.handle;
}

UniqueFd Client::share(uint32_t handle) {
    drm_prime_handle prime{.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR, .fd = -1};
    must(DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
    return UniqueFd(prime.fd);
}

uint32_t Client::import(const UniqueFd& shared) {
    drm_prime_handle prime{.handle = 0, .flags = 0, .fd = shared.borrow()};
    must(DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
    return prime.handle;
}

drm_mode_fb_cmd2 Client::good_fb_of(uint32_t handle, uint32_t width, uint32_t height,
                                    uint32_t format) {
    drm_mode_fb_cmd2 fb{};
    fb.width = width;
    fb.height = height;
    fb.pixel_format = format;
    fb.handles[0] = handle;
    fb.pitches[0] = width * 4;
    return fb;
}

drm_mode_fb_cmd2 Client::good_fb(uint32_t width, uint32_t height, uint32_t format) {
    return good_fb_of(make_buffer(width, height), width, height, format);
}

uint32_t Client::add_fb_of(uint32_t handle, uint32_t width, uint32_t height, uint32_t format) {
    drm_mode_fb_cmd2 fb = good_fb_of(handle, width, height, format);
    must(DRM_IOCTL_MODE_ADDFB2, &fb);
    return fb.fb_id;
}

uint32_t Client::add_fb(uint32_t width, uint32_t height, uint32_t format) {
    return add_fb_of(make_buffer(width, height), width, height, format);
}

uint32_t Client::add_blob(const void* bytes, size_t size) {
    drm_mode_create_blob create{};
    create.data = reinterpret_cast<uint64_t>(bytes);
    create.length = static_cast<uint32_t>(size);
    must(DRM_IOCTL_MODE_CREATEPROPBLOB, &create);
    return create.blob_id;
}

CardInfo vgem_card() {
    CardInfo info;
    info.driver.name = "vgem";
    info.driver.modeset = false;
    info.driver.render_node = true;
    return info;
}

CardInfo linux_6_1_card() {
    CardInfo info;
    info.driver.like_linux_6_1 = true;
    return info;
}

Board::Board(CardInfo info, Clock& clock)
    : model(clock),
      info_(std::move(info)),
      driver_({.name = "fake", .matches = {"fake"}},
              [this](device::Bound& bound) { return probe(bound); }) {
    device::DeviceInfo device;
    device.name = "card";
    device.compatible = {"fake"};
    if (!model.platform_bus().add_driver(driver_).ok()) std::abort();
    auto added = model.add_platform_device(std::move(device));
    if (!added.ok() || !drm_) std::abort();
    device_ = *added;
}

Board::~Board() {
    unplug();
    drop();
    model.flush();
    if (!model.platform_bus().remove_driver(driver_).ok()) std::abort();
}

void Board::unplug() {
    if (device_) (*device_)->del();
    device_.reset();
}

void Board::drop() {
    drm_.reset();
}

void Board::add_second_crtc(drm::Device& drm) {
    auto& primary = drm.manage<drm::Plane>(drm, drm::PlaneInfo{.type = drm::PlaneType::Primary,
                                                               .possible_crtcs = 2,
                                                               .formats = {DRM_FORMAT_XRGB8888}});
    drm.manage<drm::Crtc>(drm, drm::CrtcInfo{.primary = &primary});
    auto& encoder = drm.manage<drm::Encoder>(drm, drm::EncoderInfo{.possible_crtcs = 2});
    drm::ConnectorInfo screen;
    screen.encoders = {&encoder};
    screen.modes = [] { return drm::noedid_modes(8192, 8192); };
    drm::Connector::create(drm, std::move(screen));
}

Result<void> Board::probe(device::Bound& bound) {
    drm_ = TRY(drm::Device::create(bound, info_.driver));
    drm::Device& drm = **drm_;
    if (drm.has_modeset()) {
        drm::ModeConfig& config = drm.mode_config();
        config.limits.min_width = config.limits.min_height = info_.driver.like_linux_6_1 ? 20 : 10;
        config.limits.cursor_width = config.limits.cursor_height = 512;
    }
    if (drm.has_modeset() && info_.has_objects) {
        const std::vector<uint32_t> formats{DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB16161616,
                                            DRM_FORMAT_RGB565,   DRM_FORMAT_RGB888,
                                            DRM_FORMAT_NV12,     DRM_FORMAT_YUV420};
        auto& primary = drm.manage<drm::Plane>(
            drm, drm::PlaneInfo{
                     .type = drm::PlaneType::Primary, .possible_crtcs = 1, .formats = formats});
        auto& cursor = drm.manage<drm::Plane>(
            drm, drm::PlaneInfo{.type = drm::PlaneType::Cursor,
                                .possible_crtcs = 1,
                                .formats = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888}});
        if (info_.has_overlay) {
            drm.manage<drm::Plane>(
                drm, drm::PlaneInfo{
                         .type = drm::PlaneType::Overlay, .possible_crtcs = 1, .formats = formats});
        }
        drm.manage<drm::Crtc>(
            drm, drm::CrtcInfo{.primary = &primary, .cursor = &cursor, .gamma_size = 256});
        auto& to_memory = drm.manage<drm::Encoder>(
            drm, drm::EncoderInfo{.possible_crtcs = 1, .possible_clones = 3});
        drm::ConnectorInfo memory;
        memory.type = DRM_MODE_CONNECTOR_WRITEBACK;
        memory.encoders = {&to_memory};
        memory.writeback_formats = {DRM_FORMAT_XRGB8888};
        memory.modes = [] { return drm::noedid_modes(8192, 8192); };
        drm::Connector::create(drm, std::move(memory));
        auto& to_screen = drm.manage<drm::Encoder>(
            drm, drm::EncoderInfo{.possible_crtcs = 1, .possible_clones = 3});
        drm::ConnectorInfo screen = info_.screen;
        screen.encoders = {&to_screen};
        if (!screen.modes) {
            screen.modes = [] {
                auto modes = drm::noedid_modes(8192, 8192);
                drm::prefer_size(modes, {1024, 768});
                return modes;
            };
        }
        drm::Connector::create(drm, std::move(screen));
        if (info_.has_second_crtc) add_second_crtc(drm);
        TRY(bound.manage<drm::VblankTimer>(drm));
    }
    return drm.publish(bound);
}

}  // namespace plugboard::tests
