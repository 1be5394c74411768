// One atomic request: the new states of what it touches, the old ones, and how far it has come.
// Linux: drivers/gpu/drm/drm_atomic.c, struct drm_atomic_state
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/wait.h"
#include "drm/device.h"
#include "drm/objects/mode_config.h"
#include "drm/request.h"
#include "drm/sync/fence.h"

namespace plugboard::drm::atomic {

class State;

struct Options {
    bool test_only = false;
    bool nonblock = false;
    bool allow_modeset = false;
    bool legacy_cursor = false;  // its flip counts as done at once
    bool page_flip = false;      // of a CRTC that must be on
    uint64_t file_id = 0;        // who asks, for the flip log; 0: the core itself
};

/// Sets what the request asks for in a state that is empty. Runs under the modeset lock, again each
/// time the lock was let go; uses no UserMemory and drops no reference.
using Recipe = std::function<Result<void>(State&)>;

/// Whom to tell when a CRTC's flip is done. Found again by id: the file may be closed by then.
struct FlipEvent {
    uint64_t file_id = 0;
    uint64_t user_data = 0;
};

struct PlaneChange {
    Plane* plane = nullptr;
    PlaneState old_state, new_state;
};

struct ColoropChange {
    Colorop* colorop = nullptr;
    ColoropState old_state, new_state;
};

struct CrtcChange {
    Crtc* crtc = nullptr;
    CrtcState old_state, new_state;
    bool mode_changed = false, active_changed = false, connectors_changed = false;
    bool planes_changed = false, color_changed = false;
    Nanos longest_frame{};  // of screens whose rate varies now; 0: it is the mode's
    std::vector<FlipEvent> events;
    MaybeRef<Fence> out_fence;
    uapi::UserAddress out_fence_slot{};  // 0: none

    bool needs_modeset() const { return mode_changed || active_changed || connectors_changed; }
};

struct ConnectorChange {
    MaybeRef<Connector> connector;
    ConnectorState old_state, new_state;
    uapi::UserAddress out_fence_slot{};
};

/// How far the request has come on one CRTC. Linux: struct drm_crtc_commit
struct Progress {
    bool hw_done = false;    // the new state is programmed
    bool flip_done = false;  // the new picture is being shown
    bool told = false;       // event and fence are sent
};

/// Counted. While it is made and checked: its request's thread, under the modeset lock. After the
/// swap it belongs to the commit worker and is constant but for its progress.
class State final : public Object {
  public:
    static Ref<State> create(Device& device, Request* request, Options options, Recipe recipe);

    Device& device() const { return *device_; }
    const Options& options() const { return options_; }
    /// Of the client that asks; 0: the core itself.
    int pid() const { return pid_; }
    /// Null once the request has let go of the state, and for the core itself.
    Request* request() const { return request_; }

    // Pull an object in: its new state, a copy of the current one at the first call. A plane or
    // connector pulls its current CRTC in too, a color operation its plane: a picture is made of
    // both. Under the modeset lock.
    ColoropState& colorop(Colorop& colorop);
    PlaneState& plane(Plane& plane);
    CrtcState& crtc(Crtc& crtc);
    ConnectorState& connector(Connector& connector);
    /// Sets the plane's or connector's CRTC and pulls that in as well; null: off.
    void set_crtc(Plane& plane, Crtc* crtc);
    void set_crtc(Connector& connector, Crtc* crtc);

    // What has been pulled in, in index order.
    std::vector<ColoropChange*> colorops();
    std::vector<PlaneChange*> planes();
    std::vector<CrtcChange*> crtcs();
    std::vector<ConnectorChange*> connectors();
    ColoropChange* find(const Colorop& colorop);
    PlaneChange* find(const Plane& plane);
    CrtcChange* find(const Crtc& crtc);
    ConnectorChange* find(const Connector& connector);

    /// Refuses through the request's reasons (category atomic); the error as it is without one.
    template <class... Args>
    Errno refuse(Errno error, fmt::format_string<Args...> format, Args&&... args) {
        if (!request_) return error;
        return request_->refuse(log::Category::Atomic, error, format, std::forward<Args>(args)...);
    }

    /// What has been pulled in; dropped with no lock held.
    struct Contents {
        std::vector<std::optional<ColoropChange>> colorops;
        std::vector<std::optional<PlaneChange>> planes;
        std::vector<std::optional<CrtcChange>> crtcs;
        std::map<uint32_t, ConnectorChange> connectors;  // by serial
        std::vector<Ref<Fence>> releases;                // of take_references()
    };
    /// Empties the state; under the modeset lock.
    Contents take_contents();
    /// Runs the recipe on the empty state; under the modeset lock.
    Result<void> fill();

    /// In the driver's commit(): what the CRTC has shown until now is read until the fence signals,
    /// which it must in the end, at unbind too. Without one: until the flip. Who waits for the flip
    /// is told after both.
    void set_release_fence(const Crtc& crtc, Ref<Fence> fence);

    Progress progress(const Crtc& crtc) const;
    /// The new state is programmed on all its CRTCs.
    bool is_hw_done() const;
    bool is_cleaned_up() const;
    /// Woken at each step of progress.
    WaitQueue& progress_queue() { return progress_queue_; }

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    friend class CommitWorker;
    friend struct Installation;
    State(Device& device, Request* request, Options options, Recipe recipe);
    ~State() override;

    /// Installed: the request has let go of it, and the explainer may look at what it holds.
    void seal();
    /// Framebuffers, blobs, fences and jobs of both states, to be dropped with no lock held.
    Contents take_references();
    /// Everybody who waits for a flip of it has been told.
    bool is_told_everywhere() const;
    /// It has flipped on a CRTC with a release fence, and who waits for that is not told yet.
    bool has_unreleased_flip() const;
    /// None: there is nothing to wait for.
    MaybeRef<Fence> release_fence(uint32_t crtc_index) const;
    /// Nothing of what it has replaced is read any more, and whoever waited for that is told.
    bool is_released() const;
    void set_hw_done();
    /// What who waits for a flip is told.
    struct Tidings {
        VblankCount at{};
        bool is_device_gone = false;  // so there was no flip
    };
    void set_flip_done(uint32_t crtc_index, VblankCount at = {});
    /// Nothing: there was no flip, or a thread tells of it, or has.
    std::optional<Tidings> begin_to_tell(uint32_t crtc_index);
    void set_told(uint32_t crtc_index);
    /// Waits until a thread that tells of it has; unless it is this one.
    void wait_until_told(uint32_t crtc_index);
    void set_cleaned_up();
    /// Its flips end because the device is gone.
    void mark_gone();

    Ref<Device> device_;
    Request* request_;  // null once the request's thread has let go of the state
    const int pid_;
    const Options options_;
    const Recipe recipe_;
    Contents contents_;
    mutable Mutex<LockClass<State>> mutex_;
    bool is_sealed_ GUARDED_BY(mutex_) = false;
    bool is_device_gone_ GUARDED_BY(mutex_) = false;
    bool is_hw_done_ GUARDED_BY(mutex_) = false;
    bool is_cleaned_up_ GUARDED_BY(mutex_) = false;
    struct Flipped {
        bool done = false;
        Tidings tidings{};  // when done
        std::optional<std::thread::id> teller{};
        bool told = false;  // done, and the event is on its way
        MaybeRef<Fence> release{};
    };
    std::vector<Flipped> flipped_ GUARDED_BY(mutex_);  // by CRTC index
    WaitQueue progress_queue_;
};

}  // namespace plugboard::drm::atomic
