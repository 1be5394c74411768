#include "daemon/control/wait_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/json_place.h"
#include "drm/atomic/commit_worker.h"
#include "drm/objects/mode_config.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

/// A screen as it is at a moment.
struct Seen {
    std::string card, connector;
    Ref<drm::Device> drm;
    std::optional<drm::ObjectId> crtc{};  // none: off
    std::string mode{};
    uint32_t refresh_hz = 0;
    bool has_good_link = true;

    std::string name() const { return card + "/" + connector; }
    std::string text() const {
        return fmt::format("{} {}", name(), crtc ? fmt::format("{}@{}", mode, refresh_hz) : "off");
    }
};

/// "gpu0/DP-1", "DP-1", "gpu0", "card0"; empty: every screen.
struct Place {
    std::string card, connector;

    static Outcome<Place> find(Board& board, const std::string& target) {
        const auto slash = target.find('/');
        Place place;
        if (target.empty()) return place;
        if (slash != std::string::npos) {
            const auto card = board.slots().find_card(target.substr(0, slash));
            if (!card.ok()) return card.problem();
            place.card = card.value().config.name;
            place.connector = target.substr(slash + 1);
        } else if (const auto card = board.slots().find_card(target); card.ok()) {
            place.card = card.value().config.name;
        } else {
            place.connector = target;
        }
        return place;
    }
};

void add_screens(const SlotInfo& slot, const std::string& connector, std::vector<Seen>& screens) {
    drm::ModeConfig& config = (*slot.drm)->mode_config();
    MutexLock lock(config.lock());
    for (const auto& one : config.connectors) {
        if (one->is_writeback()) continue;
        if (!connector.empty() && one->name() != connector) continue;
        Seen seen{.card = slot.config.name, .connector = one->name(), .drm = *slot.drm};
        const drm::Crtc* crtc = one->state.crtc;
        if (crtc && crtc->state.active && crtc->state.mode) {
            seen.crtc = crtc->id();
            seen.mode = crtc->state.mode->name();
            seen.refresh_hz = crtc->state.mode->vrefresh();
        }
        seen.has_good_link = one->state.link_status == 0;
        screens.push_back(std::move(seen));
    }
}

std::vector<Seen> screens_at(Board& board, const Place& place) {
    std::vector<Seen> screens;
    for (const SlotInfo& slot : board.slots().all()) {
        if (!place.card.empty() && slot.config.name != place.card) continue;
        if (slot.drm && (*slot.drm)->has_modeset()) add_screens(slot, place.connector, screens);
    }
    return screens;
}

/// CRTCs that are on with no screen's connector: one that was removed may have left them so.
void add_lone_crtcs(const SlotInfo& slot, std::vector<Seen>& seen) {
    drm::ModeConfig& config = (*slot.drm)->mode_config();
    MutexLock lock(config.lock());
    for (const drm::Crtc* crtc : config.crtcs) {
        const bool is_screens = std::ranges::any_of(config.connectors, [&](const auto& one) {
            return !one->is_writeback() && one->state.crtc == crtc;
        });
        if (is_screens || !crtc->state.active || !crtc->state.mode) continue;
        Seen lone{.card = slot.config.name, .connector = crtc->name(), .drm = *slot.drm};
        lone.crtc = crtc->id();
        lone.mode = crtc->state.mode->name();
        lone.refresh_hz = crtc->state.mode->vrefresh();
        seen.push_back(std::move(lone));
    }
}

std::vector<Seen> lone_crtcs_at(Board& board, const Place& place) {
    std::vector<Seen> seen;
    for (const SlotInfo& slot : board.slots().all()) {
        if (!place.card.empty() && slot.config.name != place.card) continue;
        if (slot.drm && (*slot.drm)->has_modeset()) add_lone_crtcs(slot, seen);
    }
    return seen;
}

std::string text_of(const std::vector<Seen>& screens) {
    std::string text;
    for (const Seen& screen : screens) text += (text.empty() ? "" : ", ") + screen.text();
    return text.empty() ? "no screen" : text;
}

