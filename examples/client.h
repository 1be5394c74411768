// A DRM client in this process: each call goes through the same dispatch as that of any program.
#pragma once

#include <drm_mode.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/device.h"
#include "drm/file.h"

namespace plugboard::examples {

/// A buffer of 32 bits a pixel, by its handle in one file.
struct Buffer {
    uint32_t handle = 0;
    uint32_t width = 0, height = 0;  // pixels
    uint32_t pitch = 0;              // bytes
    uint64_t size = 0;
};

/// One open file of a card. One thread. Each call's result is that of the first ioctl that fails.
class Client {
  public:
    /// What open(2) fails with.
    static Result<std::unique_ptr<Client>> open(drm::Device& device);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Result<Buffer> make_buffer(uint32_t width, uint32_t height);
    /// Fills it with one colour.
    Result<void> draw(const Buffer& buffer, uint32_t xrgb);
    /// A dma-buf descriptor.
    Result<UniqueFd> share(const Buffer& buffer);
    /// The same buffer here.
    Result<Buffer> import(const UniqueFd& shared, const Buffer& as);
    /// Of the card's first screen.
    Result<std::vector<drm_mode_modeinfo>> modes();
    /// On the first screen: framebuffer, SETCRTC.
    Result<void> show(const Buffer& buffer, const drm_mode_modeinfo& mode);
    /// In its first mode of that size.
    Result<void> show(const Buffer& buffer);

  private:
    explicit Client(Ref<drm::File> file) : file_(std::move(file)) {}
    template <class Argument>
    Result<void> ioctl(unsigned long command, Argument& argument) {
        return ioctl(command, static_cast<void*>(&argument));
    }
    Result<void> ioctl(unsigned long command, void* argument);
    struct Screen {
        uint32_t crtc = 0, connector = 0;
    };
    Result<Screen> find_screen();

    const Ref<drm::File> file_;
};

}  // namespace plugboard::examples
