#include "daemon/board.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/labelled_pair.h"
#include "base/log.h"
#include "device/bus.h"
#include "drivers/all_drivers.h"
#include "drm/minors.h"
#include "drm/objects/mode_config.h"
#include "drm/sync/sync_file.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_labels = 20;

/// The published card on a device.
MaybeRef<drm::Device> drm_device_on(device::Model& model, const device::Device& device) {
    for (const auto& node : model.devices()) {
        if (node->parent() != &device || node->info().devtype != "drm_minor") continue;
        for (const auto type : {drm::NodeType::Primary, drm::NodeType::Render}) {
            if (auto drm = drm::find_device(model, type, node->info().node->minor)) return drm;
        }
    }
    return std::nullopt;
}

/// A watch has descriptors of its own from the first one of each type on. Now: they are no leak.
Result<void> start_watch(HangupWatch& watch) {
    for (const PairType type : {PairType::Stream, PairType::Packets, PairType::Datagrams}) {
        const auto pair = TRY(make_labelled_pair({.board = own_board_id()}, type));
        TRY(watch.add(pair.ours.borrow(), [] {}));
        watch.remove(pair.ours.borrow());
    }
    return {};
}

Problem not_plugged(const std::string& card) {
    return {.message = fmt::format("{} is not plugged", card),
            .remedy = fmt::format("plug it: plugboard plug {}", card)};
}

/// A card has an object more for each EDID and tile that its connectors have read. A dock's
/// connector has a PATH, and until it is removed a folder in sysfs; those that were there when the
/// card came are counted with it. Modulo.
size_t screen_objects(const SlotInfo& slot) {
    if (!slot.drm || !(*slot.drm)->has_modeset()) return 0;
    constexpr size_t objects_of_dock = 3;
    size_t count = 0;
    for (const vkms::ScreenConfig& screen : slot.config.device.screens)
        if (screen.connector.dock && screen.connected) count -= objects_of_dock;
    drm::ModeConfig& config = (*slot.drm)->mode_config();
    MutexLock lock(config.lock());
    for (const auto& connector : config.connectors) {
        if (connector->edid) ++count;
        if (connector->tile) ++count;
        if (connector->info().options.path)
            count += objects_of_dock - (connector->is_removed ? 1 : 0);
    }
    return count;
}

/// The board's kernel is that of its newest card. One of version 6.1 has no configfs of vkms, and
/// folders of minors in debugfs.
bool is_newer_than_linux_6_1(const Config& config) {
    return std::ranges::any_of(config.cards, [](const CardConfig& card) {
        return card.driver == "vkms" && card.device.profile != vkms::Profile::Linux61;
    });
}

std::string_view without_folder(std::string_view target) {
    for (const std::string_view folder : {"/dev/dri/", "dri/"}) {
        if (target.starts_with(folder)) target.remove_prefix(folder.size());
    }
    return target;
}

}  // namespace