/// Wakes the caller at whatever may make its condition true, and keeps the uevents for it. No lock
/// is held when it looks.
class Bell final : public device::Watcher {
  public:
    Bell(Board& board, Sleeper& caller)
        : board_(board), caller_(caller), files_(board.file_changes(), caller) {
        board_.model().add_watcher(*this);
    }
    ~Bell() { board_.model().remove_watcher(*this); }

    void device_added(device::Device&) override { caller_.wake(); }
    void device_removed(device::Device&) override { caller_.wake(); }
    void device_changed(device::Device&) override { caller_.wake(); }
    void uevent(const device::Device&, const device::Uevent& event) override {
        {
            MutexLock lock(mutex_);
            uevents_.push_back(event);
        }
        caller_.wake();
    }

    /// Rings at each flip of the cards that are there now, too: a screen's mode changes with one.
    /// Called before each look.
    void follow_cards() {
        flips_.clear();
        cards_.clear();
        for (const SlotInfo& slot : board_.slots().all()) {
            if (slot.drm && (*slot.drm)->has_modeset()) cards_.push_back(*slot.drm);
        }
        for (const auto& card : cards_)
            flips_.emplace_back(card->mode_config().worker().flip_log().queue(), caller_);
    }

    /// The next uevent that has come and was not taken yet.
    std::optional<device::Uevent> take_uevent() {
        MutexLock lock(mutex_);
        if (uevents_.empty()) return std::nullopt;
        device::Uevent event = std::move(uevents_.front());
        uevents_.pop_front();
        return event;
    }

  private:
    Board& board_;
    Sleeper& caller_;
    WaitQueue::Entry files_;
    std::vector<Ref<drm::Device>> cards_;  // outlive the entries
    std::list<WaitQueue::Entry> flips_;
    Mutex<LockClass<Bell>> mutex_;
    std::deque<device::Uevent> uevents_ GUARDED_BY(mutex_);
};

/// What is waited for. look() says once that it is there, with what the answer says of it.
class Condition {
  public:
    virtual ~Condition() = default;
    virtual Outcome<std::optional<json>> look() = 0;
    /// For who has waited in vain.
    virtual std::string seen() = 0;
};

/// Each of the cards that are there now; later ones do not count.
class Flips final : public Condition {
  public:
    Flips(Board& board, const Place& place, Sleeper& caller, uint64_t wanted)
        : board_(board), place_(place), wanted_(wanted) {
        for (const Seen& screen : screens_at(board, place)) {
            if (!cards_.empty() && cards_.back().drm == screen.drm) continue;
            auto& log = screen.drm->mode_config().worker().flip_log();
            cards_.push_back({screen.drm, screen.card, log.total()});
            entries_.emplace_back(log.queue(), caller);
            entries_.emplace_back(screen.drm->gone_queue(), caller);
        }
    }

    Outcome<std::optional<json>> look() override {
        const auto screens = screens_at(board_, place_);
        for (Card& card : cards_) {
            count_ += count_new_flips(card, screens);
            if (count_ < wanted_ && card.drm->is_gone()) {
                return Problem{.message = fmt::format("{} has gone after {} of {} flips", card.name,
                                                      count_, wanted_),
                               .remedy = "the card was unplugged or unbound meanwhile"};
            }
        }
        if (count_ < wanted_) return std::optional<json>();
        return std::optional<json>(json::object({{"flips", count_}}));
    }
    std::string seen() override {
        return fmt::format("{} of {} flips; {}", count_, wanted_,
                           text_of(screens_at(board_, place_)));
    }

  private:
    struct Card {
        Ref<drm::Device> drm;
        std::string name;
        uint64_t counted;  // flips of its log, those before the wait among them
    };
    /// Those that were not counted yet: the log is looked at for each, and forgets old ones.
    uint64_t count_new_flips(Card& card, const std::vector<Seen>& screens) const {
        const auto& log = card.drm->mode_config().worker().flip_log();
        const uint64_t before = card.counted;
        const auto flips = log.take_since(card.counted);
        if (place_.connector.empty()) return card.counted - before;
        uint64_t count = 0;
        for (const auto& flip : flips) {
            for (const Seen& screen : screens)
                count += screen.drm == card.drm && screen.crtc == flip.crtc ? 1 : 0;
        }
        return count;
    }

