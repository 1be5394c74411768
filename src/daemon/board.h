// A board: one machine's devices, the cards in its slots, its tree and the sessions of its clients.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/hangup_watch.h"
#include "base/mutex.h"
#include "base/wait.h"
#include "daemon/config.h"
#include "daemon/configfs_cards.h"
#include "daemon/configfs_tree.h"
#include "daemon/descriptor_count.h"
#include "daemon/device_tree.h"
#include "daemon/drm_tree.h"
#include "daemon/problem.h"
#include "daemon/seat_server.h"
#include "daemon/session_server.h"
#include "daemon/trace.h"
#include "daemon/tree.h"
#include "daemon/udev.h"
#include "daemon/uevent_sockets.h"
#include "daemon/world.h"
#include "device/driver.h"
#include "device/model.h"

namespace plugboard::daemon {

/// What a slot holds now. A snapshot.
struct SlotInfo {
    CardConfig config;
    MaybeRef<device::Device> device;  // none: unplugged
    MaybeRef<drm::Device> drm;        // none: unbound, or not published yet
};

/// A device's time in its slot: no two are the same in the life of a board.
struct PlugId {
    size_t slot = 0;
    uint64_t generation = 0;  // from 1; how often the slot was filled

    friend bool operator==(const PlugId&, const PlugId&) = default;
};

/// What is there beyond what the board itself keeps.
struct Leftovers {
    size_t objects = 0;
    size_t descriptors = 0;
    std::vector<std::string> labels;  // of objects, some
};

/// Any thread. Changes to one slot wait for each other; no lock is held while a device changes.
class Board final : public World {
  public:
    /// Fills the slots. `directory` is the board's own and exists. The descriptors that this
    /// process has now are no leak later.
    static Outcome<std::unique_ptr<Board>> create(Config config, std::string directory);
    /// end() first.
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    // A target is a slot's name ("gpu0"), its device's ("vkms"), or that of the node ("card0")
    // while it lives.
    /// A new device in an empty slot.
    Outcome<Done> plug(std::string_view target);
    /// device_del of the slot's device; the slot stays.
    Outcome<Done> unplug(std::string_view target);
    /// The driver only; the device stays.
    Outcome<Done> bind(std::string_view target);
    Outcome<Done> unbind(std::string_view target);
    /// Unplugs the slot, unless it is empty or has another device by now.
    void unplug(PlugId plug);
    /// Of the device that is plugged there now.
    Outcome<PlugId> find_plug(std::string_view target) const;
    /// Of the slot that the device is in, if any.
    std::optional<PlugId> plug_of(const drm::Device& device) const;
    /// Of each slot the last generation that has been pulled; 0: none yet.
    std::vector<uint64_t> pulled_generations() const;

    /// A slot for a card that comes now and has no place of its own on the board; the device has
    /// its config's name, and so has the slot if that is a card's and free: else "vkms:NAME".
    /// NoDev: the board has a device of this name.
    Result<size_t> add_card(CardConfig card);
    /// What its next card has at a port; the connector stays.
    void set_screen(size_t slot, size_t port, vkms::ScreenConfig screen);
    /// Unplugs it, and takes the slot away.
    void drop_card(size_t slot);
    SlotInfo slot_at(size_t slot);

    /// Unplugs everything, ends all sessions. Once; then only leftovers() and the like are of use.
    void end();
    /// `count` counts this process's descriptors without those that somebody else has made on
    /// purpose since the board is there. Exact after end(); before it, what clients have open is
    /// part of it.
    Leftovers leftovers(const std::function<size_t()>& count = count_descriptors);

    const std::string& directory() const { return directory_; }
    const Config& config() const { return config_; }
    std::vector<SlotInfo> slots();
    /// The slot's card that a target names, with its DRM device.
    Outcome<SlotInfo> find_card(std::string_view target);
    /// Handles every close that has happened; waits for requests of dead clients. Not from within a
    /// request or a callback of a watch.
    void settle();
    std::vector<OpenFileInfo> open_files();
    size_t opens() const { return opens_.load(); }
    /// Before end().
    SeatServer& seat() { return *seat_; }
    /// Ended by end().
    Trace& trace() { return trace_; }
    /// Woken when a file has been opened or released. Not after end().
    WaitQueue& file_changes() { return sessions_->file_changes(); }
    device::Model& model() { return model_; }
    /// Null: its time runs by itself.
    SteppedClock* stepped_clock() { return stepped_clock_.get(); }

    Result<Ref<drm::Device>> find_node(drm::NodeType node, uint32_t minor) override;
    Result<UniqueFd> open_live_file(std::string_view path, int flags,
                                    const uapi::Credentials& caller) override;
    Result<UniqueFd> open_uevents(int type, int flags) override;
    Result<void> change_names(NameChange change, std::string_view path,
                              const Result<std::string>& target,
                              const uapi::Credentials& caller) override;
    drm::SpecialFiles& special_files() override;
    void note_open(drm::File& file) override;

  private:
    struct Slot {
        CardConfig config;
        std::string device_name;
        MaybeRef<device::Device> device;
        uint64_t generation = 0;  // of the device, or of the last one
        bool busy = false;        // a change is under way
        bool is_gone = false;     // of drop_card(); good for another of add_card()
        size_t kept_objects = 0;  // what the card holds by itself
        size_t kept_descriptors = 0;
    };
    class Change;  // a slot's turn to change

    Board(Config config, std::string directory, std::unique_ptr<Tree> tree);
    Result<void> start();
    Outcome<size_t> find_slot(std::string_view target) const;
    Outcome<Done> plug_slot(Change& change);
    Result<Ref<device::Device>> make_device(const CardConfig& card, const std::string& device_name);
    Outcome<Done> set_bound(std::string_view target, bool bound);
    void unplug_slot(Change& change);
    /// Into a folder of the tree that stays.
    void put_files(const std::string& folder, std::vector<device::Attribute> files);

    const Config config_;
    const std::string directory_;
    const std::unique_ptr<Tree> tree_;
    Trace trace_{Clock::real()};
    const std::unique_ptr<SteppedClock> stepped_clock_;
    device::Model model_;
    std::vector<std::unique_ptr<device::Driver>> drivers_;
    HangupWatch hangups_;
    std::unique_ptr<DeviceTree> device_tree_;
    std::unique_ptr<DrmTree> drm_tree_;
    BoardConfigfsCards configfs_cards_{*this};
    std::unique_ptr<ConfigfsTree> configfs_;
    UeventSockets uevent_sockets_{model_};
    std::unique_ptr<Udev> udev_;
    std::unique_ptr<SessionServer> sessions_;
    std::unique_ptr<SeatServer> seat_;
    std::set<const Object*> base_objects_;  // of a board with empty slots and no session
    size_t base_descriptors_ = 0;
    std::atomic<size_t> opens_{0};
    bool ended_ = false;

    mutable Mutex<LockClass<Board>> mutex_;
    CondVar changed_;
    std::vector<Slot> slots_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::daemon
