#include "examples/client.h"

#include <drm.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "uapi/in_process_memory.h"

namespace plugboard::examples {
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

Result<Buffer> Client::make_buffer(uint32_t width, uint32_t height) {
    drm_mode_create_dumb dumb{};
    dumb.width = width;
    dumb.height = height;
    dumb.bpp = 32;
    TRY(ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb));
    return Buffer{dumb.handle, width, height, dumb.pitch, dumb.size};
}

Result<void> Client::draw(const Buffer& buffer, uint32_t xrgb) {
    drm_mode_map_dumb map{};
    map.handle = buffer.handle;
    TRY(ioctl(DRM_IOCTL_MODE_MAP_DUMB, map));
    const auto mapped =
        TRY(file_->map(map.offset, buffer.size, PROT_READ | PROT_WRITE, MAP_SHARED));
    void* pixels =
        mmap(nullptr, buffer.size, PROT_READ | PROT_WRITE, MAP_SHARED, mapped.memory.borrow(), 0);
    if (pixels == MAP_FAILED) return last_error();
    std::fill_n(static_cast<uint32_t*>(pixels), buffer.size / sizeof(uint32_t), xrgb);
    munmap(pixels, buffer.size);
    return {};
}

Result<UniqueFd> Client::share(const Buffer& buffer) {
    drm_prime_handle prime{};
    prime.handle = buffer.handle;
    prime.flags = DRM_CLOEXEC | DRM_RDWR;
    TRY(ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime));
    return UniqueFd(prime.fd);
}

Result<Buffer> Client::import(const UniqueFd& shared, const Buffer& as) {
    drm_prime_handle prime{};
    prime.fd = shared.borrow();
    TRY(ioctl(DRM_IOCTL_PRIME_FD_TO_HANDLE, prime));
    Buffer buffer = as;
    buffer.handle = prime.handle;
    return buffer;
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

Result<std::vector<drm_mode_modeinfo>> Client::modes() {
    const Screen screen = TRY(find_screen());
    drm_mode_get_connector known{};
    known.connector_id = screen.connector;
    TRY(ioctl(DRM_IOCTL_MODE_GETCONNECTOR, known));
    std::vector<drm_mode_modeinfo> modes(known.count_modes);
    known = {};
    known.connector_id = screen.connector;
    known.count_modes = static_cast<uint32_t>(modes.size());
    known.modes_ptr = address(modes.data());
    TRY(ioctl(DRM_IOCTL_MODE_GETCONNECTOR, known));
    return modes;
}

Result<void> Client::show(const Buffer& buffer, const drm_mode_modeinfo& mode) {
    drm_mode_fb_cmd2 fb{};
    fb.width = buffer.width;
    fb.height = buffer.height;
    fb.pixel_format = DRM_FORMAT_XRGB8888;
    fb.handles[0] = buffer.handle;
    fb.pitches[0] = buffer.pitch;
    TRY(ioctl(DRM_IOCTL_MODE_ADDFB2, fb));
    Screen screen = TRY(find_screen());
    drm_mode_crtc crtc{};
    crtc.crtc_id = screen.crtc;
    crtc.fb_id = fb.fb_id;
    crtc.set_connectors_ptr = address(&screen.connector);
    crtc.count_connectors = 1;
    crtc.mode = mode;
    crtc.mode_valid = 1;
    return ioctl(DRM_IOCTL_MODE_SETCRTC, crtc);
}

Result<void> Client::show(const Buffer& buffer) {
    const auto known = TRY(modes());
    for (const drm_mode_modeinfo& mode : known) {
        if (mode.hdisplay == buffer.width && mode.vdisplay == buffer.height)
            return show(buffer, mode);
    }
    return Errno::Inval;
}

}  // namespace plugboard::examples
