#include "daemon/board.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/labelled_pair.h"
#include "device/bus.h"
#include "drivers/all_drivers.h"
#include "drm/minors.h"
#include "drm/sync/sync_file.h"

namespace plugboard::daemon {
namespace {

/// A watch has descriptors of its own from the first one of each type on. Now: they are no leak.
Result<void> start_watch(HangupWatch& watch) {
    for (const PairType type : {PairType::Stream, PairType::Packets, PairType::Datagrams}) {
        const auto pair = TRY(make_labelled_pair({.board = own_board_id()}, type));
        TRY(watch.add(pair.ours.borrow(), [] {}));
        watch.remove(pair.ours.borrow());
    }
    return {};
}

/// The board's kernel is that of its newest card. One of version 6.1 has no configfs of vkms, and
/// folders of minors in debugfs.
bool is_newer_than_linux_6_1(const Config& config) {
    return std::ranges::any_of(config.cards, [](const CardConfig& card) {
        return card.driver == "vkms" && card.device.profile != vkms::Profile::Linux61;
    });
}

}  // namespace

Board::Board(Config config, std::string directory, std::unique_ptr<Tree> tree)
    : config_(std::move(config)),
      directory_(std::move(directory)),
      tree_(std::move(tree)),
      stepped_clock_(config_.clock == "step" ? std::make_unique<SteppedClock>(Clock::real().now())
                                             : nullptr),
      model_(stepped_clock_ ? *stepped_clock_ : Clock::real()),
      drivers_(all_drivers()),
      slots_(model_, drivers_, config_) {}

Outcome<std::unique_ptr<Board>> Board::create(Config config, std::string directory) {
    auto tree = Tree::create(directory);
    if (!tree.ok()) {
        return Problem{.message = fmt::format("the files of the board cannot be made in {}: {}",
                                              directory, errno_name(tree.error())),
                       .remedy = "check that the directory is writable and has space"};
    }
    std::unique_ptr<Board> board(
        new Board(std::move(config), std::move(directory), std::move(*tree)));
    if (const auto started = board->start(); !started.ok()) {
        return Problem{
            .message = fmt::format("the board cannot start: {}", errno_name(started.error())),
            .remedy = "see the log lines before this one"};
    }
    for (const CardConfig& card : board->config_.cards) {
        if (const auto plugged = board->slots_.plug(card.name); !plugged.ok())
            return plugged.problem();
    }
    return board;
}

Result<void> Board::start() {
    drm::Accounts::instance().set_limits(config_.limits);
    for (const char* folder : {"/sys/dev/char", "/sys/bus/platform/devices",
                               "/sys/bus/platform/drivers", "/sys/devices/platform"})
        TRY(tree_->put_folder(folder));
    TRY(start_watch(hangups_));
    TRY(start_watch(model_.service<drm::SpecialFiles>().watch()));
    device_tree_ = std::make_unique<DeviceTree>(model_, *tree_);
    const bool is_new = is_newer_than_linux_6_1(config_);
    drm_tree_ = std::make_unique<DrmTree>(
        model_, *tree_, is_new ? DebugFolders::OfDevices : DebugFolders::OfMinors);
    configfs_ = std::make_unique<ConfigfsTree>(*tree_, configfs_cards_, is_new);
    udev_ = std::make_unique<Udev>(model_, *tree_, uevent_sockets_);
    device::Bus& bus = config_.bus == "platform" ? model_.platform_bus() : model_.faux_bus();
    put_files("/sys/bus/" + bus.name(), bus.attributes());
    put_files("/sys/kernel/debug", {model_.deferred_probes_file()});
    if (config_.bus == "platform") {
        for (const auto& driver : drivers_) {
            TRY(bus.add_driver(*driver));
            put_files(fmt::format("/sys/bus/{}/drivers/{}", bus.name(), driver->name()),
                      bus.driver_attributes(*driver));
        }
    }
    leak_check_.start();
    auto listener = TRY(Listener::create(directory_ + "/shim", Listener::Type::Packets));
    sessions_ =
        TRY(SessionServer::create(*this, hangups_, std::move(listener), trace_, model_.clock()));
    seat_ = TRY(SeatServer::create(directory_, {.world = *this,
                                                .files = sessions_->file_table(),
                                                .root = tree_->root(),
                                                .clock = Clock::real()}));
    return {};
}

void Board::put_files(const std::string& folder, std::vector<device::Attribute> files) {
    for (device::Attribute& file : files) {
        const std::string path = folder + "/" + file.name;
        const LiveFile live{
            .mode = file.mode, .show = std::move(file.show), .store = std::move(file.store)};
        report_failure(path, tree_->put_live(path, live));
    }
}

Board::~Board() {
    end();
    udev_.reset();
    drm_tree_.reset();
    device_tree_.reset();
    if (config_.bus != "platform") return;
    for (const auto& driver : drivers_) (void)model_.platform_bus().remove_driver(*driver);
}

void Board::end() {
    if (std::exchange(ended_, true)) return;
    if (configfs_) configfs_->end();
    slots_.unplug_all();
    model_.flush();
    seat_.reset();
    if (sessions_) sessions_->shut_down();
    sessions_.reset();
    settle();
    model_.flush();
    (void)trace_.stop();
}

void Board::settle() {
    if (seat_) seat_->settle();
    if (sessions_) sessions_->settle();
    model_.service<drm::SpecialFiles>().watch().settle();
}

Leftovers Board::leftovers(const std::function<size_t()>& count) {
    settle();
    Kept kept = slots_.kept();
    if (sessions_) kept.descriptors += sessions_->descriptors();
    if (seat_) kept.descriptors += seat_->descriptors();
    kept.descriptors += trace_.descriptors();
    return leak_check_.leftovers(kept, count);
}

std::vector<OpenFileInfo> Board::open_files() {
    settle();
    return sessions_ ? sessions_->files() : std::vector<OpenFileInfo>();
}

Result<Ref<drm::Device>> Board::find_node(drm::NodeType node, uint32_t minor) {
    auto found = drm::find_device(model_, node, minor);
    if (!found) return Errno::NoEnt;
    if ((*found)->is_gone()) return Errno::NxIo;
    return *std::move(found);
}

Result<UniqueFd> Board::open_live_file(std::string_view path, int flags,
                                       const uapi::Credentials& caller) {
    // Who opens crc/data again right after closing it is not told that it is busy.
    model_.service<drm::SpecialFiles>().watch().settle();
    return tree_->open_live(path, flags, caller, model_);
}

Result<UniqueFd> Board::open_uevents(int type, int flags) {
    return uevent_sockets_.open(type, flags);
}

Result<void> Board::change_names(NameChange change, std::string_view path,
                                 const Result<std::string>& target,
                                 const uapi::Credentials& caller) {
    return configfs_->change(change, path, target, caller);
}

drm::SpecialFiles& Board::special_files() {
    return model_.service<drm::SpecialFiles>();
}

void Board::note_open(drm::File&) {
    ++opens_;
}

}  // namespace plugboard::daemon
