#include "daemon/configfs_cards.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "drivers/vkms/driver.h"
#include "drivers/vkms/profile.h"
#include "drm/objects/mode_config.h"
#include "tests/support/threads.h"

namespace plugboard::daemon {
namespace {

/// A vkms whose probe waits before it asks for the device's config, if that was asked for.
class SlowDriver final : public device::Driver {
  public:
    SlowDriver() : device::Driver({.name = "vkms", .matches = {"vkms"}}) {}

    Result<void> probe(device::Bound& bound) override {
        if (is_slow) may_go_on.get_future().wait();
        return vkms_.probe(bound);
    }

    std::atomic<bool> is_slow = false;
    std::promise<void> may_go_on;

  private:
    vkms::Driver vkms_;
};

/// As configfs makes one, with a screen of its own.
vkms::Config config_of_desk() {
    vkms::Config config = vkms::with_profile(vkms::Profile::LinuxLatest);
    config.name = "desk";
    config.layout = {.planes = {{.type = drm::PlaneType::Primary, .possible_crtcs = 1}},
                     .crtcs = {{}},
                     .encoders = {{.possible_crtcs = 1}},
                     .possible_encoders = {1}};
    return config;
}

TEST(ConfigfsCards, a_status_written_during_a_plug_is_the_cards) {
    device::Model model;
    auto driver = std::make_unique<SlowDriver>();
    SlowDriver& slow = *driver;
    std::vector<std::unique_ptr<device::Driver>> drivers;
    drivers.push_back(std::move(driver));
    Config none{.bus = "faux"};
    none.cards.clear();
    Slots slots(model, drivers, none);
    BoardConfigfsCards cards(slots);
    ASSERT_TRUE(cards.create(config_of_desk()).ok());
    ASSERT_TRUE(slots.unplug("desk").ok());

    slow.is_slow = true;
    auto plugged = std::async(std::launch::async, [&] { return slots.plug("desk").ok(); });
    tests::wait_until_others_sleep();
    auto written =
        std::async(std::launch::async, [&] { cards.set_screen("desk", 0, {.connected = false}); });
    tests::wait_until_others_sleep();
    slow.may_go_on.set_value();
    EXPECT_TRUE(plugged.get());
    written.get();
    {
        const Ref<drm::Device> card = *slots.find_card("desk").value().drm;
        drm::ModeConfig& config = card->mode_config();
        MutexLock lock(config.lock());
        EXPECT_EQ(config.connectors.front()->status, drm::ConnectorStatus::Disconnected);
    }
    cards.destroy("desk");
}

}  // namespace
}  // namespace plugboard::daemon
