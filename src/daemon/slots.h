// The slots of a board: cards that are plugged, bound, unbound and pulled while it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/result.h"
#include "daemon/config/config.h"
#include "daemon/config/problem.h"
#include "daemon/leak_check.h"
#include "device/driver.h"
#include "device/model.h"
#include "drm/device.h"

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

/// Any thread. Changes to one slot wait for each other; no lock is held while a device changes.
/// Owned by the board, as are the model and the drivers, which outlive it.
class Slots {
  public:
    /// One for each card of the config, still empty.
    Slots(device::Model& model, const std::vector<std::unique_ptr<device::Driver>>& drivers,
          const Config& config);
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

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
    /// What its next card has at a port; the connector stays. A plug under way is over by its end.
    void set_screen(size_t slot, size_t port, vkms::ScreenConfig screen);
    /// Unplugs it, and takes the slot away.
    void drop_card(size_t slot);

    std::vector<SlotInfo> all();
    SlotInfo slot_at(size_t slot);
    /// The slot's card that a target names, with its DRM device.
    Outcome<SlotInfo> find_card(std::string_view target);
    /// From the last to the first.
    void unplug_all();
    /// What the cards hold by themselves, with their screens.
    Kept kept();

  private:
    struct Slot {
        CardConfig config;
        std::string device_name;
        MaybeRef<device::Device> device;
        uint64_t generation = 0;  // of the device, or of the last one
        bool busy = false;        // a change is under way
        bool is_gone = false;     // of drop_card(); good for another of add_card()
        Kept kept;                // what the card holds by itself
    };
    class Change;  // a slot's turn to change

    Outcome<size_t> find_slot(std::string_view target) const;
    Outcome<Done> plug_slot(Change& change);
    Result<Ref<device::Device>> make_device(const CardConfig& card, const std::string& device_name);
    Outcome<Done> set_bound(std::string_view target, bool bound);
    void unplug_slot(Change& change);

    device::Model& model_;
    const std::vector<std::unique_ptr<device::Driver>>& drivers_;
    const std::string bus_;

    mutable Mutex<LockClass<Slots>> mutex_;
    CondVar changed_;
    std::vector<Slot> slots_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::daemon
