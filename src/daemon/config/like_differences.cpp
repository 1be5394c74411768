// What a card shows its clients beside what drm_info told of another: both as JSON of drm_info's
// shape, without what changes from one moment to the next.
#include <drm.h>
#include <drm_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <any>
#include <map>
#include <utility>

#include "daemon/config/like.h"
#include "device/device.h"
#include "device/model.h"
#include "drivers/vkms/driver.h"
#include "drm/device.h"
#include "drm/minors.h"
#include "drm/objects/crtc.h"
#include "drm/objects/encoder.h"
#include "drm/objects/mode_config.h"
#include "drm/objects/plane.h"
#include "drm/pixel/format.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

constexpr size_t most_shown = 48;  // characters of a value

json spec_of(const drm::Property& property) {
    const drm::PropertyInfo& info = property.info();
    switch (info.kind) {
        case drm::PropertyKind::Range: return {{"min", info.range[0]}, {"max", info.range[1]}};
        case drm::PropertyKind::SignedRange:
            return {{"min", static_cast<int64_t>(info.range[0])},
                    {"max", static_cast<int64_t>(info.range[1])}};
        case drm::PropertyKind::Enum:
        case drm::PropertyKind::Bitmask: {
            json choices = json::array();
            for (const auto& [name, value] : info.enums)
                choices.push_back({{"name", name}, {"value", value}});
            return choices;
        }
        case drm::PropertyKind::Object: return static_cast<uint32_t>(info.object_type);
        case drm::PropertyKind::Blob: break;
    }
    return nullptr;
}

json shown_properties(const drm::DriverInfo& driver, const drm::ModeObject& object) {
    json shown = json::object();
    for (const auto& [property, value] : object.properties()) {
        if (!driver.atomic && property->info().atomic) continue;
        shown[property->name()] = {
            {"flags", property->flags()}, {"spec", spec_of(*property)}, {"raw_value", value}};
    }
    return shown;
}

json shown_mode(const drm::Mode& mode) {
    const drm_mode_modeinfo info = mode.to_user(drm::AspectBits::Show);
    return {{"clock", info.clock},
            {"hdisplay", info.hdisplay},
            {"hsync_start", info.hsync_start},
            {"hsync_end", info.hsync_end},
            {"htotal", info.htotal},
            {"hskew", info.hskew},
            {"vdisplay", info.vdisplay},
            {"vsync_start", info.vsync_start},
            {"vsync_end", info.vsync_end},
            {"vtotal", info.vtotal},
            {"vscan", info.vscan},
            {"vrefresh", info.vrefresh},
            {"flags", info.flags},
            {"type", info.type},
            {"name", info.name}};
}

json shown_planes(const drm::DriverInfo& driver, const drm::ModeConfig& config) {
    json planes = json::array();
    for (const drm::Plane* plane : config.planes) {
        if (!driver.universal_planes && plane->plane_type() != drm::PlaneType::Overlay) continue;
        json properties = shown_properties(driver, *plane);
        if (properties.contains("IN_FORMATS")) {
            json data = json::array();
            for (const auto& pair : plane->info().modifier_formats)
                data.push_back({{"modifier", pair.modifier}, {"formats", pair.formats}});
            if (data.empty()) data.push_back({{"modifier", 0}, {"formats", plane->info().formats}});
            properties["IN_FORMATS"]["data"] = data;
        }
        planes.push_back({{"possible_crtcs", plane->info().possible_crtcs},
                          {"formats", plane->info().formats},
                          {"properties", properties}});
    }
    return planes;
}

json shown_connectors(const drm::DriverInfo& driver, const drm::ModeConfig& config) {
    json connectors = json::array();
    for (const auto& connector : config.connectors) {
        json encoders = json::array();
        for (const drm::Encoder* encoder : connector->info().encoders)
            encoders.push_back(raw(encoder->id()));
        json modes = json::array();
        for (const drm::Mode& mode : connector->modes) modes.push_back(shown_mode(mode));
        json properties = shown_properties(driver, *connector);
        if (properties.contains("EDID")) properties["EDID"]["raw_value"] = connector->edid ? 1 : 0;
        if (properties.contains("non-desktop"))
            properties["non-desktop"]["raw_value"] = connector->display.non_desktop ? 1 : 0;
        connectors.push_back({{"type", connector->info().type},
                              {"status", static_cast<uint32_t>(connector->status)},
                              {"phy_width", connector->display.width_mm},
                              {"phy_height", connector->display.height_mm},
                              {"subpixel", connector->display.subpixel + 1},
                              {"encoders", encoders},
                              {"modes", modes},
                              {"properties", properties}});
    }
    return connectors;
}

