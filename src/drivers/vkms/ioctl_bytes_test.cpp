// Random ioctls against a card on whose screen somebody else draws: each is answered, none gets
// past its refusal, and in the end nothing is left. The time stands still but for the vblanks.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "drivers/vkms/test_board.h"
#include "drm/handlers.h"
#include "drm/objects/mode.h"
#include "drm/request.h"
#include "drm/sync/sync_file.h"
#include "drm/trace/ioctl_text.h"
#include "tests/support/comes_true.h"
#include "tests/support/drm_random_ioctl.h"
#include "tests/support/threads.h"

namespace plugboard::vkms {
namespace {

using tests::CallerMemory;
using tests::Known;
using tests::make_call;
using tests::RandomCall;

/// Each call is made of a list of numbers.
using Calls = std::vector<tests::Numbers>;

/// What a round does wrong, so that the judge has something to find.
enum class Planted { Nothing, StrangeError, RefusedCallDraws, LostObject };

constexpr uint32_t side = 64;  // pixels

Config small_card() {
    Config config;
    config.overlays = 8;
    config.screens = {{.mode = ScreenMode{.width = side, .height = side}}};
    return config;
}

/// A client that does what the numbers say.
struct Caller {
    explicit Caller(drm::Device& device) : client(device) {}
    tests::Client client;
    CallerMemory memory;
};

/// 0 or the errno.
int ioctl_of(drm::File& file, CallerMemory& memory, RandomCall call, uint32_t uid) {
    ThreadSleeper sleeper(file.device().clock());
    drm::Request request(memory, sleeper, {.pid = 4242, .uid = uid, .gid = uid});
    drm::IoctlText text;  // a trace's
    request.describe_into(text);
    const auto done = file.ioctl(request, call.command, uapi::UserAddress{call.address});
    memory.end_request(!done.ok());
    return done.ok() ? 0 : static_cast<int>(done.error());
}

class Round {
  public:
    explicit Round(Planted planted) : planted_(planted) { set_up(); }
    ~Round() { end(); }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    /// The first thing that is wrong.
    std::optional<std::string> play(const Calls& calls) {
        for (const auto& numbers : calls) {
            if (mistake_.empty()) step(tests::Dice(numbers));
        }
        if (calls.size() % 2 != 0) board_.unplug();  // while files are open
        end();
        if (mistake_.empty()) return std::nullopt;
        std::string text = mistake_ + "; the last calls:";
        for (const std::string& line : trace_) text += "\n  " + line;
        return text;
    }

  private:
    /// What the drawing client sees of its drawing, a fact a line.
    using Drawing = std::vector<std::pair<std::string_view, std::vector<uint64_t>>>;

    void set_up();
    void step(tests::Dice dice);
    void change_master(tests::Client& client);
    void judge(const RandomCall& call, int error, bool was_master);
    void learn(Caller& caller, const RandomCall& call);
    void light();
    void end();
    Drawing look();
    template <class Argument>
    std::vector<uint64_t> answer(unsigned long command, const Argument& argument);

    /// And all that follows from it, so that the numbers decide and not which thread is faster.
    void vblank() {
        clock_.advance(Nanos(static_cast<int64_t>(mode_.frame_duration_ns())));
        tests::wait_until_others_sleep();
    }
    /// Runs what may wait; while it does there are vblanks.
    int complete(const std::function<int()>& run);