/// Waits for a slot's turn and keeps it for a scope.
class Board::Change {
  public:
    Change(Board& board, size_t index) : board_(board), index_(index) {
        MutexLock lock(board_.mutex_);
        while (board_.slots_[index_].busy) board_.changed_.wait(lock);
        board_.slots_[index_].busy = true;
    }
    ~Change() {
        MutexLock lock(board_.mutex_);
        board_.slots_[index_].busy = false;
        board_.changed_.notify_all();
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    CardConfig config() const {
        MutexLock lock(board_.mutex_);
        return board_.slots_[index_].config;
    }
    /// The slot was taken away while this waited.
    bool is_gone() const {
        MutexLock lock(board_.mutex_);
        return board_.slots_[index_].is_gone;
    }
    void take_away() {
        MutexLock lock(board_.mutex_);
        board_.slots_[index_].is_gone = true;
    }
    std::string device_name() const {
        MutexLock lock(board_.mutex_);
        return board_.slots_[index_].device_name;
    }
    MaybeRef<device::Device> device() const {
        MutexLock lock(board_.mutex_);
        return board_.slots_[index_].device;
    }
    void set_device(Ref<device::Device> device) {
        MutexLock lock(board_.mutex_);
        Slot& slot = board_.slots_[index_];
        slot.device = std::move(device);
        ++slot.generation;
    }
    void clear_device() {
        const auto old = device();  // let go without the lock
        MutexLock lock(board_.mutex_);
        board_.slots_[index_].device.reset();
    }
    /// Runs a change and counts what the card holds by itself afterwards.
    template <class Run>
    auto counted(Run run) {
        const size_t objects = live_object_count();
        const size_t descriptors = count_descriptors();
        auto result = run();
        MutexLock lock(board_.mutex_);
        Slot& slot = board_.slots_[index_];
        slot.kept_objects += live_object_count() - objects;  // may go down: modulo
        slot.kept_descriptors += count_descriptors() - descriptors;
        return result;
    }
    /// From now on the slot holds nothing by itself but the device, if there is one.
    void reset_counts() {
        MutexLock lock(board_.mutex_);
        Slot& slot = board_.slots_[index_];
        slot.kept_objects = slot.device ? 1 : 0;
        slot.kept_descriptors = 0;
    }

  private:
    Board& board_;
    const size_t index_;
};

Board::Board(Config config, std::string directory, std::unique_ptr<Tree> tree)
    : config_(std::move(config)),
      directory_(std::move(directory)),
      tree_(std::move(tree)),
      stepped_clock_(config_.clock == "step" ? std::make_unique<SteppedClock>(Clock::real().now())
                                             : nullptr),
      model_(stepped_clock_ ? *stepped_clock_ : Clock::real()),
      drivers_(all_drivers()) {
    std::map<std::string, size_t> counts;  // by driver
    for (const CardConfig& card : config_.cards) {
        const size_t number = counts[card.driver]++;
        std::string device_name =
            number == 0 ? card.driver : fmt::format("{}.{}", card.driver, number);
        MutexLock lock(mutex_);
        Slot& slot = slots_.emplace_back();
        slot.config = card;
        slot.device_name = std::move(device_name);
    }
}

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
        if (const auto plugged = board->plug(card.name); !plugged.ok()) return plugged.problem();
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
    for (const auto& object : live_objects()) base_objects_.insert(&*object);
    base_descriptors_ = count_descriptors();
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
        if (const auto done = tree_->put_live(path, live); !done.ok())
            log::error("tree: {}: {}", path, errno_name(done.error()));
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

Outcome<size_t> Board::find_slot(std::string_view target) const {
    const std::string_view wanted = without_folder(target);
    const auto nodes = model_.devices();  // let go without the lock
    MutexLock lock(mutex_);
    std::vector<std::string> names;
    for (size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].is_gone) continue;
        if (slots_[i].config.name == wanted) return i;
        names.push_back(slots_[i].config.name);
    }
    for (const auto& node : nodes) {
        if (node->name() != wanted || !node->parent()) continue;
        for (size_t i = 0; i < slots_.size(); ++i) {
            if (borrow(slots_[i].device) == node->parent()) return i;
        }
    }
    for (size_t i = 0; i < slots_.size(); ++i)
        if (!slots_[i].is_gone && slots_[i].device_name == wanted) return i;
    return Problem{.message = fmt::format("the board has no card \"{}\"", target),
                   .remedy = fmt::format("its cards: {}", fmt::join(names, ", "))};
}

Result<Ref<device::Device>> Board::make_device(const CardConfig& card,
                                               const std::string& device_name) {
    device::DeviceInfo info;
    info.name = device_name;
    info.compatible = {card.driver};
    if (card.driver == "vkms") info.platform_data = card.device;
    if (card.driver == "vgem") info.platform_data = card.vgem;
    if (config_.bus == "platform") return model_.add_platform_device(std::move(info));
    const auto driver = std::find_if(drivers_.begin(), drivers_.end(),
                                     [&](const auto& one) { return one->name() == card.driver; });
    return model_.add_faux_device(std::move(info),
                                  driver == drivers_.end() ? nullptr : driver->get());
}

