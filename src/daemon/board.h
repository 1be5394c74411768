// A board: one machine's devices, the cards in its slots, its tree and the sessions of its clients.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hangup_watch.h"
#include "base/wait.h"
#include "daemon/config/config.h"
#include "daemon/config/problem.h"
#include "daemon/configfs/configfs_tree.h"
#include "daemon/configfs_cards.h"
#include "daemon/descriptor_count.h"
#include "daemon/kernfs/tree.h"
#include "daemon/leak_check.h"
#include "daemon/seat/seat_server.h"
#include "daemon/session/session_server.h"
#include "daemon/session/trace.h"
#include "daemon/session/world.h"
#include "daemon/slots.h"
#include "daemon/sysfs/device_tree.h"
#include "daemon/sysfs/drm_tree.h"
#include "daemon/udev/udev.h"
#include "daemon/udev/uevent_sockets.h"
#include "device/driver.h"
#include "device/model.h"

namespace plugboard::daemon {

/// Any thread.
class Board final : public World {
  public:
    /// Fills the slots. `directory` is the board's own and exists. The descriptors that this
    /// process has now are no leak later.
    static Outcome<std::unique_ptr<Board>> create(Config config, std::string directory);
    /// end() first.
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    /// Unplugs everything, ends all sessions. Once; then only leftovers() and the like are of use.
    void end();
    /// `count` counts this process's descriptors without those that somebody else has made on
    /// purpose since the board is there. Exact after end(); before it, what clients have open is
    /// part of it.
    Leftovers leftovers(const std::function<size_t()>& count = count_descriptors);

    const std::string& directory() const { return directory_; }
    const Config& config() const { return config_; }
    Slots& slots() { return slots_; }
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
    Board(Config config, std::string directory, std::unique_ptr<Tree> tree);
    Result<void> start();
    /// Into a folder of the tree that stays.
    void put_files(const std::string& folder, std::vector<device::Attribute> files);

    const Config config_;
    const std::string directory_;
    const std::unique_ptr<Tree> tree_;
    Trace trace_{Clock::real()};
    const std::unique_ptr<SteppedClock> stepped_clock_;
    device::Model model_;
    std::vector<std::unique_ptr<device::Driver>> drivers_;
    Slots slots_;
    HangupWatch hangups_;
    std::unique_ptr<DeviceTree> device_tree_;
    std::unique_ptr<DrmTree> drm_tree_;
    BoardConfigfsCards configfs_cards_{slots_};
    std::unique_ptr<ConfigfsTree> configfs_;
    UeventSockets uevent_sockets_{model_};
    std::unique_ptr<Udev> udev_;
    std::unique_ptr<SessionServer> sessions_;
    std::unique_ptr<SeatServer> seat_;
    LeakCheck leak_check_;  // begins with empty slots and no session
    std::atomic<size_t> opens_{0};
    bool ended_ = false;
};

}  // namespace plugboard::daemon