    Board& board_;
    const Place place_;
    const uint64_t wanted_;
    uint64_t count_ = 0;
    std::vector<Card> cards_;
    std::list<WaitQueue::Entry> entries_;
};

class HasMode final : public Condition {
  public:
    HasMode(Board& board, Place place, std::string mode)
        : board_(board), place_(std::move(place)), mode_(std::move(mode)) {}

    Outcome<std::optional<json>> look() override {
        for (const Seen& screen : screens_at(board_, place_)) {
            if (!screen.crtc || (!mode_.empty() && screen.mode != mode_)) continue;
            return std::optional<json>({{"screen", screen.name()},
                                        {"mode", screen.mode},
                                        {"refresh_hz", screen.refresh_hz}});
        }
        return std::optional<json>();
    }
    std::string seen() override { return text_of(screens_at(board_, place_)); }

  private:
    Board& board_;
    const Place place_;
    const std::string mode_;
};

/// A card that is not there has no screen that is on. Of a card, CRTCs without a screen count too.
class IsOff final : public Condition {
  public:
    IsOff(Board& board, Place place) : board_(board), place_(std::move(place)) {}

    Outcome<std::optional<json>> look() override {
        for (const Seen& screen : all()) {
            if (screen.crtc) return std::optional<json>();
        }
        return std::optional<json>(json::object());
    }
    std::string seen() override { return text_of(all()); }

  private:
    std::vector<Seen> all() {
        auto seen = screens_at(board_, place_);
        if (!place_.connector.empty()) return seen;
        auto lone = lone_crtcs_at(board_, place_);
        std::ranges::move(lone, std::back_inserter(seen));
        return seen;
    }

    Board& board_;
    const Place place_;
};

/// Of every screen of the place.
class HasLink final : public Condition {
  public:
    HasLink(Board& board, Place place, bool good)
        : board_(board), place_(std::move(place)), good_(good) {}

    Outcome<std::optional<json>> look() override {
        const auto screens = screens_at(board_, place_);
        const bool is_so = std::ranges::all_of(
            screens, [&](const Seen& screen) { return screen.has_good_link == good_; });
        if (!is_so || screens.empty()) return std::optional<json>();
        return std::optional<json>(json::object());
    }
    std::string seen() override {
        std::string text;
        for (const Seen& screen : screens_at(board_, place_)) {
            text += fmt::format("{}{} {}, its link-status {}", text.empty() ? "" : ", ",
                                screen.name(), screen.crtc ? screen.mode : "off",
                                screen.has_good_link ? "good" : "bad");
        }
        return text.empty() ? "no screen" : text;
    }

  private:
    Board& board_;
    const Place place_;
    const bool good_;
};

class IsOpen final : public Condition {
  public:
    IsOpen(Board& board, Place place) : board_(board), place_(std::move(place)) {}

    Outcome<std::optional<json>> look() override {
        for (const OpenFileInfo& file : board_.open_files()) {
            const auto card = board_.slots().find_card(file.node);
            const bool is_it =
                place_.card.empty() || (card.ok() && card.value().config.name == place_.card);
            if (is_it)
                return std::optional<json>(
                    {{"node", file.node}, {"pid", file.pid}, {"command", file.command}});
        }
        return std::optional<json>();
    }
    std::string seen() override { return "no open file"; }

  private:
    Board& board_;
    const Place place_;
};

class IsClosed final : public Condition {
  public:
    IsClosed(Board& board, Place place) : open_(board, std::move(place)) {}

    Outcome<std::optional<json>> look() override {
        auto looked = open_.look();
        if (!looked.ok()) return looked.problem();
        if (!looked.value()) return std::optional<json>(json::object());
        seen_ = looked.value()->dump();
        return std::optional<json>();
    }
    std::string seen() override { return "an open file: " + seen_; }

  private:
    IsOpen open_;
    std::string seen_;
};

class UeventSent final : public Condition {
  public:
    /// `wanted`: "KEY=value", "KEY" or nothing.
    UeventSent(Bell& bell, std::string wanted) : bell_(bell), wanted_(std::move(wanted)) {}

