// A DRM client in this process: each call goes through the same dispatch as that of any program.
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "drm/device.h"
#include "drm/file.h"

namespace plugboard::small {

/// One open file of a card. One thread.
class Client {
  public:
    /// What open(2) fails with.
    static Result<std::unique_ptr<Client>> open(drm::Device& device);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    std::vector<drm_mode_modeinfo> modes();  // of the card's first screen
    /// Shows a picture of one colour in the mode: dumb buffer, framebuffer, SETCRTC. The result is
    /// that of the first call that fails.
    Result<void> draw(uint32_t xrgb, uint32_t width, uint32_t height, drm_mode_modeinfo mode);

  private:
    explicit Client(Ref<drm::File> file) : file_(std::move(file)) {}
    template <class Argument>
    Result<void> ioctl(unsigned long command, Argument& argument) {
        return ioctl(command, static_cast<void*>(&argument));
    }
    Result<void> ioctl(unsigned long command, void* argument);
    Result<uint32_t> make_framebuffer(uint32_t xrgb, uint32_t width, uint32_t height);
    struct Screen {
        uint32_t crtc = 0, connector = 0;
    };
    Result<Screen> find_screen();

    const Ref<drm::File> file_;
};

}  // namespace plugboard::small
