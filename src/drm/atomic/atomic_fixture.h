// For tests: a device with a few CRTCs and a driver that only takes notes, and clients of it in
// this process. The time stands still until the test moves it; vblanks come from vblank().
#pragma once

#include <drm.h>
#include <drm_mode.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/wait.h"
#include "device/device.h"
#include "device/model.h"
#include "drm/atomic/commit_worker.h"
#include "drm/atomic/state.h"
#include "drm/device.h"
#include "drm/file.h"
#include "drm/objects/mode_config.h"
#include "tests/support/comes_true.h"
#include "tests/support/drm_client.h"
#include "tests/support/drm_modes.h"

namespace plugboard::drm::atomic {

using tests::comes_true;
using tests::mode_1024x768;
using tests::mode_800x600;

/// What the fake driver has and refuses.
struct BoardInfo {
    uint32_t crtcs = 1;
    bool cursors = true;
    bool writeback = true;
    uint32_t gamma_size = 256;
    bool primary_covers_mode = false;  // the rule of vkms 6.1
    bool clones = true;                // every encoder beside every other
    bool rich = false;                 // all that the core knows of planes and CRTCs
};

/// One model with one published device. The test's thread.
class Board {
  public:
    explicit Board(BoardInfo info = {});
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    Device& drm() { return **drm_; }
    ModeConfig& config() { return drm().mode_config(); }
    CommitWorker& worker() { return config().worker(); }
    Crtc& crtc(size_t index = 0) { return *config().crtcs[index]; }
    /// Of the CRTC with this index.
    Plane& primary(size_t crtc_index = 0) { return *crtc(crtc_index).info().primary; }
    Plane& cursor(size_t crtc_index = 0) { return *crtc(crtc_index).info().cursor; }
    Plane& overlay() { return *overlay_; }
    Connector& screen(size_t crtc_index = 0) { return *screens_[crtc_index]; }
    Connector& writeback() { return **writeback_; }

    /// The next vblank of the CRTC, at its due time. False: the timer rests.
    bool vblank(size_t crtc_index = 0);
    /// Runs `work` on a thread of its own while vblanks of all CRTCs go on.
    void pump(const std::function<void()>& work);
    /// Waits (real time) until the worker has done all that it can do now.
    void settle();
    /// Vblanks until no commit is pending.
    void drain();
    void unplug();
    /// The driver's next commits say that what they replace is read until then.
    void replace_after(MaybeRef<Fence> release);

    FakeClock clock;
    device::Model model{clock};
    /// What commit() of the driver was called for: "crtc-0: fb 40".
    std::vector<std::string> programmed();

  private:
    Result<void> probe(device::Bound& bound);
    Plane& add_plane(PlaneType type, uint32_t crtcs);
    void add_pipes();
    void add_writeback();
    void note(std::string what);
    MaybeRef<Fence> release();

    const BoardInfo info_;
    device::FunctionDriver driver_{{.name = "fake", .matches = {"fake"}},
                                   [this](device::Bound& bound) { return probe(bound); }};
    MaybeRef<device::Device> device_;
    MaybeRef<Device> drm_;
    Plane* overlay_ = nullptr;
    std::vector<Connector*> screens_;
    MaybeRef<Connector> writeback_;
    std::mutex mutex_;
    std::vector<std::string> programmed_;
    MaybeRef<Fence> release_;
};

/// Sleeps as a ThreadSleeper does, and tells when it does.
class WatchedSleeper final : public Sleeper {
  public:
    explicit WatchedSleeper(Clock& clock) : inner_(clock) {}
    void wake() override { inner_.wake(); }
    Wakeup sleep(std::optional<Time> deadline, Interrupts interrupts) override;
    void interrupt() { inner_.interrupt(); }
    /// How often sleep() was called: then the sleeper is on its queues, and has looked once.
    uint64_t sleeps() const { return sleeps_.load(); }

  private:
    ThreadSleeper inner_;
    std::atomic<uint64_t> sleeps_{0};
};

/// An open file with every client cap, whose waits can be watched and interrupted. One thread at a
/// time, but for interrupt().
class Client final : public tests::Client {
  public:
    explicit Client(Board& board);
    ~Client();

    /// An ioctl(), while vblanks go on.
    int pumped(unsigned long command, void* argument);
    /// A signal for the call that is under way.
    void interrupt() { sleeper_.interrupt(); }
    /// SETCRTC on the CRTC's screen; 0 or an errno.
    int set_crtc(uint32_t fb, size_t crtc_index = 0, const drm_mode_modeinfo& = mode_1024x768());

    /// Takes all that are unread.
    std::vector<drm_event_vblank> vblank_events();
    size_t event_count() { return events().unread() / sizeof(EventBytes); }
    const WatchedSleeper& sleeper() const { return sleeper_; }

  private:
    Board& board_;
    WatchedSleeper sleeper_;
};

/// A call on a thread of its own that waits for something; made when it sleeps, or has returned.
class Waiting {
  public:
    Waiting(Client& client, std::function<int()> call);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    bool has_returned() const { return has_returned_.load(); }
    /// What the call gives in the end.
    int result();

  private:
    std::atomic<bool> has_returned_{false};
    int result_ = 0;
    std::thread thread_;
};

/// The arrays of one ATOMIC call.
class AtomicRequest {
  public:
    AtomicRequest& set(const ModeObject& object, const Property* property, uint64_t value);
    /// By number, also of what does not exist.
    AtomicRequest& set(uint32_t object, uint32_t property, uint64_t value);
    AtomicRequest& flags(uint32_t flags);
    AtomicRequest& user_data(uint64_t value);

    int call(Client& client);
    /// While vblanks go on.
    int pumped(Client& client);

  private:
    drm_mode_atomic build();
    std::vector<uint32_t> objects_, counts_, properties_;
    std::vector<uint64_t> values_;
    uint32_t flags_ = 0;
    uint64_t user_data_ = 0;
};

/// Mode, connector and primary of a CRTC, for a modeset.
void add_modeset(AtomicRequest& request, Board& board, Client& client, uint32_t fb,
                 size_t crtc_index = 0);

bool is_readable(int fd);

}  // namespace plugboard::drm::atomic
