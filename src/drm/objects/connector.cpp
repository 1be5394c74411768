#include "drm/objects/connector.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "drm/device.h"
#include "drm/objects/connector_properties.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

/// The text with its closing 0, as clients read it.
std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.c_str(), text.size() + 1));
}

/// The lowest from `first` on that none of the connectors has.
uint32_t lowest_free(const std::vector<Ref<Connector>>& connectors, uint32_t first,
                     const std::function<bool(const Connector&, uint32_t)>& has) {
    for (uint32_t number = first;; ++number) {
        const bool is_taken =
            std::ranges::any_of(connectors, [&](const auto& one) { return has(*one, number); });
        if (!is_taken) return number;
    }
}

}  // namespace

const char* connector_type_name(uint32_t type) {
    static constexpr std::array names{
        "Unknown", "VGA",       "DVI-I", "DVI-D", "DVI-A",     "Composite", "SVIDEO",
        "LVDS",    "Component", "DIN",   "DP",    "HDMI-A",    "HDMI-B",    "TV",
        "eDP",     "Virtual",   "DSI",   "DPI",   "Writeback", "SPI",       "USB"};
    return type < names.size() ? names[type] : names[0];
}

Ref<Connector> Connector::create(Device& device, ConnectorInfo info) {
    assert(!device.is_published());
    ModeConfig& config = device.mode_config();
    if (!info.writeback_formats.empty()) config.add_writeback_properties();
    config.add_connector_properties(info.options);
    const auto listed = try_list(device, std::move(info));
    assert(listed);
    return *listed;
}

Result<Ref<Connector>> Connector::create_dynamic(Device& device, ConnectorInfo info) {
    auto listed = try_list(device, std::move(info));
    if (!listed) return Errno::NoSpc;
    return *std::move(listed);
}

MaybeRef<Connector> Connector::try_list(Device& device, ConnectorInfo info) {
    ModeConfig& config = device.mode_config();
    // Before the connector has its id, as Linux has it.
    Blobs blobs;
    if (!info.writeback_formats.empty())
        blobs.writeback_formats =
            Blob::copy(device, std::as_bytes(std::span(info.writeback_formats)));
    if (info.options.path) blobs.path = Blob::copy(device, bytes_of(info.path));
    // Who is numbered is listed in the same hold: what it has is not free for another.
    MutexLock lock(config.lock());
    if (config.connectors.size() >= max_connectors) return std::nullopt;
    Ref<Connector> connector = make_ref<Connector>(device, std::move(info), std::move(blobs));
    config.ids.add(*connector);
    config.connectors.push_back(connector);
    return connector;
}

/// Under the modeset lock.
Connector::Connector(Device& device, ConnectorInfo info, Blobs blobs)
    : ModeObject(ObjectType::Connector),
      device_(device),
      info_(std::move(info)),
      blobs_(std::move(blobs)) {
    ModeConfig& config = device.mode_config();
    state.max_bpc = info_.options.max_bpc;
    serial_ = ++config.last_serial;
    index_ = lowest_free(config.connectors, 0, [](const Connector& other, uint32_t number) {
        return other.index() == number;
    });
    type_id_ = free_type_id_locked();
    name_ = std::string(connector_type_name(info_.type)) + "-" + std::to_string(type_id_);
    set_up_properties(config.properties);
}

Connector::~Connector() = default;

/// The wanted number, if it is free; else the next that is. A dock's connector whose last CRTC is
/// not off yet keeps its own.
uint32_t Connector::free_type_id_locked() const {
    const auto& others = device_.mode_config().connectors;
    uint32_t first = info_.type_id;
    for (const auto& other : others) {
        const bool is_staying = other->info().type == info_.type && !other->info().options.path;
        if (info_.type_id == 0 && is_staying) first = std::max(first, other->type_id());
    }
    if (info_.type_id == 0) ++first;
    return lowest_free(others, first, [this](const Connector& other, uint32_t number) {
        return other.info().type == info_.type && other.type_id() == number;
    });
}

void Connector::set_up_properties(const StandardProperties& standard) {
    // Linux: drm_connector_init; these two types cannot have an EDID
    if (info_.type != DRM_MODE_CONNECTOR_VIRTUAL && info_.type != DRM_MODE_CONNECTOR_WRITEBACK)
        attach(*standard.edid, 0);
    for (const Property* property : {standard.dpms, standard.link_status, standard.non_desktop,
                                     standard.tile, standard.crtc_id})
        attach(*property, 0);
    for (const Property* property : optional_properties(standard, info_.options)) {
        if (property == standard.panel_orientation)
            attach(*property, static_cast<uint32_t>(*info_.options.panel_orientation));
        else
            attach(*property, 0);
    }
    if (info_.options.path) attach(*standard.path, raw((*blobs_.path)->id()));
    if (!is_writeback()) return;
    attach(*standard.writeback_out_fence_ptr, 0);
    attach(*standard.writeback_fb_id, 0);
    attach(*standard.writeback_pixel_formats, raw((*blobs_.writeback_formats)->id()));
}

std::string Connector::label() const {
    return "connector " + name_;
}

void Connector::visit_refs(RefVisitor& visitor) const {
    // The current state has no writeback job: an installed commit holds its own.
    if (const auto& formats = blobs_.writeback_formats)
        visitor.edge(*formats, name_ + " WRITEBACK_PIXEL_FORMATS");
    if (const auto& path = blobs_.path) visitor.edge(*path, name_ + " PATH");
}

MaybeRef<Connector> find_connector(Device& device, ObjectId id) {
    return device.mode_config().ids.with(
        id, ObjectType::Connector, [](ModeObject* object) -> MaybeRef<Connector> {
            if (!object) return std::nullopt;
            return Ref<Connector>::try_share(static_cast<Connector&>(*object));
        });
}

}  // namespace plugboard::drm
