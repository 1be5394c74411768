#include "examples/small_screen/client.h"

#include <drm.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "uapi/in_process_memory.h"

namespace plugboard::small {
namespace {

/// For a client that asks for no events.
class NoEvents final : public drm::EventSink {
  public:
    void push(const drm::EventBytes&) override {}
    size_t unread() const override { return 0; }
    void hang_up() override {}
};

uint64_t address(void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

}  // namespace

Result<std::unique_ptr<Client>> Client::open(drm::Device& device) {
    drm::OpenInfo info;
    info.flags = O_RDWR;
    info.command = "client";
    auto file = TRY(drm::File::open(device, info, std::make_unique<NoEvents>()));
    return std::unique_ptr<Client>(new Client(std::move(file)));
}

Client::~Client() {
    file_->release();
}

Result<void> Client::ioctl(unsigned long command, void* argument) {
    uapi::InProcessMemory memory;
    ThreadSleeper sleeper(file_->device().clock());
    drm::Request request(memory, sleeper, file_->info().opener);
    const auto done =
        file_->ioctl(request, static_cast<uint32_t>(command), uapi::UserAddress{address(argument)});
    memory.end_request(!done.ok());
    return done.ok() ? Result<void>() : done.error();
}

Result<Client::Screen> Client::find_screen() {
    Screen screen;
    drm_mode_card_res resources{};
    resources.count_crtcs = resources.count_connectors = 1;
    resources.crtc_id_ptr = address(&screen.crtc);
    resources.connector_id_ptr = address(&screen.connector);
    TRY(ioctl(DRM_IOCTL_MODE_GETRESOURCES, resources));
    return screen;
}

std::vector<drm_mode_modeinfo> Client::modes() {
    const auto screen = find_screen();
    if (!screen.ok()) return {};
    drm_mode_get_connector connector{};
    connector.connector_id = screen->connector;
    if (!ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector).ok()) return {};
    std::vector<drm_mode_modeinfo> modes(connector.count_modes);
    connector = {};
    connector.connector_id = screen->connector;
    connector.count_modes = static_cast<uint32_t>(modes.size());
    connector.modes_ptr = address(modes.data());
    if (!ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector).ok()) return {};
    return modes;
}

Result<uint32_t> Client::make_framebuffer(uint32_t xrgb, uint32_t width, uint32_t height) {
    drm_mode_create_dumb dumb{};
    dumb.width = width;
    dumb.height = height;
    dumb.bpp = 32;
    TRY(ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb));
    drm_mode_map_dumb map{};
    map.handle = dumb.handle;
    TRY(ioctl(DRM_IOCTL_MODE_MAP_DUMB, map));
    const auto mapped = TRY(file_->map(map.offset, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED));
    void* pixels =
        mmap(nullptr, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, mapped.memory.borrow(), 0);
    if (pixels == MAP_FAILED) return last_error();
    std::fill_n(static_cast<uint32_t*>(pixels), dumb.size / sizeof(uint32_t), xrgb);
    munmap(pixels, dumb.size);
    drm_mode_fb_cmd2 fb{};
    fb.width = width;
    fb.height = height;
    fb.pixel_format = DRM_FORMAT_XRGB8888;
    fb.handles[0] = dumb.handle;
    fb.pitches[0] = dumb.pitch;
    TRY(ioctl(DRM_IOCTL_MODE_ADDFB2, fb));
    return fb.fb_id;
}

Result<void> Client::draw(uint32_t xrgb, uint32_t width, uint32_t height, drm_mode_modeinfo mode) {
    auto screen = TRY(find_screen());
    drm_mode_crtc crtc{};
    crtc.crtc_id = screen.crtc;
    crtc.fb_id = TRY(make_framebuffer(xrgb, width, height));
    crtc.set_connectors_ptr = address(&screen.connector);
    crtc.count_connectors = 1;
    crtc.mode = mode;
    crtc.mode_valid = 1;
    return ioctl(DRM_IOCTL_MODE_SETCRTC, crtc);
}

}  // namespace plugboard::small
