// A screen whose rate varies: its vblanks come with the flips while a client lets them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "drivers/vkms/test_board.h"
#include "drm/atomic/commit_worker.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/fault_plan.h"
#include "tests/support/comes_true.h"

namespace plugboard::vkms {
namespace {

using namespace std::chrono_literals;

/// 1920x1080 at 60 Hz, from `least_hz` on.
ScreenConfig variable_screen(uint32_t least_hz, uint32_t most_hz = 75) {
    drm::edid::Description description;
    description.timings = {*drm::edid::timings_for(1920, 1080, 60)};
    description.vrr_min_hz = least_hz;
    description.vrr_max_hz = most_hz;
    return {.edid = *drm::edid::build(description),
            .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}};
}

Config with_screens(std::vector<ScreenConfig> screens) {
    Config config = with_profile(Profile::Full);
    config.writeback = false;
    config.screens = std::move(screens);
    return config;
}

struct Flip {
    uint64_t sequence;
    Nanos after;  // since the screen went on
};

/// The first CRTC shows on the first screen, with a client that lets the rate vary.
class VariableRate {
  public:
    explicit VariableRate(Config config = with_screens({variable_screen(40)}), bool enabled = true)
        : board_(std::move(config), clock_), drm_(board_.drm()), client_(*drm_) {
        for (const uint32_t other : client_.connectors) client_.probe(other);
        const drm_mode_modeinfo mode = client_.probe(client_.connectors[0]).front();
        for (uint32_t& fb : fbs_)
            fb =
                client_.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
        EXPECT_EQ(client_.atomic({{crtc_, "VRR_ENABLED", enabled}}, 0), 0) << client_.reason();
        EXPECT_EQ(client_.turn_on(crtc_, client_.connectors[0], mode, client_.planes[0], fbs_[0]),
                  0)
            << client_.reason();
        on_ = clock_.now();
        EXPECT_TRUE(vblank().get());
    }
    ~VariableRate() {
        vblank().put();
        board_.unplug();  // or what is shown would wait for a vblank to go
    }

