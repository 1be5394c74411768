// A Wayland client that shows the test pattern on the whole of an output, and shows it anew for
// each frame the compositor asks for, until it is ended.
//   wayland_picture [OUTPUT [still]]    the number of the output from 0; none: where the compositor
//                                       puts it; still: drawn once a size, not for each frame
// Says "drawn WIDTHxHEIGHT" when the compositor has shown it at a size. Exit status 3: the
// compositor is gone.
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "tests/support/pictures.h"
#include "xdg-shell-client-protocol.h"

namespace {

constexpr uint32_t drm_format_xr24 = 0x34325258;
constexpr int compositor_gone = 3;

[[noreturn]] void fail(const char* what) {
    fprintf(stderr, "wayland_picture: %s\n", what);
    exit(EXIT_FAILURE);
}

/// One buffer of the client's memory, drawn once for each size.
class Buffer {
  public:
    Buffer(wl_shm* shm, uint32_t width, uint32_t height)
        : size_(size_t{4} * width * height), width_(width), height_(height) {
        const int memory = memfd_create("picture", MFD_CLOEXEC);
        if (memory < 0 || ftruncate(memory, static_cast<off_t>(size_)) != 0) fail("no memory");
        data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        if (data_ == MAP_FAILED) fail("no mapping");
        plugboard::tests::draw_pattern(drm_format_xr24, width, height, 4 * width,
                                       {static_cast<std::byte*>(data_), size_});
        wl_shm_pool* pool = wl_shm_create_pool(shm, memory, static_cast<int32_t>(size_));
        buffer_ = wl_shm_pool_create_buffer(
            pool, 0, static_cast<int32_t>(width), static_cast<int32_t>(height),
            static_cast<int32_t>(4 * width), WL_SHM_FORMAT_XRGB8888);
        wl_shm_pool_destroy(pool);
        close(memory);
    }
    ~Buffer() {
        wl_buffer_destroy(buffer_);
        munmap(data_, size_);
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    wl_buffer* handle() const { return buffer_; }
    uint32_t width() const { return width_; }
    uint32_t height() const { return height_; }

  private:
    size_t size_;
    uint32_t width_, height_;
    void* data_ = nullptr;
    wl_buffer* buffer_ = nullptr;
};

class Picture {
  public:
    Picture(int output, bool is_still) : wanted_output_(output), is_still_(is_still) {
        display_ = wl_display_connect(nullptr);
        if (!display_) fail("no compositor at WAYLAND_DISPLAY");
        wl_registry* registry = wl_display_get_registry(display_);
        static constexpr wl_registry_listener listener = {.global = take_global,
                                                          .global_remove = lose_global};
        wl_registry_add_listener(registry, &listener, this);
        if (wl_display_roundtrip(display_) < 0) exit(compositor_gone);
        if (!compositor_ || !shm_ || !shell_) fail("the compositor lacks wl_shm or xdg_wm_base");
        if (wanted_output_ >= 0 && !output_) fail("there is no such output");
    }

    void show() {
        surface_ = wl_compositor_create_surface(compositor_);
        xdg_surface* shell_surface = xdg_wm_base_get_xdg_surface(shell_, surface_);
        static constexpr xdg_surface_listener surface_listener = {.configure = configure};
        xdg_surface_add_listener(shell_surface, &surface_listener, this);
        xdg_toplevel* window = xdg_surface_get_toplevel(shell_surface);
        static const xdg_toplevel_listener window_listener = [] {
            xdg_toplevel_listener listener{};  // later versions have more, which we do not ask for
            listener.configure = take_size;
            listener.close = end;
            return listener;
        }();
        xdg_toplevel_add_listener(window, &window_listener, this);
        xdg_toplevel_set_title(window, "picture");
        xdg_toplevel_set_fullscreen(window, output_);
        wl_surface_commit(surface_);
        while (wl_display_dispatch(display_) >= 0) {
        }
        exit(compositor_gone);
    }

