#include "daemon/control/commands.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "daemon/config/json_place.h"
#include "daemon/control/explain_command.h"
#include "daemon/control/fault_command.h"
#include "daemon/control/planted_leak.h"
#include "daemon/control/screen_commands.h"
#include "daemon/control/screens.h"
#include "daemon/control/sealed_memory.h"
#include "daemon/control/seat_commands.h"
#include "daemon/control/status.h"
#include "daemon/control/step_command.h"
#include "daemon/control/trace_command.h"
#include "daemon/control/wait_command.h"
#include "daemon/descriptor_count.h"
#include "device/explainer/explainer.h"
#include "drivers/vkms/screenshot.h"
#include "drm/atomic/commit_worker.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

/// The CRTC that the screen shows; none: it is off.
std::optional<uint32_t> crtc_of(const Screen& screen) {
    MutexLock lock(screen.drm->mode_config().lock());
    const drm::Crtc* crtc = screen.connector->state.crtc;
    if (!crtc || !crtc->state.active) return std::nullopt;
    return crtc->index();
}

Outcome<Reply> take_screenshot(Board& board, const std::string& target) {
    auto found = find_screen(board, target);
    if (!found.ok()) return found.problem();
    const Screen& screen = found.value();
    const std::string& name = screen.connector->name();
    const auto crtc = crtc_of(screen);
    const auto failed = [&](Errno error) {
        return Problem{.message = fmt::format("no picture of {}: {}", name, errno_name(error)),
                       .remedy = "the screen must be on: run a client that shows something"};
    };
    if (!crtc) return failed(Errno::Io);
    const auto image = vkms::screenshot(*screen.drm, *crtc);
    if (!image.ok()) return failed(image.error());
    auto memory = seal_memory("plugboard-screenshot", image->rgb);
    if (!memory.ok()) return failed(memory.error());
    Reply reply;
    reply.body = {{"width", image->width}, {"height", image->height}, {"name", name}};
    reply.attachment = std::move(*memory);
    return reply;
}

std::string name_of(const JsonPlace& request, std::string_view member) {
    return request.at(member).text(longest_control_name);
}

/// Of a member that may be missing.
std::string name_or_none(const JsonPlace& request, std::string_view member) {
    return request.text_or(member, longest_control_name, "");
}

Outcome<Reply> set_debug(const JsonPlace& request) {
    const std::string words = name_or_none(request, "categories");
    const auto mask = words.empty() ? Result<uint32_t>(0u) : log::parse_categories(words);
    if (!mask.ok()) {
        return Problem{
            .message = fmt::format("\"{}\" has a word that is no category", words),
            .remedy = fmt::format("use {}, all, or drm.debug's number", log::category_words())};
    }
    log::enabled_mask = *mask;
    Reply reply;
    reply.body["mask"] = *mask;
    return reply;
}

Outcome<Reply> flips(Board& board, const JsonPlace& request) {
    const std::string target = name_or_none(request, "target");
    const size_t newest = request.number_or("newest", SIZE_MAX, SIZE_MAX);
    std::optional<SlotInfo> card;
    if (target.empty()) {
        for (SlotInfo& slot : board.slots().all()) {
            if (!card && slot.config.has_screens()) card = std::move(slot);
        }
    } else {
        auto found = board.slots().find_card(target);
        if (!found.ok()) return found.problem();
        card = std::move(found.value());
    }
    if (!card || !card->drm || !(*card->drm)->has_modeset()) {
        return Problem{.message = "there is no card that flips",
                       .remedy = "plug and bind it first"};
    }
    Reply reply;
    reply.body["total"] = (*card->drm)->mode_config().worker().flip_log().total();
    reply.body["flips"] = card_flips(**card->drm, newest);
    return reply;
}

json leftovers_of(Board& board, const std::function<size_t()>& count) {
    const Leftovers left = board.leftovers(count);
    json report = {{"objects", left.objects}, {"fds", left.descriptors}, {"labels", left.labels}};
    // Whatever is in a loop that nobody will break is left behind.
    report["loops"] = left.objects > 0 ? device::find_loops() : std::vector<std::string>();
    return report;
}

}  // namespace

Commands make_commands(CommandContext context) {
    Board& board = context.board;
    StopPoints& stop_points = context.stop_points;
    Commands commands;
    commands.add("status",
                 [&board, stays = context.stays](const JsonPlace& request) -> Outcome<Reply> {
                     Reply reply;
                     reply.body = board_status(
                         board, request.boolean_or("flips", false) ? Detail::Flips : Detail::Brief);
                     reply.body["stays"] = stays;
                     return reply;
                 });
    const auto on_card = [&](const char* op, Outcome<Done> (Slots::*run)(std::string_view)) {
        commands.add(op, [&board, run](const JsonPlace& request) {
            return reply_of((board.slots().*run)(name_of(request, "target")));
        });
    };
    on_card("bind", &Slots::bind);
    on_card("unbind", &Slots::unbind);
    add_seat_commands(commands, board);
    add_screen_commands(commands, board);
    add_fault_command(commands, board);
    commands.add("screenshot", [&board](const JsonPlace& request) {
        return take_screenshot(board, name_or_none(request, "screen"));
    });
    add_explain_command(commands);
    commands.add("debug", set_debug);
    add_trace_command(commands, board.trace());
    commands.add("flips", [&board](const JsonPlace& request) { return flips(board, request); });
    commands.add_waiting("wait", [&board](const JsonPlace& request, Sleeper& caller) {
        return wait_command(board, request, caller);
    });
    commands.add_waiting("step", [&board](const JsonPlace& request, Sleeper& caller) {
        return step_command(board, request, caller);
    });
    commands.add("check-leaks",
                 [&board, count = std::move(context.count_descriptors)](const JsonPlace&) {
                     return Outcome<Reply>(Reply{.body = leftovers_of(board, count)});
                 });
    commands.add("plant-leak", [](const JsonPlace& request) {
        return reply_of(plant_leak(name_of(request, "kind")));
    });
    commands.add("stop-at", [&stop_points](const JsonPlace& request) {
        return reply_of(stop_points.arm(name_of(request, "target"), name_of(request, "ioctl"),
                                        name_of(request, "point")));
    });
    commands.add("stopped", [&stop_points](const JsonPlace&) -> Outcome<Reply> {
        Reply reply;
        reply.body["count"] = stop_points.count();
        return reply;
    });
    commands.add("shutdown",
                 [shut_down = std::move(context.shut_down)](const JsonPlace&) -> Outcome<Reply> {
                     shut_down();
                     return Reply{};
                 });
    return commands;
}

json final_report(Board& board) {
    json report = leftovers_of(board, count_descriptors);
    report["opens"] = board.opens();
    return report;
}

}  // namespace plugboard::daemon