Outcome<Done> Board::plug(std::string_view target) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    Change change(*this, slot.value());
    return plug_slot(change);
}

Outcome<Done> Board::plug_slot(Change& change) {
    const CardConfig card = change.config();
    if (change.is_gone()) {
        return Problem{.message = fmt::format("the board has no card \"{}\" any more", card.name),
                       .remedy = "plugboard status lists its cards"};
    }
    if (change.device()) {
        return Problem{.message = fmt::format("{} is plugged already", card.name),
                       .remedy = fmt::format("pull it first: plugboard unplug {}", card.name)};
    }
    auto device = change.counted([&] { return make_device(card, change.device_name()); });
    if (!device.ok()) {
        change.reset_counts();
        return Problem{.message = fmt::format("{} cannot be plugged: {}", card.name,
                                              errno_name(device.error())),
                       .remedy = "see the daemon's log: plugboard run --debug device,driver"};
    }
    const bool is_bound = (*device)->is_bound();
    change.set_device(std::move(*device));
    if (!is_bound) {
        return Problem{.message = fmt::format("{} is there, but the driver {} refused it",
                                              card.name, card.driver),
                       .remedy = "see the daemon's log: plugboard run --debug device,driver"};
    }
    return Done{};
}

Result<size_t> Board::add_card(CardConfig card) {
    for (const auto& device : model_.devices())
        if (device->name() == card.device.name && device->info().bus) return Errno::NoDev;
    size_t index = 0;
    {
        MutexLock lock(mutex_);
        const bool is_taken = std::ranges::any_of(slots_, [&](const Slot& slot) {
            return !slot.is_gone &&
                   (slot.config.name == card.name || slot.device_name == card.name);
        });
        if (is_taken || !is_card_name(card.name)) card.name = "vkms:" + card.device.name;
        while (index < slots_.size() && !(slots_[index].is_gone && !slots_[index].busy)) ++index;
        if (index == slots_.size()) slots_.emplace_back();
        Slot& slot = slots_[index];
        slot.device_name = card.device.name;
        slot.config = std::move(card);
        slot.is_gone = false;
    }
    Change change(*this, index);
    if (plug_slot(change).ok()) return index;
    if (change.device()) unplug_slot(change);
    change.take_away();
    return Errno::NoDev;
}

void Board::set_screen(size_t slot, size_t port, vkms::ScreenConfig screen) {
    MutexLock lock(mutex_);
    auto& screens = slots_[slot].config.device.screens;
    if (port >= screens.size()) return;
    screen.connector = screens[port].connector;
    screens[port] = std::move(screen);
}

void Board::drop_card(size_t slot) {
    Change change(*this, slot);
    if (change.device()) unplug_slot(change);
    change.take_away();
}

Outcome<Done> Board::unplug(std::string_view target) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    Change change(*this, slot.value());
    if (!change.device()) return not_plugged(change.config().name);
    unplug_slot(change);
    return Done{};
}

void Board::unplug_slot(Change& change) {
    (*change.device())->del();
    change.clear_device();
    change.reset_counts();
}

void Board::unplug(PlugId plug) {
    Change change(*this, plug.slot);
    if (pulled_generations()[plug.slot] < plug.generation)  // else another was faster
        unplug_slot(change);
}

Outcome<PlugId> Board::find_plug(std::string_view target) const {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    MutexLock lock(mutex_);
    const Slot& found = slots_[slot.value()];
    if (!found.device) return not_plugged(found.config.name);
    return PlugId{.slot = slot.value(), .generation = found.generation};
}