    const Planted planted_;
    const drm::Mode mode_ = drm::Mode::cvt(side, side, 60);
    FakeClock clock_;
    TestBoard board_{small_card(), clock_};
    MaybeRef<drm::Device> drm_ = board_.drm();
    std::optional<TestClient> drawer_{**drm_};
    DumbBuffer buffer_;
    std::vector<std::unique_ptr<Caller>> callers_;
    Known known_;
    std::optional<Drawing> drawing_;  // none: not looked at since it was drawn
    CallerMemory eye_;                // into which the drawing client looks
    std::deque<std::string> trace_;
    std::string mistake_;
};

void Round::set_up() {
    buffer_ = drawer_->make_mapped_buffer(side, side, DRM_FORMAT_XRGB8888, 4);
    known_.planes = drawer_->planes;
    known_.crtcs = drawer_->crtcs;
    known_.connectors = drawer_->connectors;
    known_.encoders = drawer_->encoders;
    known_.mode = mode_.to_user(drm::AspectBits::Hide);
    known_.framebuffers = {buffer_.fb};
    known_.blobs = {drawer_->add_mode_blob(known_.mode)};
    light();
    for (const auto* ids : {&known_.planes, &known_.crtcs, &known_.connectors}) {
        for (const uint32_t id : *ids) {
            for (const auto& found : drawer_->properties(id))
                known_.properties[id].push_back({found.id, found.value});
        }
    }
    for (int i = 0; i < 2; i++) {
        callers_.push_back(std::make_unique<Caller>(**drm_));
        for (int k = 0; k < 2; k++) callers_.back()->client.make_buffer(side, side, 32);
    }
    tests::Client& atomic = callers_[0]->client;
    atomic.set_cap(DRM_CLIENT_CAP_ATOMIC);
    atomic.set_cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS);
}

void Round::light() {
    drawing_.reset();
    complete([&] {
        return drawer_->turn_on(known_.crtcs[0], known_.connectors.back(), known_.mode,
                                known_.planes[0], buffer_.fb);
    });
}

int Round::complete(const std::function<int()>& run) {
    auto result = std::async(std::launch::async, run);
    const auto end = std::chrono::steady_clock::now() + tests::patience;
    for (tests::wait_until_others_sleep(); !tests::is_ready(result); vblank()) {
        if (std::chrono::steady_clock::now() < end) continue;
        mistake_ = "a call does not end";
        board_.unplug();
        break;
    }
    return result.get();
}

void Round::change_master(tests::Client& client) {
    const uapi::Credentials root{.pid = 1, .uid = 0, .gid = 0};
    drawer_->ioctl_as(root, DRM_IOCTL_DROP_MASTER, nullptr);
    for (const auto& caller : callers_)
        caller->client.ioctl_as(root, DRM_IOCTL_DROP_MASTER, nullptr);
    EXPECT_EQ(client.ioctl_as(root, DRM_IOCTL_SET_MASTER, nullptr), 0);
}

void Round::step(tests::Dice dice) {
    Caller& caller = *callers_[dice.below(2)];
    const uint32_t change = dice.below(4);
    if (change == 1) change_master(*drawer_);
    if (change > 1) change_master(caller.client);
    if (dice.one_in(8)) {
        change_master(*drawer_);
        light();
    }
    if (dice.one_in(4)) caller.client.events().take();
    const uint32_t uid = dice.one_in(8) ? 0 : 1000;
    for (uint32_t vblanks = dice.below(3); vblanks > 0; vblanks--) vblank();
    if (!drawing_) drawing_ = look();

    const RandomCall call = make_call(dice, known_, caller.memory);
    const bool was_master = is_current_master(caller.client.file());
    int error = complete([&] { return ioctl_of(caller.client.file(), caller.memory, call, uid); });
    if (planted_ == Planted::StrangeError && error == EINVAL) error = 999;
    if (planted_ == Planted::RefusedCallDraws && error == EINVAL)
        complete([&] { return drawer_->ioctl(DRM_IOCTL_MODE_RMFB, buffer_.fb); });

    const uapi::Ioctl* row = uapi::find_ioctl(_IOC_NR(call.command));
    trace_.push_back(fmt::format("{} (0x{:08x}), {}{}{}: {}", row ? row->name : "?", call.command,
                                 &caller == callers_[0].get() ? "atomic" : "plain",
                                 was_master ? ", master" : "", uid == 0 ? ", root" : "",
                                 tests::result_name(error)));
    if (trace_.size() > 20) trace_.pop_front();
    if (mistake_.empty()) judge(call, error, was_master);
    if (error == 0) learn(caller, call);
}

void Round::judge(const RandomCall& call, int error, bool was_master) {
    const std::string name = tests::result_name(error);
    if (error == static_cast<int>(Errno::ProbeDefer) || name == "E?") {
        mistake_ = fmt::format("no errno: {}", error);
        return;
    }
    // The number decides, whatever size the command has. What is removed goes from the screen, too.
    const bool removes = _IOC_NR(call.command) == _IOC_NR(DRM_IOCTL_MODE_RMFB);
    // A fault may be one of the answer, behind the effect.
    const bool may_draw = (error == 0 || error == EFAULT) && (was_master || removes);
    const Drawing before = *std::exchange(drawing_, std::nullopt);
    if (may_draw) return;
    drawing_ = look();
    for (size_t i = 0; i < before.size(); i++) {
        if (before[i] == (*drawing_)[i]) continue;
        mistake_ = fmt::format("{} has changed, without right", before[i].first);
        return;
    }
}

/// Ids that callers got are worth trying, too.
void Round::learn(Caller& caller, const RandomCall& call) {
    if (call.command == DRM_IOCTL_MODE_ADDFB2 || call.command == DRM_IOCTL_MODE_ADDFB)
        known_.framebuffers.push_back(caller.memory.peek<uint32_t>(call.address));
    if (call.command == DRM_IOCTL_MODE_CREATEPROPBLOB)
        known_.blobs.push_back(caller.memory.peek<drm_mode_create_blob>(call.address).blob_id);
}

/// The answer, and its errno.
template <class Argument>
std::vector<uint64_t> Round::answer(unsigned long command, const Argument& argument) {
    eye_.put(CallerMemory::base, argument);
    const int error =
        ioctl_of(drawer_->file(), eye_,
                 {.command = static_cast<uint32_t>(command), .address = CallerMemory::base}, 1000);
    std::vector<uint64_t> words(sizeof(argument) / 8 + 2);
    const auto answered = eye_.peek<Argument>(CallerMemory::base);
    std::memcpy(words.data(), &answered, sizeof(answered));
    words.back() = static_cast<uint64_t>(error);
    return words;
}

Round::Drawing Round::look() {
    Drawing drawing;
    for (const uint32_t id : known_.crtcs) {
        drm_mode_crtc crtc{};
        crtc.crtc_id = id;
        drawing.emplace_back("a CRTC", answer(DRM_IOCTL_MODE_GETCRTC, crtc));
    }
    for (const uint32_t id : known_.planes) {
        drm_mode_get_plane plane{};
        plane.plane_id = id;
        drawing.emplace_back("a plane", answer(DRM_IOCTL_MODE_GETPLANE, plane));
    }
    for (const auto& [id, properties] : known_.properties) {
        drm_mode_obj_get_properties all{};
        all.obj_id = id;
        all.count_props = static_cast<uint32_t>(properties.size());
        all.props_ptr = CallerMemory::arrays;
        all.prop_values_ptr = CallerMemory::arrays + CallerMemory::array_size;
        drawing.emplace_back("properties", answer(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all));
        for (size_t i = 0; i < properties.size(); i++)
            drawing.back().second.push_back(eye_.peek<uint64_t>(all.prop_values_ptr + i * 8));
    }
    drm_mode_fb_cmd fb{};
    fb.fb_id = buffer_.fb;
    answer(DRM_IOCTL_MODE_GETFB, fb);
    fb = eye_.peek<drm_mode_fb_cmd>(CallerMemory::base);
    drawing.push_back({"the framebuffer", {fb.width, fb.height, fb.pitch}});
    if (fb.handle != 0) answer(DRM_IOCTL_GEM_CLOSE, drm_gem_close{fb.handle, 0});  // a master's
    drawing.emplace_back("the buffer", answer(DRM_IOCTL_MODE_MAP_DUMB,
                                              drm_mode_map_dumb{buffer_.dumb.handle, 0, 0}));
    drawing.emplace_back("the blob", answer(DRM_IOCTL_MODE_GETPROPBLOB,
                                            drm_mode_get_blob{known_.blobs.front(), 0, 0}));
    return drawing;
}

void Round::end() {
    const auto close = [&](tests::Client& client) {
        complete([&] {
            client.close();
            return 0;
        });
    };
    for (const auto& caller : callers_) close(caller->client);
    callers_.clear();
    board_.unplug();
    drawer_.reset();
    drm_.reset();
    board_.model.service<drm::SpecialFiles>().watch().settle();
    board_.model.flush();
}

class LostObject final : public Object {
  public:
    std::string label() const override { return "lost object"; }
    void visit_refs(RefVisitor&) const override {}
};

std::optional<std::string> mistake_in(const Calls& calls, Planted planted) {
    const size_t objects = live_object_count();
    if (auto mistake = Round(planted).play(calls)) return mistake;
    MaybeRef<LostObject> lost;
    if (planted == Planted::LostObject) lost = make_ref<LostObject>();
    if (live_object_count() == objects) return std::nullopt;
    return fmt::format("{} objects are left", live_object_count() - objects);
}

rc::Gen<Calls> any_calls() {
    return rc::gen::scale(0.4, rc::gen::container<Calls>(tests::any_numbers(48)));
}

RC_GTEST_PROP(IoctlBytes, are_answered_and_a_refusal_changes_nothing, ()) {
    const Calls calls = *any_calls();
    if (const auto mistake = mistake_in(calls, Planted::Nothing)) RC_FAIL(*mistake);
}

/// Whether the judge notices what is planted, within as many rounds as it has.
bool finds(Planted planted) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        if (mistake_in(any_calls()(rc::Random(seed)).value(), planted)) return true;
    }
    return false;
}

TEST(IoctlBytes, the_judge_finds_an_error_that_is_none) {
    EXPECT_TRUE(finds(Planted::StrangeError));
}

TEST(IoctlBytes, the_judge_finds_a_refused_call_that_draws) {
    EXPECT_TRUE(finds(Planted::RefusedCallDraws));
}

TEST(IoctlBytes, the_judge_finds_a_lost_object) {
    EXPECT_TRUE(finds(Planted::LostObject));
}

}  // namespace
}  // namespace plugboard::vkms