    TestClient& client() { return client_; }
    void plant(drm::Fault fault) { drm::faults_of(*drm_).add(std::move(fault)); }
    uint32_t crtc() const { return crtc_; }
    drm::Vblank& vblank() { return drm_->mode_config().crtcs[0]->vblank(); }
    Nanos period() { return vblank().period(); }
    Nanos now() { return clock_.now() - on_; }
    void advance_to(Nanos after) { clock_.advance(after - now()); }
    /// When the next vblank is due once that is `after`, as it must come to be.
    ::testing::AssertionResult comes_to_be_due(Nanos after) {
        const auto is_due = [&] { return vblank().next_due() == on_ + after; };
        if (tests::comes_true(is_due)) return ::testing::AssertionSuccess();
        const auto due = vblank().next_due();
        return ::testing::AssertionFailure()
               << "due after " << (due ? (*due - on_).count() : -1) << " ns";
    }
    /// 0 or an errno; the flip waits for its vblank, or has had it.
    int commit(std::vector<Setting> more = {}) {
        std::swap(fbs_[0], fbs_[1]);
        more.push_back({client_.planes[0], "FB_ID", fbs_[0]});
        const int error = client_.atomic(more, DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
        settle();
        return error;
    }
    /// 0 or an errno: another cursor, which waits for no vblank.
    int set_cursor() {
        const auto picture = client_.make_mapped_buffer(64, 64, DRM_FORMAT_ARGB8888, 4);
        drm_mode_cursor cursor{};
        cursor.flags = DRM_MODE_CURSOR_BO;
        cursor.crtc_id = crtc_;
        cursor.width = cursor.height = 64;
        cursor.handle = picture.dumb.handle;
        const int error = client_.ioctl(DRM_IOCTL_MODE_CURSOR, &cursor);
        settle();
        return error;
    }
    UniqueFd open_crcs() {
        for (const drm::DebugFile& file : drm_->debug_files())
            if (file.path == "crtc-0/crc/data") return *file.open(O_RDONLY);
        return {};
    }
    Flip done() {
        EXPECT_TRUE(tests::comes_true([&] { return client_.events().unread() != 0; }));
        const auto events = client_.events().take();
        drm_event_vblank event{};
        if (events.size() != 1) ADD_FAILURE() << events.size() << " events";
        if (!events.empty()) std::memcpy(&event, events[0].data(), sizeof(event));
        return {event.sequence, std::chrono::seconds(event.tv_sec) +
                                    std::chrono::microseconds(event.tv_usec) -
                                    on_.time_since_epoch()};
    }

  private:
    void settle() {
        drm::atomic::CommitWorker& worker = drm_->mode_config().worker();
        EXPECT_TRUE(tests::comes_true([&] { return worker.is_idle(); }));
    }

    FakeClock clock_;
    TestBoard board_;
    const Ref<drm::Device> drm_;
    TestClient client_;
    uint32_t crtc_ = client_.crtcs[0];
    uint32_t fbs_[2] = {};
    Time on_{};
};

/// To the microsecond that events have.
bool is_at(const Flip& flip, Nanos after) {
    return flip.after <= after && after - flip.after < 1us;
}

TEST(VariableRate, a_vblank_comes_with_the_flip) {
    VariableRate card;
    ASSERT_TRUE(card.comes_to_be_due(25ms));
    card.advance_to(20ms);
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    const Flip first = card.done();
    EXPECT_TRUE(is_at(first, 20ms));
    ASSERT_TRUE(card.comes_to_be_due(45ms));
    card.advance_to(43ms);
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    const Flip second = card.done();
    EXPECT_TRUE(is_at(second, 43ms));
    EXPECT_EQ(second.sequence, first.sequence + 1);
}

TEST(VariableRate, two_flips_are_the_modes_period_apart_at_least) {
    VariableRate card;
    card.advance_to(20ms);
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    const Flip first = card.done();
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    ASSERT_TRUE(card.comes_to_be_due(20ms + card.period()));
    card.advance_to(20ms + card.period());
    const Flip second = card.done();
    EXPECT_TRUE(is_at(second, 20ms + card.period()));
    EXPECT_EQ(second.sequence, first.sequence + 1);
}

TEST(VariableRate, a_screen_is_drawn_anew_before_it_forgets) {
    VariableRate card;
    const uint64_t before = card.vblank().current().sequence;
    card.advance_to(25ms);
    ASSERT_TRUE(card.comes_to_be_due(50ms));
    EXPECT_EQ(card.vblank().current().sequence, before + 1);
}

TEST(VariableRate, is_the_modes_until_a_client_enables_it_and_after_it_has_disabled_it) {
    VariableRate card(with_screens({variable_screen(40)}), false);
    ASSERT_TRUE(card.comes_to_be_due(card.period()));
    ASSERT_EQ(card.commit({{card.crtc(), "VRR_ENABLED", 1}}), 0) << card.client().reason();
    card.advance_to(card.period());
    card.done();
    ASSERT_TRUE(card.comes_to_be_due(card.period() + 25ms));
    ASSERT_EQ(card.commit({{card.crtc(), "VRR_ENABLED", 0}}), 0) << card.client().reason();
    ASSERT_TRUE(card.comes_to_be_due(2 * card.period()));
    card.advance_to(2 * card.period());
    card.done();
    ASSERT_TRUE(card.comes_to_be_due(3 * card.period()));
}

TEST(VariableRate, is_the_modes_where_the_screen_cannot_vary_it) {
    VariableRate card(with_screens({variable_screen(60, 65)}));
    EXPECT_TRUE(card.comes_to_be_due(card.period()));
}

TEST(VariableRate, is_the_modes_where_the_switch_is_off) {
    Config config = with_screens({variable_screen(40)});
    config.features.vrr = false;
    VariableRate card(config);
    for (const auto& property : card.client().properties(card.client().connectors[0]))
        EXPECT_NE(property.name, "vrr_capable");
    EXPECT_TRUE(card.comes_to_be_due(card.period()));
}

TEST(VariableRate, is_what_all_screens_of_a_CRTC_can_wait) {
    Config config = with_screens({variable_screen(40), variable_screen(50)});
    config.crtcs = 1;
    VariableRate card(config);
    ASSERT_TRUE(card.comes_to_be_due(25ms));
    ASSERT_EQ(card.client().atomic({{card.client().connectors[1], "CRTC_ID", card.crtc()}},
                                   DRM_MODE_ATOMIC_ALLOW_MODESET),
              0)
        << card.client().reason();
    EXPECT_TRUE(card.comes_to_be_due(20ms));
}

TEST(VariableRate, is_the_modes_where_one_screen_of_a_CRTC_cannot_vary_it) {
    Config config = with_screens({variable_screen(40), variable_screen(60, 65)});
    config.crtcs = 1;
    VariableRate card(config);
    ASSERT_TRUE(card.comes_to_be_due(25ms));
    ASSERT_EQ(card.client().atomic({{card.client().connectors[1], "CRTC_ID", card.crtc()}},
                                   DRM_MODE_ATOMIC_ALLOW_MODESET),
              0)
        << card.client().reason();
    EXPECT_TRUE(card.comes_to_be_due(card.period()));
}

TEST(VariableRate, a_cursor_hastens_no_vblank) {
    for (const bool is_read : {false, true}) {
        SCOPED_TRACE(is_read ? "with a reader of CRCs" : "");
        VariableRate card;
        const UniqueFd crcs = is_read ? card.open_crcs() : UniqueFd();
        ASSERT_EQ(crcs.is_open(), is_read);
        card.advance_to(20ms);
        ASSERT_EQ(card.set_cursor(), 0) << card.client().reason();
        EXPECT_TRUE(card.comes_to_be_due(25ms));
    }
}

TEST(VariableRate, a_flip_that_hastens_its_vblank_has_a_CRC) {
    VariableRate card;
    const UniqueFd crcs = card.open_crcs();
    ASSERT_GE(crcs.borrow(), 0);
    card.advance_to(20ms);
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    const Flip flip = card.done();
    EXPECT_TRUE(is_at(flip, 20ms));
    char entry[64] = {};
    ASSERT_GT(read(crcs.borrow(), entry, sizeof(entry)), 0);
    EXPECT_EQ(std::stoull(entry, nullptr, 16), flip.sequence);
}

TEST(VariableRate, a_flip_is_a_period_after_a_vblank_that_was_lost) {
    VariableRate card;
    card.plant({.trigger = {.first = 1, .last = 1}, .what = drm::LostVblank{}});
    const uint64_t before = card.vblank().current().sequence;
    card.advance_to(25ms);
    ASSERT_TRUE(card.comes_to_be_due(50ms));
    card.advance_to(26ms);
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    ASSERT_TRUE(card.comes_to_be_due(25ms + card.period()));
    card.advance_to(25ms + card.period());
    const Flip flip = card.done();
    EXPECT_TRUE(is_at(flip, 25ms + card.period()));
    EXPECT_EQ(flip.sequence, before + 2);
}

TEST(VariableRate, a_flip_while_a_vblank_is_late_is_a_period_after_that) {
    VariableRate card;
    card.plant({.trigger = {.first = 1, .last = 1}, .what = drm::LateVblank{.by = 4ms}});
    const uint64_t before = card.vblank().current().sequence;
    card.advance_to(25ms);
    ASSERT_TRUE(card.comes_to_be_due(29ms));
    card.advance_to(26ms);
    ASSERT_EQ(card.commit(), 0) << card.client().reason();
    card.advance_to(29ms);
    ASSERT_TRUE(card.comes_to_be_due(25ms + card.period()));
    card.advance_to(25ms + card.period());
    const Flip flip = card.done();
    EXPECT_TRUE(is_at(flip, 25ms + card.period()));
    EXPECT_EQ(flip.sequence, before + 2);
}

}  // namespace
}  // namespace plugboard::vkms
