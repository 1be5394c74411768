// Links that go bad by a plan: at a time, or at flips; and faults that a card is made with.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "drivers/vkms/test_board.h"
#include "drm/fault_plan.h"
#include "tests/support/comes_true.h"
#include "uapi/ioctl_names.h"

namespace plugboard::vkms {
namespace {

using namespace std::chrono_literals;
using tests::comes_true;

Config screen_with(drm::Fault fault) {
    Config config{.writeback = false};
    config.screens = {{.connector = {.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 1}}};
    config.faults = {std::move(fault)};
    return config;
}

bool is_bad(TestClient& client) {
    return client.property(client.connectors[0], "link-status").value == 1;
}

/// The first mode on the first CRTC, with its link good again.
int light(TestClient& client) {
    const auto mode = client.probe(client.connectors[0]).front();
    const uint32_t fb =
        client.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
    drm_mode_crtc set{};
    set.crtc_id = client.crtcs[0];
    set.fb_id = fb;
    set.set_connectors_ptr = reinterpret_cast<uint64_t>(client.connectors.data());
    set.count_connectors = 1;
    set.mode = mode;
    set.mode_valid = 1;
    return client.ioctl(DRM_IOCTL_MODE_SETCRTC, &set);
}

TEST(LinkFault, comes_at_its_time_once_and_a_modeset_makes_it_good) {
    FakeClock clock;
    drm::Fault fault{.trigger = {.after = 2s}, .what = drm::BadLink{.connector = "DP-1"}};
    TestBoard board(screen_with(fault), clock);
    TestClient client(*board.drm());
    ASSERT_EQ(light(client), 0) << client.reason();
    clock.advance(2s - 1ns);
    EXPECT_FALSE(is_bad(client));
    clock.advance(1ns);
    EXPECT_TRUE(comes_true([&] { return is_bad(client); }));
    ASSERT_EQ(light(client), 0) << client.reason();
    EXPECT_FALSE(is_bad(client));
    clock.advance(1h);
    EXPECT_FALSE(is_bad(client));
    EXPECT_EQ(drm::faults_of(*board.drm()).list()[0].hits, 1u);
    board.unplug();  // time stands still: a close would wait for the next vblank
}

TEST(LinkFault, comes_at_the_second_flip_of_its_screen) {
    drm::Fault fault{.trigger = {.first = 2, .last = 2},
                     .what = drm::BadLink{.connector = "DP-1", .at_flips = true}};
    TestBoard board(screen_with(fault));
    TestClient client(*board.drm());
    ASSERT_EQ(light(client), 0) << client.reason();
    EXPECT_TRUE(comes_true(
        [&] { return drm::faults_of(*board.drm()).list()[0].events == 1; }));  // the modeset
    EXPECT_FALSE(is_bad(client));
    ASSERT_EQ(light(client), 0) << client.reason();
    EXPECT_TRUE(comes_true([&] { return is_bad(client); }));
}

TEST(LinkFault, without_a_time_is_there_when_it_has_been_planted) {
    TestBoard board(screen_with({.trigger = {}, .what = drm::LostVblank{}}));
    TestClient client(*board.drm());
    const Ref<drm::Device> drm = board.drm();
    drm::faults_of(*drm).plant(*drm, {.trigger = {}, .what = drm::BadLink{.connector = "DP-1"}});
    EXPECT_TRUE(is_bad(client));
    EXPECT_EQ(drm::faults_of(*drm).list()[1].hits, 1u);
}

TEST(LinkFault, of_the_config_is_there_from_the_start) {
    TestBoard board(screen_with({.trigger = {}, .what = drm::BadLink{.connector = "DP-1"}}));
    TestClient client(*board.drm());
    EXPECT_TRUE(is_bad(client));
}

TEST(LinkFault, of_a_connector_that_is_not_there_changes_nothing) {
    Config config = screen_with({});
    config.faults.clear();
    TestBoard board(config);
    const Ref<drm::Device> drm = board.drm();
    TestClient client(*drm);
    drm::faults_of(*drm).plant(*drm,
                               {.trigger = {}, .what = drm::BadLink{.connector = "HDMI-A-1"}});
    EXPECT_FALSE(is_bad(client));
}

TEST(LinkFault, that_is_due_when_the_card_goes_is_forgotten_with_it) {
    FakeClock clock;
    TestBoard board(
        screen_with({.trigger = {.after = 1s}, .what = drm::BadLink{.connector = "DP-1"}}), clock);
    auto client = std::make_unique<TestClient>(*board.drm());
    const Ref<drm::Device> drm = board.drm();
    board.unplug();
    clock.advance(2s);
    EXPECT_EQ(drm::faults_of(*drm).list()[0].hits, 0u);
}

/// Does something when the card says that a connector has changed; its thread is the model's.
class OnHotplug final : public device::Watcher {
  public:
    OnHotplug(device::Model& model, std::function<void()> act)
        : model_(model), act_(std::move(act)) {
        model_.add_watcher(*this);
    }
    ~OnHotplug() { model_.remove_watcher(*this); }
    void uevent(const device::Device&, const device::Uevent& event) override {
        const auto is_hotplug = [](const auto& key) { return key.first == "HOTPLUG"; };
        if (!std::ranges::any_of(event.keys, is_hotplug)) return;
        act_();
        has_acted = true;
    }
    std::atomic<bool> has_acted{false};

