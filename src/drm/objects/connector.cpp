#include "drm/objects/connector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "drm/device.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
const char* connector_type_name(uint32_t type) {
    static constexpr std::array names{
        "Unknown", "VGA",       "DVI-I", "DVI-D", "DVI-A",     "Composite", "SVIDEO",
        "LVDS",    "Component", "DIN",   "DP",    "HDMI-A",    "HDMI-B",    "TV",
        "eDP",     "Virtual",   "DSI",   "DPI",   "Writeback", "SPI",       "USB"};
    return type < names.size() ? names[type] : names[0];
}

Ref<Connector> Connector::create(Device& device, ConnectorInfo info) {
    ModeConfig& config = device.mode_config();
    if (!info.writeback_formats.empty()) config.add_writeback_properties();
    Ref<Connector> connector = make_ref<Connector>(device, std::move(info));
    config.ids.add(*connector);
    connector->set_up_properties(config.properties);
    MutexLock lock(config.lock());
    config.connectors.push_back(connector);
    return connector;
}

Connector::Connector(Device& device, ConnectorInfo info)
    : ModeObject(ObjectType::Connector), device_(device), info_(std::move(info)) {
    ModeConfig& config = device.mode_config();
    if (is_writeback()) {
        // Before the connector has its id, as Linux has it.
        if (auto blob = Blob::create(device, std::as_bytes(std::span(info_.writeback_formats)));
            blob.ok())
            writeback_formats_ = *blob;
    }
    MutexLock lock(config.lock());
    for (const Ref<Connector>& other : config.connectors) {
        index_ = std::max(index_, other->index() + 1);
        if (other->info().type == info_.type) type_id_ = std::max(type_id_, other->type_id() + 1);
    }
    if (info_.type_id != 0) type_id_ = info_.type_id;
    name_ = std::string(connector_type_name(info_.type)) + "-" + std::to_string(type_id_);
}

Connector::~Connector() = default;

void Connector::set_up_properties(const StandardProperties& standard) {
    // Linux: drm_connector_init; these two types cannot have an EDID
    if (info_.type != DRM_MODE_CONNECTOR_VIRTUAL && info_.type != DRM_MODE_CONNECTOR_WRITEBACK)
        attach(*standard.edid, 0);
    for (const Property* property : {standard.dpms, standard.link_status, standard.non_desktop,
                                     standard.tile, standard.crtc_id})
        attach(*property, 0);
    if (!is_writeback()) return;
    attach(*standard.writeback_out_fence_ptr, 0);
    attach(*standard.writeback_fb_id, 0);
    attach(*standard.writeback_pixel_formats,
           writeback_formats_ ? raw((*writeback_formats_)->id()) : 0);
}

std::string Connector::label() const {
    return "connector " + name_;
}

void Connector::visit_refs(RefVisitor& visitor) const {
    // The current state has no writeback job: an installed commit holds its own.
    if (writeback_formats_) visitor.edge(*writeback_formats_, name_ + " WRITEBACK_PIXEL_FORMATS");
}

MaybeRef<Connector> find_connector(Device& device, ObjectId id) {
    return device.mode_config().ids.with(
        id, ObjectType::Connector, [](ModeObject* object) -> MaybeRef<Connector> {
            if (!object) return std::nullopt;
            return Ref<Connector>::try_share(static_cast<Connector&>(*object));
        });
}

}  // namespace plugboard::drm