  private:
    static void take_global(void* data, wl_registry* registry, uint32_t name, const char* interface,
                            uint32_t) {
        auto& self = *static_cast<Picture*>(data);
        const auto bind = [&](const wl_interface& of, uint32_t version) {
            return wl_registry_bind(registry, name, &of, version);
        };
        if (strcmp(interface, wl_compositor_interface.name) == 0) {
            self.compositor_ = static_cast<wl_compositor*>(bind(wl_compositor_interface, 1));
        } else if (strcmp(interface, wl_shm_interface.name) == 0) {
            self.shm_ = static_cast<wl_shm*>(bind(wl_shm_interface, 1));
        } else if (strcmp(interface, xdg_wm_base_interface.name) == 0) {
            self.shell_ = static_cast<xdg_wm_base*>(bind(xdg_wm_base_interface, 1));
            static constexpr xdg_wm_base_listener listener = {.ping = answer_ping};
            xdg_wm_base_add_listener(self.shell_, &listener, data);
        } else if (strcmp(interface, wl_output_interface.name) == 0) {
            if (self.output_count_++ == self.wanted_output_)
                self.output_ = static_cast<wl_output*>(bind(wl_output_interface, 1));
        }
    }
    static void lose_global(void*, wl_registry*, uint32_t) {}
    static void answer_ping(void*, xdg_wm_base* shell, uint32_t serial) {
        xdg_wm_base_pong(shell, serial);
    }
    static void take_size(void* data, xdg_toplevel*, int32_t width, int32_t height, wl_array*) {
        auto& self = *static_cast<Picture*>(data);
        if (width > 0 && height > 0) {
            self.width_ = static_cast<uint32_t>(width);
            self.height_ = static_cast<uint32_t>(height);
        }
    }
    static void end(void*, xdg_toplevel*) { exit(EXIT_SUCCESS); }

    static void configure(void* data, xdg_surface* shell_surface, uint32_t serial) {
        auto& self = *static_cast<Picture*>(data);
        xdg_surface_ack_configure(shell_surface, serial);
        if (!self.buffer_ || self.buffer_->width() != self.width_ ||
            self.buffer_->height() != self.height_) {
            delete self.buffer_;
            self.buffer_ = new Buffer(self.shm_, self.width_, self.height_);
            self.is_told_ = false;
        }
        if (!self.frame_) self.draw();
    }
    static void frame_done(void* data, wl_callback* frame, uint32_t) {
        auto& self = *static_cast<Picture*>(data);
        wl_callback_destroy(frame);
        self.frame_ = nullptr;
        if (!self.is_told_ && self.drawn_ == self.buffer_) {
            printf("drawn %ux%u\n", self.buffer_->width(), self.buffer_->height());
            fflush(stdout);
            self.is_told_ = true;
        }
        if (!self.is_still_ || self.drawn_ != self.buffer_) self.draw();
    }
    void draw() {
        frame_ = wl_surface_frame(surface_);
        static constexpr wl_callback_listener listener = {.done = frame_done};
        wl_callback_add_listener(frame_, &listener, this);
        wl_surface_attach(surface_, buffer_->handle(), 0, 0);
        wl_surface_damage(surface_, 0, 0, INT32_MAX, INT32_MAX);
        wl_surface_commit(surface_);
        drawn_ = buffer_;
    }

    wl_display* display_ = nullptr;
    wl_compositor* compositor_ = nullptr;
    wl_shm* shm_ = nullptr;
    xdg_wm_base* shell_ = nullptr;
    wl_output* output_ = nullptr;
    const int wanted_output_;
    const bool is_still_;
    int output_count_ = 0;
    wl_surface* surface_ = nullptr;
    wl_callback* frame_ = nullptr;
    Buffer* buffer_ = nullptr;
    const Buffer* drawn_ = nullptr;
    bool is_told_ = false;
    uint32_t width_ = 640, height_ = 480;  // should the compositor leave it to us
};

}  // namespace

int main(int argc, char** argv) {
    Picture picture(argc > 1 ? atoi(argv[1]) : -1, argc > 2 && strcmp(argv[2], "still") == 0);
    picture.show();
}
