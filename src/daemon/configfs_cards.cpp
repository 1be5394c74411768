#include "daemon/configfs_cards.h"

#include <map>
#include <set>

#include "drivers/vkms/card.h"
#include "drivers/vkms/ports.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

MaybeRef<drm::Connector> connector_at(drm::Device& drm, size_t port) {
    drm::ModeConfig& config = drm.mode_config();
    const auto* card = dynamic_cast<const vkms::Card*>(config.hooks);
    if (!card) return std::nullopt;
    MutexLock lock(config.lock());
    for (const auto& connector : config.connectors)
        if (card->port_of(*connector) == port) return connector;
    return std::nullopt;
}

/// The numbers that connectors of the board's cards have, by type. Linux counts them over all
/// devices; what a person writes down of a board counts them by card.
std::map<uint32_t, std::set<uint32_t>> connector_numbers(Slots& slots) {
    std::map<uint32_t, std::set<uint32_t>> numbers;
    for (const SlotInfo& slot : slots.all()) {
        if (!slot.drm || !(*slot.drm)->has_modeset()) continue;
        drm::ModeConfig& config = (*slot.drm)->mode_config();
        MutexLock lock(config.lock());
        for (const auto& connector : config.connectors)
            numbers[connector->info().type].insert(connector->type_id());
    }
    return numbers;
}

/// 0: beyond those that a config may have; the card counts by itself then.
uint32_t take_number(std::set<uint32_t>& taken) {
    uint32_t number = 1;
    while (!taken.insert(number).second) ++number;
    return number <= vkms::max_connector_number ? number : 0;
}

void number_connectors(Slots& slots, vkms::Config& config) {
    auto numbers = connector_numbers(slots);
    for (vkms::ScreenConfig& screen : config.screens)
        screen.connector.number = take_number(numbers[screen.connector.type]);
    for (vkms::CrtcConfig& crtc : config.layout->crtcs) {
        if (crtc.writeback)
            crtc.writeback_number = take_number(numbers[DRM_MODE_CONNECTOR_WRITEBACK]);
    }
}

}  // namespace

Result<void> BoardConfigfsCards::create(const vkms::Config& config) {
    CardConfig card{.name = config.name, .driver = "vkms", .device = config};
    number_connectors(slots_, card.device);
    const size_t slot = TRY(slots_.add_card(std::move(card)));
    enabled_[config.name] = slot;
    return {};
}

void BoardConfigfsCards::destroy(const std::string& name) {
    const auto slot = enabled_.find(name);
    if (slot == enabled_.end()) return;
    slots_.drop_card(slot->second);
    enabled_.erase(slot);
}

void BoardConfigfsCards::set_screen(const std::string& name, size_t port,
                                    const vkms::ScreenConfig& screen) {
    const auto slot = enabled_.find(name);
    if (slot == enabled_.end()) return;
    slots_.set_screen(slot->second, port, screen);
    const auto drm = slots_.slot_at(slot->second).drm;
    // It is pulled, and is plugged with the new screen; or unbound, and is bound with the old one.
    if (!drm) return;
    const auto connector = connector_at(**drm, port);
    // One that goes meanwhile needs no screen.
    if (connector)
        (void)vkms::plug_screen(**drm, *connector, screen, vkms::HotplugEvent::NamesNone);
}

}  // namespace plugboard::daemon
