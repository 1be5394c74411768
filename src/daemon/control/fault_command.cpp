#include "daemon/control/fault_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/config/fault_words.h"
#include "daemon/config/json_place.h"
#include "drm/fault_plan.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

constexpr size_t most_words = 64;

/// The members of an object as words.
Words words_of_json(const JsonPlace& object) {
    Words words;
    for (const auto& [key, place] : object.members(most_words)) {
        const json& value = place.value();
        if (value.is_structured() || value.is_null())
            place.fail("must be a text or a number", "docs/faults.md has the keys");
        words.push_back({key, value.is_string() ? value.get<std::string>() : value.dump()});
    }
    return words;
}

std::optional<uint32_t> crtc_that_is_hit(const drm::Fault& fault) {
    if (const auto* late = std::get_if<drm::LateVblank>(&fault.what)) return late->crtc;
    if (const auto* lost = std::get_if<drm::LostVblank>(&fault.what)) return lost->crtc;
    if (const auto* slow = std::get_if<drm::SlowFlip>(&fault.what)) return slow->crtc;
    return std::nullopt;
}

/// Nothing: the card has what the fault is about.
std::optional<Problem> explain_misfit(const drm::Fault& fault, drm::Device& device) {
    if (std::holds_alternative<drm::IoctlFault>(fault.what)) return std::nullopt;
    if (!device.has_modeset()) {
        return Problem{.message = "the card has no vblanks, flips and links",
                       .remedy = "plant a fault of an ioctl: ioctl=GEM_CLOSE errno=EINVAL"};
    }
    drm::ModeConfig& config = device.mode_config();
    MutexLock lock(config.lock());
    if (const auto crtc = crtc_that_is_hit(fault); crtc && *crtc >= config.crtcs.size()) {
        return Problem{.message = fmt::format("there is no CRTC {}", *crtc),
                       .remedy = fmt::format("use 0 to {}", config.crtcs.size() - 1),
                       .key = "crtc"};
    }
    const auto* link = std::get_if<drm::BadLink>(&fault.what);
    if (!link) return std::nullopt;
    std::string names;
    for (const auto& connector : config.connectors) {
        if (connector->is_writeback()) continue;
        if (connector->name() == link->connector) return std::nullopt;
        names += (names.empty() ? "" : ", ") + connector->name();
    }
    return Problem{.message = fmt::format("there is no connector \"{}\"", link->connector),
                   .remedy = "the card has " + names,
                   .key = "link"};
}

Outcome<Reply> add_fault(drm::Device& device, const JsonPlace& request) {
    const auto fault = parse_fault(words_of_json(request.at("fault")));
    if (!fault.ok()) return fault.problem();
    if (auto misfit = explain_misfit(fault.value(), device)) return *std::move(misfit);
    Reply reply;
    reply.body["id"] = drm::faults_of(device).plant(device, fault.value());
    return reply;
}

Reply list_faults(drm::Device& device) {
    Reply reply;
    reply.body["faults"] = json::array();
    for (const drm::PlantedFault& planted : drm::faults_of(device).list()) {
        reply.body["faults"].push_back({{"id", planted.id},
                                        {"text", join_words(fault_words(planted.fault))},
                                        {"events", planted.events},
                                        {"hits", planted.hits}});
    }
    return reply;
}

Outcome<Reply> clear_faults(drm::Device& device, const JsonPlace& request) {
    drm::FaultPlan& faults = drm::faults_of(device);
    const auto place = request.find("id");
    if (!place) {
        faults.clear();
        return Reply{};
    }
    const uint64_t id = place->number(UINT64_MAX);
    if (faults.remove(id)) return Reply{};
    return Problem{.message = fmt::format("there is no fault {}", id),
                   .remedy = "plugboard fault CARD list shows them"};
}

Outcome<Reply> change_faults(Board& board, const JsonPlace& request) {
    const std::string action = request.at("action").text(longest_control_name);
    const auto card = board.slots().find_card(request.at("target").text(longest_control_name));
    if (!card.ok()) return card.problem();
    if (!card.value().drm) {
        return Problem{.message = fmt::format("{} is not there", card.value().config.name),
                       .remedy = "plug and bind it first"};
    }
    drm::Device& device = **card.value().drm;
    if (action == "add") return add_fault(device, request);
    if (action == "list") return list_faults(device);
    if (action == "clear") return clear_faults(device, request);
    return Problem{.message = fmt::format("nothing can be done with faults by \"{}\"", action),
                   .remedy = "use add, list or clear"};
}

}  // namespace

void add_fault_command(Commands& commands, Board& board) {
    commands.add("fault",
                 [&board](const JsonPlace& request) { return change_faults(board, request); });
}

}  // namespace plugboard::daemon