/// As drm_info would tell of it.
json shown_card(drm::Device& device) {
    drm::ModeConfig& config = device.mode_config();
    MutexLock lock(config.lock());
    json encoders = json::array(), crtcs = json::array();
    for (const drm::Encoder* encoder : config.encoders)
        encoders.push_back({{"id", raw(encoder->id())},
                            {"type", encoder->info().type},
                            {"possible_crtcs", encoder->info().possible_crtcs},
                            {"possible_clones", encoder->info().possible_clones}});
    const drm::DriverInfo& info = device.info();
    for (const drm::Crtc* crtc : config.crtcs)
        crtcs.push_back({{"gamma_size", crtc->info().gamma_size},
                         {"properties", shown_properties(info, *crtc)}});
    const json caps = {{"DUMB_BUFFER", info.dumb_buffers ? 1 : 0},
                       {"VBLANK_HIGH_CRTC", 1},
                       {"DUMB_PREFERRED_DEPTH", config.limits.preferred_depth},
                       {"DUMB_PREFER_SHADOW", 0},
                       {"PRIME", info.prime ? DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT : 0},
                       {"TIMESTAMP_MONOTONIC", 1},
                       {"ASYNC_PAGE_FLIP", info.async_page_flip ? 1 : 0},
                       {"CURSOR_WIDTH", config.limits.cursor_width},
                       {"CURSOR_HEIGHT", config.limits.cursor_height},
                       {"ADDFB2_MODIFIERS", config.limits.modifiers ? 1 : 0},
                       {"PAGE_FLIP_TARGET", 0},
                       {"CRTC_IN_VBLANK_EVENT", 1},
                       {"SYNCOBJ", info.syncobj ? 1 : 0},
                       {"SYNCOBJ_TIMELINE", info.syncobj ? 1 : 0}};
    const json client_caps = {{"STEREO_3D", true},
                              {"UNIVERSAL_PLANES", info.universal_planes},
                              {"ATOMIC", info.atomic},
                              {"ASPECT_RATIO", true},
                              {"WRITEBACK_CONNECTORS", info.atomic}};
    const json version = {
        {"major", info.major}, {"minor", info.minor}, {"patch", info.patch}, {"date", info.date}};
    return {{"driver",
             {{"name", info.name},
              {"desc", info.description},
              {"version", version},
              {"caps", caps},
              {"client_caps", client_caps}}},
            {"fb_size",
             {{"min_width", config.limits.min_width},
              {"max_width", config.limits.max_width},
              {"min_height", config.limits.min_height},
              {"max_height", config.limits.max_height}}},
            {"planes", shown_planes(info, config)},
            {"crtcs", crtcs},
            {"encoders", encoders},
            {"connectors", shown_connectors(info, config)}};
}

/// Those that are there.
json members_of(const json& object, std::initializer_list<const char*> members) {
    json found = json::object();
    for (const char* member : members)
        if (object.contains(member)) found[member] = object[member];
    return found;
}

/// The values that a driver alone sets; ids, and what clients set, are of the moment. `members`:
/// those that say what an object is.
json lasting_part(const json& object, std::initializer_list<const char*> members) {
    json lasting = members_of(object, members);
    if (!object.contains("properties")) return lasting;
    for (const auto& [name, property] : object["properties"].items()) {
        json& kept = lasting["properties." + name];
        const uint64_t flags = property.value("flags", json(0)).is_number_unsigned()
                                   ? property["flags"].template get<uint64_t>()
                                   : 0;
        kept = {{"flags", flags}};
        if (property.contains("spec")) kept["spec"] = property["spec"];
        if (property.contains("data") && name == "IN_FORMATS") kept["data"] = property["data"];
        const bool is_lasting = (flags & DRM_MODE_PROP_IMMUTABLE) != 0;
        if (!is_lasting || !property.contains("raw_value")) continue;
        const bool is_blob = (flags & DRM_MODE_PROP_BLOB) != 0;
        kept["value"] = is_blob ? json(property["raw_value"] != 0) : property["raw_value"];
        if (name == "IN_FORMATS") kept.erase("value");
    }
    return lasting;
}

/// The objects by their place on a card, where writeback comes first, with their key in the file.
struct Placed {
    std::string key;
    json lasting;
};
using Objects = std::map<std::string, Placed>;

/// Indexes of a list, in two groups that keep their order.
std::vector<size_t> grouped(size_t count, const std::vector<bool>& is_first) {
    std::vector<size_t> order;
    for (const bool first : {true, false}) {
        for (size_t i = 0; i < count; ++i)
            if (is_first[i] == first) order.push_back(i);
    }
    return order;
}

