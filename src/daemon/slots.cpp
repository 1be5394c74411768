#include "daemon/slots.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/descriptor_count.h"
#include "device/bus.h"
#include "drm/minors.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

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

std::string_view without_folder(std::string_view target) {
    for (const std::string_view folder : {"/dev/dri/", "dri/"}) {
        if (target.starts_with(folder)) target.remove_prefix(folder.size());
    }
    return target;
}

}  // namespace

/// Waits for a slot's turn and keeps it for a scope.
class Slots::Change {
  public:
    Change(Slots& owner, size_t index) : owner_(owner), index_(index) {
        MutexLock lock(owner_.mutex_);
        while (owner_.slots_[index_].busy) owner_.changed_.wait(lock);
        owner_.slots_[index_].busy = true;
    }
    ~Change() {
        MutexLock lock(owner_.mutex_);
        owner_.slots_[index_].busy = false;
        owner_.changed_.notify_all();
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    CardConfig config() const {
        MutexLock lock(owner_.mutex_);
        return owner_.slots_[index_].config;
    }
    /// The slot was taken away while this waited.
    bool is_gone() const {
        MutexLock lock(owner_.mutex_);
        return owner_.slots_[index_].is_gone;
    }
    void take_away() {
        MutexLock lock(owner_.mutex_);
        owner_.slots_[index_].is_gone = true;
    }
    std::string device_name() const {
        MutexLock lock(owner_.mutex_);
        return owner_.slots_[index_].device_name;
    }
    MaybeRef<device::Device> device() const {
        MutexLock lock(owner_.mutex_);
        return owner_.slots_[index_].device;
    }
    void set_device(Ref<device::Device> device) {
        MutexLock lock(owner_.mutex_);
        Slot& slot = owner_.slots_[index_];
        slot.device = std::move(device);
        ++slot.generation;
    }
    void clear_device() {
        const auto old = device();  // let go without the lock
        MutexLock lock(owner_.mutex_);
        owner_.slots_[index_].device.reset();
    }
    /// Runs a change and counts what the card holds by itself afterwards.
    template <class Run>
    auto counted(Run run) {
        const size_t objects = live_object_count();
        const size_t descriptors = count_descriptors();
        auto result = run();
        MutexLock lock(owner_.mutex_);
        Slot& slot = owner_.slots_[index_];
        slot.kept.objects += live_object_count() - objects;  // may go down: modulo
        slot.kept.descriptors += count_descriptors() - descriptors;
        return result;
    }
    /// From now on the slot holds nothing by itself but the device, if there is one.
    void reset_counts() {
        MutexLock lock(owner_.mutex_);
        Slot& slot = owner_.slots_[index_];
        slot.kept.objects = slot.device ? 1 : 0;
        slot.kept.descriptors = 0;
    }

  private:
    Slots& owner_;
    const size_t index_;
};

Slots::Slots(device::Model& model, const std::vector<std::unique_ptr<device::Driver>>& drivers,
             const Config& config)
    : model_(model), drivers_(drivers), bus_(config.bus) {
    std::map<std::string, size_t> counts;  // by driver
    for (const CardConfig& card : config.cards) {
        const size_t number = counts[card.driver]++;
        std::string device_name =
            number == 0 ? card.driver : fmt::format("{}.{}", card.driver, number);
        MutexLock lock(mutex_);
        Slot& slot = slots_.emplace_back();
        slot.config = card;
        slot.device_name = std::move(device_name);
    }
}

Outcome<size_t> Slots::find_slot(std::string_view target) const {
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

Result<Ref<device::Device>> Slots::make_device(const CardConfig& card,
                                               const std::string& device_name) {
    device::DeviceInfo info;
    info.name = device_name;
    info.compatible = {card.driver};
    if (card.driver == "vkms") info.platform_data = card.device;
    if (card.driver == "vgem") info.platform_data = card.vgem;
    if (bus_ == "platform") return model_.add_platform_device(std::move(info));
    const auto driver = std::find_if(drivers_.begin(), drivers_.end(),
                                     [&](const auto& one) { return one->name() == card.driver; });
    return model_.add_faux_device(std::move(info),
                                  driver == drivers_.end() ? nullptr : driver->get());
}

Outcome<Done> Slots::plug(std::string_view target) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    Change change(*this, slot.value());
    return plug_slot(change);
}

Outcome<Done> Slots::plug_slot(Change& change) {
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

Result<size_t> Slots::add_card(CardConfig card) {
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

void Slots::set_screen(size_t slot, size_t port, vkms::ScreenConfig screen) {
    // A plug under way has its config already, and its card is not to be seen yet.
    const Change change(*this, slot);
    MutexLock lock(mutex_);
    auto& screens = slots_[slot].config.device.screens;
    if (port >= screens.size()) return;
    screen.connector = screens[port].connector;
    screens[port] = std::move(screen);
}

void Slots::drop_card(size_t slot) {
    Change change(*this, slot);
    if (change.device()) unplug_slot(change);
    change.take_away();
}

Outcome<Done> Slots::unplug(std::string_view target) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    Change change(*this, slot.value());
    if (!change.device()) return not_plugged(change.config().name);
    unplug_slot(change);
    return Done{};
}

void Slots::unplug_slot(Change& change) {
    (*change.device())->del();
    change.clear_device();
    change.reset_counts();
}

void Slots::unplug(PlugId plug) {
    Change change(*this, plug.slot);
    if (pulled_generations()[plug.slot] < plug.generation)  // else another was faster
        unplug_slot(change);
}

Outcome<PlugId> Slots::find_plug(std::string_view target) const {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    MutexLock lock(mutex_);
    const Slot& found = slots_[slot.value()];
    if (!found.device) return not_plugged(found.config.name);
    return PlugId{.slot = slot.value(), .generation = found.generation};
}

std::optional<PlugId> Slots::plug_of(const drm::Device& device) const {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < slots_.size(); ++i) {
        if (borrow(slots_[i].device) == &device.parent())
            return PlugId{.slot = i, .generation = slots_[i].generation};
    }
    return std::nullopt;
}

std::vector<uint64_t> Slots::pulled_generations() const {
    std::vector<uint64_t> pulled;
    MutexLock lock(mutex_);
    for (const Slot& slot : slots_)
        pulled.push_back(slot.device ? slot.generation - 1 : slot.generation);
    return pulled;
}

Outcome<Done> Slots::bind(std::string_view target) {
    return set_bound(target, true);
}

Outcome<Done> Slots::unbind(std::string_view target) {
    return set_bound(target, false);
}

Outcome<Done> Slots::set_bound(std::string_view target, bool bound) {
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

SlotInfo Slots::slot_at(size_t slot) {
    SlotInfo info;
    {
        MutexLock lock(mutex_);
        info = {.config = slots_[slot].config, .device = slots_[slot].device, .drm = {}};
    }
    if (info.device) info.drm = drm_device_on(model_, **info.device);
    return info;
}

std::vector<SlotInfo> Slots::all() {
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

Outcome<SlotInfo> Slots::find_card(std::string_view target) {
    const auto slot = find_slot(target);
    if (!slot.ok()) return slot.problem();
    return slot_at(slot.value());
}

void Slots::unplug_all() {
    for (size_t index = pulled_generations().size(); index-- > 0;) {
        Change change(*this, index);
        if (change.device()) unplug_slot(change);
    }
}

Kept Slots::kept() {
    Kept kept;
    for (const SlotInfo& slot : all()) kept.objects += screen_objects(slot);
    MutexLock lock(mutex_);
    for (const Slot& slot : slots_) {
        kept.objects += slot.kept.objects;
        kept.descriptors += slot.kept.descriptors;
    }
    return kept;
}

}  // namespace plugboard::daemon