std::optional<PlugId> Board::plug_of(const drm::Device& device) const {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < slots_.size(); ++i) {
        if (borrow(slots_[i].device) == &device.parent())
            return PlugId{.slot = i, .generation = slots_[i].generation};
    }
    return std::nullopt;
}

std::vector<uint64_t> Board::pulled_generations() const {
    std::vector<uint64_t> pulled;
    MutexLock lock(mutex_);
    for (const Slot& slot : slots_)
        pulled.push_back(slot.device ? slot.generation - 1 : slot.generation);
    return pulled;
}

Outcome<Done> Board::bind(std::string_view target) {
    return set_bound(target, true);
}

Outcome<Done> Board::unbind(std::string_view target) {
    return set_bound(target, false);
}

Outcome<Done> Board::set_bound(std::string_view target, bool bound) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    Change change(*this, slot.value());
    const CardConfig card = change.config();
    const auto device = change.device();
    if (!device) return not_plugged(card.name);
    device::Bus& bus = *(*device)->info().bus;
    const std::string& name = (*device)->name();
    Result<void> done;
    if (bound) {
        done = change.counted([&] { return bus.bind(name, card.driver); });
    } else {
        done = bus.unbind(name, card.driver);
        if (done.ok()) change.reset_counts();
    }
    if (done.ok()) return Done{};
    const char* verb = bound ? "bind" : "unbind";
    const bool is_so_already = (*device)->is_bound() == bound;
    return Problem{
        .message = fmt::format("{} cannot be {}: {}", card.name, bound ? "bound" : "unbound",
                               errno_name(done.error())),
        .remedy = is_so_already
                      ? fmt::format("it is {} already", bound ? "bound" : "unbound")
                      : fmt::format("see the daemon's log; {} needs the platform bus", verb)};
}

void Board::end() {
    if (std::exchange(ended_, true)) return;
    if (configfs_) configfs_->end();
    for (size_t index = pulled_generations().size(); index-- > 0;) {
        Change change(*this, index);
        if (change.device()) unplug_slot(change);
    }
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
    size_t kept_objects = base_objects_.size();
    size_t kept_descriptors = base_descriptors_;
    if (sessions_) kept_descriptors += sessions_->descriptors();
    if (seat_) kept_descriptors += seat_->descriptors();
    kept_descriptors += trace_.descriptors();
    for (const SlotInfo& slot : slots()) kept_objects += screen_objects(slot);
    {
        MutexLock lock(mutex_);
        for (const Slot& slot : slots_) {
            kept_objects += slot.kept_objects;
            kept_descriptors += slot.kept_descriptors;
        }
    }
    Leftovers left;
    const size_t objects = live_object_count();
    const size_t descriptors = count();
    left.objects = objects > kept_objects ? objects - kept_objects : 0;
    left.descriptors = descriptors > kept_descriptors ? descriptors - kept_descriptors : 0;
    if (left.objects == 0) return left;
    for (const auto& object : live_objects()) {
        if (left.labels.size() == max_labels) break;
        if (!base_objects_.contains(&*object)) left.labels.push_back(object->label());
    }
    return left;
}

SlotInfo Board::slot_at(size_t slot) {
    SlotInfo info;
    {
        MutexLock lock(mutex_);
        info = {.config = slots_[slot].config, .device = slots_[slot].device, .drm = {}};
    }
    if (info.device) info.drm = drm_device_on(model_, **info.device);
    return info;
}

std::vector<SlotInfo> Board::slots() {
    std::vector<SlotInfo> slots;
    {
        MutexLock lock(mutex_);
        for (const Slot& slot : slots_)
            if (!slot.is_gone)
                slots.push_back({.config = slot.config, .device = slot.device, .drm = {}});
    }
    for (SlotInfo& slot : slots) {
        if (slot.device) slot.drm = drm_device_on(model_, **slot.device);
    }
    return slots;
}

Outcome<SlotInfo> Board::find_card(std::string_view target) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    return slot_at(slot.value());
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
