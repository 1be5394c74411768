#include "daemon/control/step_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "daemon/config/json_place.h"
#include "drm/atomic/commit_worker.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

constexpr uint64_t most_vblanks = 1'000'000;
constexpr uint64_t most_ms = 24ULL * 60 * 60 * 1000;

/// A CRTC that is on.
struct Beating {
    std::string card;  // the slot
    Ref<drm::Device> drm;
    drm::Crtc* crtc;

    drm::Vblank& vblank() const { return crtc->vblank(); }
    /// Also of one that nobody waits for, whose timer rests.
    Time next(Time now) const {
        if (const auto due = vblank().next_due()) return *due;
        return std::max(vblank().current().time + vblank().idle_period(), now);
    }
};

std::vector<Beating> beating(Board& board) {
    std::vector<Beating> found;
    for (const SlotInfo& slot : board.slots().all()) {
        if (!slot.drm || !(*slot.drm)->has_modeset()) continue;
        for (drm::Crtc* crtc : (*slot.drm)->mode_config().crtcs) {
            if (crtc->vblank().is_on())
                found.push_back({.card = slot.config.name, .drm = *slot.drm, .crtc = crtc});
        }
    }
    return found;
}

// False from these: nobody waits for the answer any more.

/// Until what clients have committed waits for a vblank, and what has been shown is finished.
bool wait_until_committed(const std::vector<Beating>& crtcs, Sleeper& caller) {
    for (const Beating& each : crtcs) {
        drm::atomic::CommitWorker& worker = each.drm->mode_config().worker();
        const auto is_idle = [&] { return worker.is_idle(); };
        if (wait_until(caller, worker.idle_queue(), is_idle) == Wakeup::Interrupted) return false;
    }
    return true;
}

bool wait_until_told(const std::vector<Beating>& crtcs, Time now, Sleeper& caller) {
    for (const Beating& each : crtcs) {
        const auto is_told = [&] {
            const auto due = each.vblank().next_due();
            return !due || *due > now || each.drm->is_gone();
        };
        if (wait_until(caller, each.vblank().queue(), is_told) == Wakeup::Interrupted) return false;
        each.vblank().settle();
    }
    return wait_until_committed(crtcs, caller);
}

Problem interrupted() {
    return {.message = "the board ends, or nobody waits any more",
            .remedy = "see whether it is still there: plugboard ls"};
}

Outcome<Done> step_vblank(Board& board, SteppedClock& clock, Sleeper& caller) {
    const std::vector<Beating> crtcs = beating(board);
    if (!wait_until_committed(crtcs, caller)) return interrupted();
    const Time now = clock.now();
    const auto next = [&](const Beating& one) { return one.next(now); };
    const auto first = std::ranges::min_element(crtcs, {}, next);
    if (first == crtcs.end()) {
        return Problem{.message = "no screen is on, so nothing has a vblank",
                       .remedy =
                           "start a client that shows something, or move the time alone: "
                           "plugboard step 20ms"};
    }
    clock.advance(std::max(next(*first) - now, Nanos(0)));
    if (!wait_until_told(crtcs, clock.now(), caller)) return interrupted();
    return Done{};
}

Outcome<Done> step(Board& board, SteppedClock& clock, const JsonPlace& request, Sleeper& caller) {
    const auto ms = request.find("ms"), vblanks = request.find("vblanks");
    if (ms && vblanks) ms->fail("is there beside vblanks", "send one of them");
    if (ms) {
        const std::chrono::milliseconds time(ms->number(most_ms));
        if (!wait_until_committed(beating(board), caller)) return interrupted();
        clock.advance(time);
        if (!wait_until_told(beating(board), clock.now(), caller)) return interrupted();
        return Done{};
    }
    const uint64_t count = vblanks ? vblanks->number(most_vblanks) : 1;
    for (uint64_t i = 0; i < count; ++i) {
        if (auto done = step_vblank(board, clock, caller); !done.ok()) return done;
    }
    return Done{};
}

}  // namespace

Outcome<Reply> step_command(Board& board, const JsonPlace& request, Sleeper& caller) {
    SteppedClock* clock = board.stepped_clock();
    if (!clock) {
        return Problem{.message = "this board's time runs by itself",
                       .remedy = "start it with --step, or with clock = \"step\" in its TOML"};
    }
    if (auto done = step(board, *clock, request, caller); !done.ok()) return done.problem();
    Reply reply;
    reply.body["ns"] = clock->now().time_since_epoch().count();
    json crtcs = json::array();
    for (const Beating& each : beating(board)) {
        crtcs.push_back({{"card", each.card},
                         {"crtc", each.crtc->index()},
                         {"sequence", each.vblank().current().sequence}});
    }
    reply.body["crtcs"] = std::move(crtcs);
    return reply;
}

}  // namespace plugboard::daemon