  private:
    device::Model& model_;
    const std::function<void()> act_;
};

drm::Fault bad_after_1s() {
    return {.trigger = {.after = 1s}, .what = drm::BadLink{.connector = "DP-1"}};
}

TEST(LinkFault, who_hears_of_it_may_pull_the_card) {
    FakeClock clock;
    TestBoard board(screen_with(bad_after_1s()), clock);
    const Ref<drm::Device> drm = board.drm();
    OnHotplug pull(board.model, [device = *board.device] { device->del(); });
    clock.advance(1s);
    EXPECT_TRUE(comes_true([&] { return pull.has_acted.load(); }));
    EXPECT_TRUE(drm->is_gone());
}

TEST(LinkFault, who_hears_of_it_holds_up_no_vblank) {
    FakeClock clock;
    TestBoard board(screen_with(bad_after_1s()), clock);
    TestClient client(*board.drm());
    const Ref<drm::Device> drm = board.drm();
    ASSERT_EQ(light(client), 0) << client.reason();
    drm::Vblank& vblank = drm->mode_config().crtcs[0]->vblank();
    bool came = false;
    {
        OnHotplug wait(board.model, [&] {
            ASSERT_TRUE(vblank.get());
            const uint64_t before = vblank.current().sequence;
            clock.advance(vblank.period());
            came = comes_true([&] { return vblank.current().sequence > before; });
            vblank.put();
        });
        clock.advance(1s);
        EXPECT_TRUE(comes_true([&] { return wait.has_acted.load(); }));
    }
    EXPECT_TRUE(came);
    board.unplug();  // time stands still: a close would wait for the next vblank
}

TEST(LinkFault, that_the_worker_has_yet_to_tell_goes_with_the_card) {
    FakeClock clock;
    TestBoard board(screen_with(bad_after_1s()), clock);
    const Ref<drm::Device> drm = board.drm();
    std::atomic<bool> has_begun{false}, may_end{false};
    board.model.run_later([&] {
        has_begun = true;
        while (!may_end) std::this_thread::yield();
    });
    ASSERT_TRUE(comes_true([&] { return has_begun.load(); }));
    OnHotplug never(board.model, [] {});
    clock.advance(1s);
    EXPECT_TRUE(comes_true([&] { return drm::faults_of(*drm).list()[0].hits == 1; }));
    board.unplug();
    may_end = true;
    board.model.flush();
    EXPECT_FALSE(never.has_acted);
}

TEST(CardFaults, are_planted_anew_in_each_device_that_is_made) {
    drm::Fault fault{
        .trigger = {.first = 1, .last = 1},
        .what = drm::IoctlFault{.number = uapi::find_ioctl_named("DRM_IOCTL_VERSION")->number(),
                                .error = Errno::Io}};
    for (int i = 0; i < 2; ++i) {
        TestBoard board(screen_with(fault));
        TestClient client(*board.drm());
        drm_version version{};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_VERSION, &version), EIO);
        EXPECT_EQ(client.ioctl(DRM_IOCTL_VERSION, &version), 0);
    }
}

}  // namespace
}  // namespace plugboard::vkms
