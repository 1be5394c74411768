// The KMS side of a vkms device: which objects it has, what it refuses, what a commit does to it.
// Linux: drivers/gpu/drm/vkms/vkms_output.c, vkms_plane.c, vkms_crtc.c, vkms_writeback.c
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "device/bound.h"
#include "drivers/vkms/config.h"
#include "drivers/vkms/frame_worker.h"
#include "drivers/vkms/ports.h"
#include "drivers/vkms/profile.h"
#include "drm/atomic/state.h"
#include "drm/device.h"

namespace plugboard::vkms {

/// drmm. Made in probe(); the core calls the hooks.
class Card final : public drm::KmsHooks {
  public:
    /// Makes planes, CRTCs, encoders and connectors as the (valid) config says.
    Card(drm::Device& device, const Config& config, device::Managed<FrameWorker> worker,
         device::Managed<Ports> ports);

    /// EINVAL: a primary plane that does not cover its mode, a color pipeline that makes no RGB of
    /// its picture; ERANGE: scaling, or too much of it; what a limit rule says. Where that is not
    /// EINVAL the core cannot take away a framebuffer whose plane the rule needs: the CRTC is not
    /// turned off, and shows it on. Linux: atomic_remove_fb in drm_framebuffer.c
    Result<void> check(drm::atomic::State& state) override;
    void commit(const device::Bound& bound, drm::atomic::State& state) override;

    const device::Managed<FrameWorker>& worker() const { return worker_; }
    const device::Managed<Ports>& ports() const { return ports_; }
    /// Of a connector that screens are plugged into.
    std::optional<size_t> port_of(const drm::Connector& connector) const;
    size_t port_count() const { return port_infos_.size(); }
    bool is_docks(size_t port) const { return port_infos_.at(port).options.path; }
    PortTurns& turns() { return turns_; }
    /// What a port's connector is made of; of a dock's, each time that it comes.
    const drm::ConnectorInfo& connector_info(size_t port) const { return port_infos_.at(port); }

  private:
    void add_planes(const Config& config, const Layout& layout);
    void add_crtcs(const Layout& layout);
    void add_encoders_and_screens(const Config& config, const Layout& layout);
    void add_screens(const Config& config, const Layout& layout,
                     const std::vector<drm::Encoder*>& encoders);
    void add_docks(const Config& config, const std::vector<ConnectorConfig>& connectors);
    void add_writeback(const Layout& layout);
    drm::Plane* find_plane(drm::PlaneType type, uint32_t crtc) const;
    drm::Encoder& add_encoder(const EncoderConfig& encoder, uint32_t partners);
    Result<void> check_plane(drm::atomic::State& state, const drm::atomic::PlaneChange& change);
    /// Composes at the next vblank before the core hears of it: a commit that waits for this one
    /// must not be seen in its frame.
    void compose_at_next_vblank(drm::Crtc& crtc);

    drm::Device& device_;
    const Limits& limits_;
    const SizeLimits sizes_;
    const Features features_;
    const std::vector<LimitRule> rules_;
    const device::Managed<FrameWorker> worker_;
    const device::Managed<Ports> ports_;
    PortTurns turns_;
    size_t encoder_count_ = 0;                    // in the end
    std::vector<drm::ConnectorInfo> port_infos_;  // by port; constant from the constructor on
};

}  // namespace plugboard::vkms