    Outcome<std::optional<json>> look() override {
        while (auto event = bell_.take_uevent()) {
            last_ = event->action + "@" + event->devpath;
            if (is_it(*event)) return std::optional<json>(describe(*event));
        }
        return std::optional<json>();
    }
    std::string seen() override {
        return last_.empty() ? "no uevent" : "other uevents, the last of them " + last_;
    }

  private:
    bool is_it(const device::Uevent& event) const {
        if (wanted_.empty() || wanted_ == "ACTION=" + event.action) return true;
        for (const auto& [key, value] : event.keys) {
            if (wanted_ == key || wanted_ == fmt::format("{}={}", key, value)) return true;
        }
        return false;
    }
    static json describe(const device::Uevent& event) {
        json keys = json::object();
        for (const auto& [key, value] : event.keys) keys[key] = value;
        return {{"action", event.action}, {"devpath", event.devpath}, {"keys", std::move(keys)}};
    }

    Bell& bell_;
    const std::string wanted_;
    std::string last_;
};

Outcome<std::unique_ptr<Condition>> make_condition(Board& board, const JsonPlace& request,
                                                   Bell& bell, Sleeper& caller) {
    const auto text = [&](std::string_view member, std::string_view otherwise) {
        return request.text_or(member, longest_control_name, otherwise);
    };
    const std::string on = text("on", "");
    auto place = Place::find(board, on);
    if (!place.ok()) return place.problem();
    Place& where = place.value();
    const std::string what = request.at("for").text(longest_control_name);
    if (!where.connector.empty() && what != "off" && screens_at(board, where).empty()) {
        return Problem{.message = fmt::format("there is no screen \"{}\"", on),
                       .remedy = "plugboard status lists them"};
    }
    using Made = std::unique_ptr<Condition>;
    if (what == "flips")
        return Made(std::make_unique<Flips>(board, where, caller,
                                            request.number_or("count", UINT64_MAX, 1)));
    if (what == "mode")
        return Made(std::make_unique<HasMode>(board, std::move(where), text("mode", "")));
    if (what == "off") return Made(std::make_unique<IsOff>(board, std::move(where)));
    if (what == "link-status") {
        const std::string value = text("value", "good");
        if (value == "good" || value == "bad")
            return Made(std::make_unique<HasLink>(board, std::move(where), value == "good"));
        return Problem{.message = fmt::format("link-status cannot be \"{}\"", value),
                       .remedy = "use link-status=good or link-status=bad"};
    }
    if (what == "open") return Made(std::make_unique<IsOpen>(board, std::move(where)));
    if (what == "closed") return Made(std::make_unique<IsClosed>(board, std::move(where)));
    if (what == "uevent") return Made(std::make_unique<UeventSent>(bell, text("key", "")));
    return Problem{.message = fmt::format("nobody can wait for \"{}\"", what),
                   .remedy = "use flips, mode, off, link-status, open, closed or uevent"};
}

}  // namespace

Outcome<Reply> wait_command(Board& board, const JsonPlace& request, Sleeper& caller) {
    Clock& clock = Clock::real();  // people's time, also where the board's stands still
    std::optional<Time> deadline;
    if (const auto timeout = request.find("timeout_ms"))
        deadline = clock.now() + std::chrono::milliseconds(timeout->number(UINT32_MAX));
    Bell bell(board, caller);
    auto condition = make_condition(board, request, bell, caller);
    if (!condition.ok()) return condition.problem();
    Reply reply;
    for (Wakeup wakeup = Wakeup::Woken;; wakeup = caller.sleep(deadline, Interrupts::Allowed)) {
        bell.follow_cards();
        auto looked = condition.value()->look();
        if (!looked.ok()) return looked.problem();
        if (auto& found = looked.value()) {
            reply.body = std::move(*found);
            break;
        }
        if (wakeup == Wakeup::Interrupted)
            return Problem{.message = "the board ends, or nobody waits any more",
                           .remedy = "see whether it is still there: plugboard ls"};
        if (wakeup == Wakeup::Deadline) {
            reply.body = {{"timed_out", true}, {"seen", condition.value()->seen()}};
            break;
        }
    }
    reply.body["ns"] = board.model().clock().now().time_since_epoch().count();
    return reply;
}

}  // namespace plugboard::daemon
