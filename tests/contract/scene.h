// What the ioctls of a contract act on: a lit card like vkms and a vgem card in one model, and
// clients of both in this process.
#pragma once

#include <drm_mode.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "drivers/vgem/driver.h"
#include "drivers/vkms/test_board.h"
#include "drm/objects/mode.h"
#include "drm/sync/sync_file.h"

namespace plugboard::tests {

struct Answer {
    int error = 0;  // 0, or the errno
    std::string reason;
};

/// What the driver of the scene's card with screens has.
enum class Switches {
    Kernels,  // as the kernel's vkms
    Full,     // it wants to be told of damage and hot spots, and flips asynchronously
    Old,      // it is not atomic, and shares no buffers; its screen is off
};

/// The time stands still but for the vblanks that complete() makes. The test's thread.
class Scene {
  public:
    static constexpr uint32_t side = 64;  // pixels, of the screen's only mode
    static constexpr uint32_t unknown_id = 9999;
    static constexpr uint64_t bad_pointer = 8;

    explicit Scene(Switches switches = Switches::Kernels);
    ~Scene();
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    /// Runs what may wait; while it does there are vblanks.
    int complete(const std::function<int()>& run);
    /// The lit card has no master any more.
    void drop_master();
    void turn_off();
    /// The master's file has no room for an event.
    void fill_event_space();
    void unplug();

    /// The address of a copy that lives as long as the scene.
    template <class T>
    uint64_t keep(const std::vector<T>& values) {
        kept_.emplace_back(std::as_bytes(std::span(values)).begin(),
                           std::as_bytes(std::span(values)).end());
        return reinterpret_cast<uint64_t>(kept_.back().data());
    }
    uint64_t keep(const std::string& text) {
        return keep(std::vector<char>(text.begin(), text.end()));
    }
    /// A descriptor that is closed with the scene.
    int keep_fd(int fd) {
        fds_.emplace_back(fd);
        return fd;
    }

    /// The lessee that the last call has made lives as long as the scene.
    void keep_lessee(Client& lessor) { lessees_.push_back(lessor.take_opened()); }

    uint32_t gamma_size();
    const vkms::TestClient::Property& property(uint32_t object, const std::string& name);
    uint32_t crtc() { return drawer->crtcs[0]; }
    uint32_t plane() { return drawer->planes[0]; }
    uint32_t encoder() { return drawer->encoders[0]; }
    uint32_t connector() { return drawer->connectors.back(); }
    /// A second buffer of the screen's size and its framebuffer.
    const vkms::DumbBuffer& spare() { return spare_; }
    uint32_t shown_fb() const { return shown_.fb; }
    uint32_t shown_handle() const { return shown_.dumb.handle; }
    drm_mode_modeinfo mode() const { return mode_.to_user(drm::AspectBits::Hide); }

    drm::Device& vgem() { return **vgem_; }

    // Descriptors, made when first asked for.
    const UniqueFd& dma_buf();    // of a buffer of the painter's
    const UniqueFd& timeline();   // of sw_sync
    const UniqueFd& sync_file();  // of its point 1, which is to come
    void join_sync_file_of_another_timeline();
    /// On one of them, or of their like.
    Answer ioctl(const UniqueFd& fd, uint32_t command, void* argument);

    FakeClock clock;
    std::optional<vkms::TestClient> drawer;  // the lit card's master, with every client cap
    std::optional<Client> other;             // another client of that card
    std::optional<Client> painter;           // vgem's
    std::optional<Client> renderer;          // vgem's, on its render node

  private:
    void turn_on();
    drm::SpecialFiles& special_files() { return board_.model.service<drm::SpecialFiles>(); }

    const drm::Mode mode_ = drm::Mode::cvt(side, side, 60);
    Board board_;
    vgem::Driver vgem_driver_;
    MaybeRef<device::Device> vgem_device_;
    MaybeRef<drm::Device> vgem_;
    vkms::DumbBuffer shown_, spare_;
    UniqueFd dma_buf_, timeline_, sync_file_;
    std::deque<std::vector<std::byte>> kept_;
    std::deque<vkms::TestClient::Property> properties_;
    std::deque<UniqueFd> fds_;
    std::vector<std::unique_ptr<Client>> lessees_;
    int reserved_events_ = 0;
};

}  // namespace plugboard::tests
