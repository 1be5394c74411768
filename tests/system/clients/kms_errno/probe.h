// The rows of the table, group by group; each group is a file of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/system/clients/card.h"

namespace kms_errno {

using client::Buffer;
using client::Card;

void probe_client_caps();
void probe_caps(const Card& card);
void probe_create_dumb(const Card& card);
void probe_mapping(const Card& card, uint32_t handle);
void probe_addfb2(const Card& card, uint32_t handle);
void probe_addfb(const Card& card, uint32_t handle);
void probe_framebuffer(const Card& card, uint32_t fb);

/// The first opener with its objects, its buffers and the calls that need them.
class Probe {
  public:
    void run();

  private:
    void find_objects();
    void create_buffers();

    int set_crtc(const std::function<void(drm_mode_crtc&)>& edit) const;
    int page_flip(const std::function<void(drm_mode_crtc_page_flip&)>& edit) const;
    int wait_vblank(uint32_t type, uint32_t sequence, int64_t* time_ns = nullptr) const;
    int queue_sequence(const std::function<void(drm_crtc_queue_sequence&)>& edit) const;
    int set_plane(const std::function<void(drm_mode_set_plane&)>& edit) const;
    void cursor(const char* what, const std::function<void(drm_mode_cursor&)>& edit) const;
    int atomic(const std::vector<Card::Value>& values,
               uint32_t flags = DRM_MODE_ATOMIC_TEST_ONLY) const {
        return card_.atomic(values, flags);
    }
    uint32_t create_blob(const void* data, uint32_t size) const;

    /// Takes `count` events off the queue; each comes within a second.
    void take_events(int count) const;
    struct Step {
        const char* label;
        std::function<int()> call;
    };
    /// Prints the lines of the calls, all made between two vblanks. The first one flips.
    void say_between_vblanks(const std::vector<Step>& steps) const;

    void probe_off() const;
    void probe_set_crtc() const;
    void probe_page_flip() const;
    void probe_vblank() const;
    void probe_sequence() const;
    void probe_cursor() const;
    void probe_gamma() const;
    void probe_properties() const;
    void probe_property_reads() const;
    void probe_blobs() const;
    void probe_atomic_request() const;
    void probe_atomic_flip() const;
    void probe_atomic_geometry() const;
    void probe_rotation() const;
    void probe_atomic_modeset() const;
    void probe_fences() const;
    void probe_planes() const;
    void probe_set_plane() const;
    void probe_leases() const;
    void probe_prime() const;
    void probe_file() const;

    const Card card_;
    uint32_t crtc_ = 0, connector_ = 0, encoder_ = 0, primary_ = 0, overlay_ = 0;
    drm_mode_modeinfo mode_{};
    uint32_t fb_id_ = 0, plane_crtc_ = 0, src_x_ = 0, src_y_ = 0, src_w_ = 0, src_h_ = 0,
             crtc_x_ = 0, crtc_y_ = 0, crtc_w_ = 0, crtc_h_ = 0, in_fence_ = 0, rotation_ = 0;
    uint32_t active_ = 0, mode_id_ = 0, out_fence_ = 0, dpms_ = 0, connector_crtc_ = 0;
    Buffer first_, second_, small_, rgb16_;
    uint32_t cursor_handle_ = 0;
};

}  // namespace kms_errno
