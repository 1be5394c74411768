#include "examples/reference_loop/story.h"

#include <fmt/format.h>

#include <utility>

#include "base/ref.h"
#include "device/device.h"
#include "device/explainer/explainer.h"
#include "device/model.h"
#include "drivers/mock/device.h"
#include "drivers/mock/driver.h"
#include "examples/teller.h"

namespace plugboard::examples {
namespace {

constexpr device::Settings as_before_linux_6_6{.release_only_at_last_put = true};

/// `alive` counts what the scenes have made and not freed.
class SceneTeller : public Teller {
  public:
    void begin_scene(std::string_view title) {
        say("\n{}", title);
        at_start_ = live_object_count();
    }
    size_t alive() const { return live_object_count() - at_start_; }
    void say_alive() {
        if (alive() == 0) return say("   All is freed.");
        say("   {} objects are still alive, and nobody is left who knows them:", alive());
        for (const std::string& loop : device::find_loops()) say("     {}", loop);
    }

  private:
    size_t at_start_ = 0;
};

device::DeviceInfo named(std::string name) {
    device::DeviceInfo info;
    info.name = std::move(name);
    return info;
}

void leak(SceneTeller& teller) {
    device::Model model(Clock::real(), as_before_linux_6_6);
    teller.begin_scene(
        "1. The loop. A mock DRM device on a device without a driver, rules of Linux before 6.6.");
    auto mock = model.add_root_device("mock0").value();
    // Only so that the demonstration can clean up behind itself at the end.
    const device::GroupId group = mock->devres().open_group().value();
    mock::create_device(*mock).value();
    teller.say("   mock0 was added, and a DRM device made on it. Now mock0 is deleted and let go.");
    device::Device& forgotten = *mock;
    mock->del();
    { const auto last = std::move(mock); }
    teller.say_alive();
    teller.say("   The DRM device waits for mock0's devres, devres for mock0's last reference,");
    teller.say("   and that is the DRM device's own. Linux leaked like this from 2012 to 2023.");

    // Whoever wrote the leaking program could not do this: it has no reference any more.
    const auto again = Ref<device::Device>::share(forgotten);
    again->devres().release_group(group).value();
}

void break_by_unbind(SceneTeller& teller) {
    device::Model model(Clock::real(), as_before_linux_6_6);
    mock::Driver driver;
    teller.begin_scene(
        "2. First breaker: unbind. The same old rules, but the device has a driver.");
    {
        model.platform_bus().add_driver(driver).value();
        auto mock = model.add_platform_device(named("mock")).value();
        teller.say(
            "   The driver's probe made the DRM device. Unbinding releases the device's devres,");
        teller.say("   and with it devres' reference on the DRM device.");
        model.platform_bus().unbind("mock", "mock").value();
        mock->del();
        model.platform_bus().remove_driver(driver).value();
    }
    teller.say_alive();
}

void break_by_group(SceneTeller& teller) {
    device::Model model(Clock::real(), as_before_linux_6_6);
    teller.begin_scene(
        "3. Second breaker: a devres group, as vkms and vgem have it since Linux 5.10.");
    {
        auto mock = model.add_root_device("mock0").value();
        const device::GroupId group = mock->devres().open_group().value();
        mock::create_device(*mock).value();
        const size_t released = mock->devres().release_group(group).value();
        teller.say(
            "   The group that was opened before is released before mock0 is deleted: {} entry.",
            released);
        mock->del();
    }
    teller.say_alive();
}

void break_by_del(SceneTeller& teller) {
    device::Model model;
    teller.begin_scene("4. Third breaker: device_del releases devres, the rule since Linux 6.6.");
    {
        auto mock = model.add_root_device("mock0").value();
        mock::create_device(*mock).value();
        teller.say("   Exactly the first scene under the new rule: mock0 is deleted and let go.");
        mock->del();
    }
    teller.say_alive();
}

void break_by_fake_driver(SceneTeller& teller) {
    device::Model model(Clock::real(), as_before_linux_6_6);
    mock::Driver driver;
    teller.begin_scene(
        "5. Fourth breaker: a fake driver. The old rules again, on the faux bus of Linux 6.14.");
    {
        auto mock = model.add_faux_device(named("mock0"), &driver).value();
        teller.say(
            "   The faux bus binds its own driver, so deleting the device is an unbind first.");
        mock->del();
    }
    teller.say_alive();
}

}  // namespace

std::string tell_reference_loop() {
    SceneTeller teller;
    teller.say(
        "A DRM device holds a reference on the device it sits on. That device's devres holds the");
    teller.say("DRM device. Who lets go first?");
    leak(teller);
    break_by_unbind(teller);
    break_by_group(teller);
    break_by_del(teller);
    break_by_fake_driver(teller);
    return teller.take();
}

}  // namespace plugboard::examples