/// Connectors and encoders, whose links go by place.
void place_outputs(const json& card, Objects& objects) {
    const json& connectors = card["connectors"];
    const json& encoders = card["encoders"];
    std::map<json, size_t> indexes;
    for (size_t i = 0; i < encoders.size(); ++i) indexes[encoders[i]["id"]] = i;
    std::vector<bool> is_first(connectors.size()), encodes_first(encoders.size());
    for (size_t i = 0; i < connectors.size(); ++i) {
        is_first[i] = connectors[i]["type"] == DRM_MODE_CONNECTOR_WRITEBACK;
        for (const json& id : connectors[i]["encoders"])
            if (is_first[i]) encodes_first[indexes[id]] = true;
    }
    std::map<size_t, size_t> places;  // of encoders, by index
    for (const size_t index : grouped(encoders.size(), encodes_first)) {
        const size_t place = places.size();
        places[index] = place;
    }
    for (const auto& [index, place] : places) {
        json lasting = lasting_part(encoders[index], {"type", "possible_crtcs"});
        const uint64_t mask = encoders[index]["possible_clones"].template get<uint64_t>();
        std::vector<size_t> clones;
        for (const auto& [other, other_place] : places)
            if (other < 64 && (mask & uint64_t{1} << other) != 0) clones.push_back(other_place);
        std::ranges::sort(clones);
        lasting["possible_clones"] = clones;
        objects[fmt::format("encoders {}", place)] = {fmt::format("encoders[{}]", index), lasting};
    }
    size_t place = 0;
    for (const size_t index : grouped(connectors.size(), is_first)) {
        const json& connector = connectors[index];
        json lasting = lasting_part(
            connector, {"type", "status", "phy_width", "phy_height", "subpixel", "modes"});
        std::vector<size_t> linked;
        for (const json& id : connector["encoders"]) linked.push_back(places[indexes[id]]);
        lasting["encoders"] = linked;
        objects[fmt::format("connectors {}", place++)] = {fmt::format("connectors[{}]", index),
                                                          lasting};
    }
}

Objects place_all(const json& card) {
    Objects objects;
    json driver = card["driver"];
    objects["driver"] = {"driver", members_of(driver, {"name", "desc", "version"})};
    if (driver.contains("caps")) objects["caps"] = {"driver.caps", driver["caps"]};
    if (driver.contains("client_caps"))
        objects["client caps"] = {"driver.client_caps", driver["client_caps"]};
    if (card.contains("fb_size")) objects["sizes"] = {"fb_size", card["fb_size"]};
    for (size_t i = 0; i < card["planes"].size(); ++i)
        objects[fmt::format("planes {}", i)] = {
            fmt::format("planes[{}]", i),
            lasting_part(card["planes"][i], {"possible_crtcs", "formats"})};
    for (size_t i = 0; i < card["crtcs"].size(); ++i)
        objects[fmt::format("crtcs {}", i)] = {fmt::format("crtcs[{}]", i),
                                               lasting_part(card["crtcs"][i], {"gamma_size"})};
    place_outputs(card, objects);
    return objects;
}

std::string shortened(const json& value) {
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > most_shown) text = text.substr(0, most_shown) + "...";
    return text;
}

void compare(const Placed& theirs, const json& ours, std::vector<std::string>& notes) {
    for (const auto& [name, value] : theirs.lasting.items()) {
        const std::string key = theirs.key + "." + name;
        if (!ours.contains(name)) {
            notes.push_back(key + ": the card has none");
        } else if (ours[name] != value) {
            notes.push_back(fmt::format("{}: is {}, the card has {}", key, shortened(value),
                                        shortened(ours[name])));
        }
    }
    for (const auto& [name, value] : ours.items())
        if (!theirs.lasting.contains(name))
            notes.push_back(fmt::format("{}.{}: the card has it all the same", theirs.key, name));
}

/// What clients are told of, and cannot use.
void note_refused(const vkms::Config& config, std::vector<std::string>& notes) {
    for (size_t i = 0; i < config.layout->planes.size(); ++i) {
        const vkms::PlaneConfig& plane = config.layout->planes[i];
        for (const uint32_t format : plane.not_drawn)
            notes.push_back(
                fmt::format("planes[{}].formats: {} is listed, but its buffers are "
                            "refused: nothing draws it",
                            i, drm::fourcc_name(format)));
        for (const auto& pair : plane.modifiers)
            if (!pair.is_drawn)
                notes.push_back(
                    fmt::format("planes[{}].properties.IN_FORMATS: modifier 0x{:x} is "
                                "listed, but its buffers are refused",
                                i, pair.modifier));
    }
}

}  // namespace

std::vector<std::string> differences_of(const json& theirs, const vkms::Config& config) {
    device::Model model;
    vkms::Driver driver;
    device::DeviceInfo info;
    info.name = "like";
    info.platform_data = config;
    const auto device = model.add_faux_device(std::move(info), &driver);
    if (!device.ok()) return {fmt::format("no card can be made: {}", errno_name(device.error()))};
    json ours;
    if (const auto drm = drm::find_device(model, drm::NodeType::Primary, 0))
        ours = shown_card(**drm);
    (*device)->del();
    model.flush();
    if (ours.is_null()) return {"no card can be made"};

    std::vector<std::string> notes{"device: the card is on a bus without hardware"};
    const Objects wanted = place_all(theirs), made = place_all(ours);
    for (const auto& [place, object] : wanted) {
        const auto found = made.find(place);
        if (found == made.end()) {
            notes.push_back(object.key + ": the card has none");
        } else {
            compare(object, found->second.lasting, notes);
        }
    }
    note_refused(config, notes);
    return notes;
}

}  // namespace plugboard::daemon
