// What a request wants to be told by: flip events and out-fences, made before it is checked.
// Linux: prepare_signaling() and complete_signaling() in drivers/gpu/drm/drm_atomic_uapi.c
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "drm/atomic/state.h"
#include "drm/file.h"

namespace plugboard::drm::atomic {

/// Lives on the stack of one request and takes back what was neither given away nor kept. The
/// request's thread only, and without the modeset lock but for attach().
class Signals {
  public:
    /// `event`: its user_data, if each CRTC is to send one.
    Signals(Request& request, Device& device, File& file, std::optional<uint64_t> event);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// What prepare() has to know of a filled state.
    struct Wishes {
        struct OfCrtc {
            Crtc* crtc;
            uapi::UserAddress slot;
        };
        struct OfConnector {
            Ref<Connector> connector;
            uapi::UserAddress slot;
        };
        std::vector<OfCrtc> crtcs;
        std::vector<OfConnector> connectors;
    };
    static Wishes wishes_of(State& state);

    /// Event space, fences and their descriptors for what is not prepared yet, in Linux's order.
    /// NoMem, MFile, Fault; Inval: an event, but no CRTC.
    Result<void> prepare(const Wishes& wishes);
    /// Hands events and fences to the state; under the modeset lock. False: the state has a CRTC
    /// that is not prepared.
    bool attach(State& state) const;
    /// The state is installed: it owns them now. Events that no CRTC sends are taken back.
    void give_away(State& state);
    /// The request succeeds: the slots keep the numbers of their descriptors.
    void keep_slots();

  private:
    Result<Ref<Fence>> export_fence(Ref<Fence> fence, uapi::UserAddress slot);

    Request& request_;
    Device& device_;
    File& file_;
    const std::optional<uint64_t> event_;
    size_t reserved_events_ = 0;
    std::vector<const Crtc*> prepared_;
    std::map<uint32_t, Ref<Fence>> crtc_fences_;       // by CRTC index
    std::map<uint32_t, Ref<Fence>> connector_fences_;  // by connector index
    std::vector<uapi::UserAddress> written_;           // slots that hold a descriptor's number
};

}  // namespace plugboard::drm::atomic
