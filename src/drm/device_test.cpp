#include "drm/device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "device/explainer/explainer.h"
#include "drm/minors.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

DriverInfo mock() {
    DriverInfo info;
    info.name = "mock";
    info.modeset = false;
    return info;
}

/// A device for a driver called "fake".
Ref<device::Device> add_fake(device::Model& model) {
    device::DeviceInfo info;
    info.name = "card";
    info.compatible = {"fake"};
    return model.add_platform_device(std::move(info)).value();
}

/// What happened to devices and which uevents were sent, as lines.
class Recorder final : public device::Watcher {
  public:
    explicit Recorder(device::Model& model) : model_(model) { model_.add_watcher(*this); }
    ~Recorder() { model_.remove_watcher(*this); }
    void device_added(device::Device& device) override { add("added " + device.name()); }
    void device_removed(device::Device& device) override { add("removed " + device.name()); }
    void device_changed(device::Device& device) override { add("changed " + device.name()); }
    void uevent(const device::Device& device, const device::Uevent& event) override {
        add(event.action + " " + device.name());
        keys = event.keys;
    }
    ptrdiff_t count(const std::string& line) const { return std::ranges::count(lines_, line); }
    bool has(const std::string& line) const { return count(line) != 0; }
    std::vector<std::pair<std::string, std::string>> keys;  // of the last uevent

  private:
    void add(std::string line) { lines_.push_back(std::move(line)); }
    device::Model& model_;
    std::vector<std::string> lines_;
};

std::optional<std::string> attribute(device::Model& model, const std::string& device,
                                     const std::string& name) {
    for (const Ref<device::Device>& each : model.devices()) {
        if (each->name() != device) continue;
        for (const device::Attribute& attribute : each->info().attributes) {
            if (attribute.name != name) continue;
            auto text = attribute.show();
            return text.ok() ? *text : std::string(errno_name(text.error()));
        }
    }
    return std::nullopt;
}

TEST(DrmDevice, publishes_the_card_its_connectors_and_a_node) {
    Board board;
    std::vector<std::string> paths;
    for (const Ref<device::Device>& each : board.model.devices())
        paths.push_back(each->sysfs_path());
    const auto has = [&](const char* path) { return std::ranges::count(paths, path) == 1; };
    EXPECT_TRUE(has("/devices/platform/card/drm/card0"));
    EXPECT_TRUE(has("/devices/platform/card/drm/card0/card0-Virtual-1"));
    EXPECT_TRUE(has("/devices/platform/card/drm/card0/card0-Writeback-1"));
    EXPECT_TRUE(board.drm().is_published());
    EXPECT_TRUE(find_device(board.model, NodeType::Primary, 0).has_value());
    EXPECT_FALSE(find_device(board.model, NodeType::Render, 0).has_value());
}

TEST(DrmDevice, a_render_node_stands_beside_the_card) {
    Board board(tests::vgem_card());
    EXPECT_EQ(board.drm().render_minor(), 128u);
    EXPECT_TRUE(find_device(board.model, NodeType::Render, 128).has_value());
    EXPECT_FALSE(find_device(board.model, NodeType::Primary, 128).has_value());
}

TEST(DrmDevice, remove_is_sent_when_files_are_hung_up_and_nobody_finds_the_device) {
    Board board;
    Client client(board.drm());
    class Watch final : public device::Watcher {
      public:
        Watch(device::Model& model, Client& client) : model_(model), client_(client) {
            model_.add_watcher(*this);
        }
        ~Watch() { model_.remove_watcher(*this); }
        void uevent(const device::Device& device, const device::Uevent& event) override {
            if (event.action != "remove" || device.name() != "card0") return;
            removals++;
            was_hung_up = client_.events().is_hung_up();
            was_hidden = !find_device(model_, NodeType::Primary, 0);
        }
        int removals = 0;
        bool was_hung_up = false, was_hidden = false;

      private:
        device::Model& model_;
        Client& client_;
    } watch(board.model, client);
    board.unplug();
    EXPECT_EQ(watch.removals, 1);
    EXPECT_TRUE(watch.was_hung_up);
    EXPECT_TRUE(watch.was_hidden);
}

TEST(DrmDevice, unplug_removes_the_nodes_hangs_up_and_refuses_openers) {
    Board board;
    Client client(board.drm());
    Recorder recorder(board.model);
    board.unplug();
    EXPECT_TRUE(recorder.has("remove card0"));
    EXPECT_TRUE(recorder.has("remove card0-Virtual-1"));
    EXPECT_TRUE(board.drm().is_gone());
    EXPECT_FALSE(board.drm().is_published());
    EXPECT_TRUE(client.events().is_hung_up());
    EXPECT_FALSE(find_device(board.model, NodeType::Primary, 0).has_value());
    Client late(board.drm());
    EXPECT_EQ(late.open_error(), ENODEV);
}

TEST(DrmDevice, nothing_is_left_of_a_device_when_its_last_file_is_closed) {
    const size_t before = live_object_count();
    {
        Board board;
        Client client(board.drm());
        client.add_fb();
        board.unplug();
        board.drop();
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmDevice, a_number_returns_with_the_last_reference_least_recently_freed_first) {
    device::Model model;
    {
        Minors& minors = model.service<Minors>();
        auto zero = minors.reserve(NodeType::Primary);
        EXPECT_EQ(zero->number(), 0u);
        {
            auto one = minors.reserve(NodeType::Primary);
            EXPECT_EQ(one->number(), 1u);
        }
        auto two = minors.reserve(NodeType::Primary);
        EXPECT_EQ(two->number(), 2u) << "1 has only just become free";
        std::vector<MinorNumber> rest;
        for (int i = 3; i < 64; i++) rest.push_back(*minors.reserve(NodeType::Primary));
        EXPECT_EQ(minors.reserve(NodeType::Primary)->number(), 1u);
    }
}

TEST(DrmDevice, may_ask_for_the_lowest_free_number) {
    device::Model model;
    Minors& minors = model.service<Minors>();
    auto zero = minors.reserve(NodeType::Primary);
    (void)minors.reserve(NodeType::Primary, MinorChoice::Lowest);  // and gives it back
    EXPECT_EQ(minors.reserve(NodeType::Primary, MinorChoice::Lowest)->number(), 1u);
    EXPECT_EQ(minors.reserve(NodeType::Primary)->number(), 2u);
}

TEST(DrmDevice, numbers_beyond_64_of_a_type_start_at_192) {
    device::Model model;
    Minors& minors = model.service<Minors>();
    std::vector<MinorNumber> taken;
    for (uint32_t i = 0; i < 64; i++) taken.push_back(*minors.reserve(NodeType::Render));
    EXPECT_EQ(taken.front().number(), 128u);
    EXPECT_EQ(taken.back().number(), 191u);
    taken.push_back(*minors.reserve(NodeType::Render));
    taken.push_back(*minors.reserve(NodeType::Primary));
    EXPECT_EQ(taken[64].number(), 192u);
    EXPECT_EQ(taken[65].number(), 0u);
}

TEST(DrmDevice, on_a_driverless_device_is_a_loop_that_the_explainer_names) {
    device::Model model;
    {
        auto parent = device::Device::create(model, [] {
            device::DeviceInfo info;
            info.name = "mock0";
            return info;
        }());
        ASSERT_TRUE(parent.ok());
        ASSERT_TRUE(Device::create(**parent, mock()).ok());
    }
    const auto graph = device::Graph::capture();
    const auto loops = graph.loops();
    ASSERT_EQ(loops.size(), 1u);
    EXPECT_EQ(graph.describe(loops[0]),
              "card0 (mock) -> device mock0 [drm_device.dev] -> devm action \"drm_dev_put\" -> "
              "card0 (mock): nothing will break this loop");

    // device_del would have broken it; here by hand, for the model's sake.
    for (const Ref<const Object>& object : live_objects()) {
        if (const auto* device = dynamic_cast<const device::Device*>(&*object);
            device && device->name() == "mock0")
            const_cast<device::Device*>(device)->del();
    }
    EXPECT_TRUE(device::Graph::capture().loops().empty());
}

TEST(DrmDevice, device_del_breaks_the_loop_of_a_driverless_device) {
    device::Model model;
    const size_t before = live_object_count();
    {
        auto root = model.add_root_device("mock0");
        ASSERT_TRUE(root.ok());
        auto drm = Device::create(**root, mock());
        ASSERT_TRUE(drm.ok());
        ASSERT_TRUE((*drm)->publish().ok());
        EXPECT_TRUE((*drm)->is_published());
        (*root)->del();
        EXPECT_FALSE((*drm)->is_published());
        EXPECT_TRUE((*drm)->is_gone());
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmDevice, the_nth_failure_of_probe_leaves_nothing) {
    const size_t before = live_object_count();
    for (unsigned nth = 1; nth < 10; nth++) {
        device::Model model;
        bool bound = false;
        {
            device::FunctionDriver driver(
                {.name = "fake", .matches = {"fake"}}, [](device::Bound& with) -> Result<void> {
                    auto drm = TRY(Device::create(with, tests::CardInfo().driver));
                    return drm->publish(with);
                });
            ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
            model.fail_nth_step(nth);
            const auto device = add_fake(model);
            bound = device->is_bound();
            EXPECT_EQ(find_device(model, NodeType::Primary, 0).has_value(), bound);
            device->del();
            EXPECT_FALSE(find_device(model, NodeType::Primary, 0).has_value());
            EXPECT_TRUE(model.platform_bus().remove_driver(driver).ok());
        }
        model.flush();
        if (bound) break;
        EXPECT_LT(nth, 9u);
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmDevice, sends_uevents_of_its_card) {
    Board board;
    Recorder recorder(board.model);
    board.drm().send_uevent({{"HOTPLUG", "1"}});
    EXPECT_TRUE(recorder.has("change card0"));
    EXPECT_EQ(
        std::ranges::count(recorder.keys, std::pair<std::string, std::string>("HOTPLUG", "1")), 1);
}

TEST(DrmDevice, connector_attributes_say_what_the_connector_does) {
    Board board;
    const auto screen = [&](const char* name) {
        return attribute(board.model, "card0-Virtual-1", name);
    };
    EXPECT_EQ(screen("status"), "unknown\n");
    EXPECT_EQ(screen("enabled"), "disabled\n");
    EXPECT_EQ(screen("dpms"), "On\n");
    EXPECT_EQ(screen("modes"), "");
    EXPECT_EQ(screen("edid"), "");
    EXPECT_EQ(screen("connector_id"), std::to_string(raw(board.screen()->id())) + "\n");
}

const device::Attribute* status_of(const device::Device& device) {
    for (const device::Attribute& attribute : device.info().attributes) {
        if (attribute.name == "status") return &attribute;
    }
    return nullptr;
}

TEST(DrmDevice, writing_status_forces_and_probes) {
    Board board;
    Recorder recorder(board.model);
    MaybeRef<device::Device> screen;
    for (const Ref<device::Device>& each : board.model.devices()) {
        if (each->name() == "card0-Virtual-1") screen = each;
    }
    ASSERT_TRUE(screen);
    const device::Attribute& status = *status_of(**screen);
    EXPECT_TRUE(status.store("detect\n").ok());
    EXPECT_EQ(*status.show(), "connected\n");
    EXPECT_TRUE(recorder.has("changed card0-Virtual-1"));
    EXPECT_TRUE(
        attribute(board.model, "card0-Virtual-1", "modes")->starts_with("1024x768\n4096x2160\n"));
    EXPECT_TRUE(status.store("off").ok());
    EXPECT_EQ(*status.show(), "disconnected\n");
    EXPECT_EQ(attribute(board.model, "card0-Virtual-1", "modes"), "");
    EXPECT_TRUE(status.store("on").ok());
    EXPECT_EQ(*status.show(), "connected\n");
    EXPECT_EQ(status.store("on\n\n").error(), Errno::Inval);
    EXPECT_EQ(status.store("").error(), Errno::Inval);
    board.unplug();
    EXPECT_EQ(status.show().error(), Errno::NoDev);
    EXPECT_EQ(status.store("off").error(), Errno::NoDev);
}

TEST(DrmDevice, openers_and_an_unplug_at_the_same_time_end_well) {
    const size_t before = live_object_count();
    for (int round = 0; round < 20; round++) {
        Board board;
        std::thread opener([&board] {
            for (int i = 0; i < 20; i++) {
                Client client(board.drm());
                if (!client.is_open()) continue;
                drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
                const int error = client.ioctl(DRM_IOCTL_GET_CAP, cap);
                EXPECT_TRUE(error == 0 || error == ENODEV) << error;
            }
        });
        board.unplug();
        opener.join();
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmDevice, who_opened_it_before_its_probe_failed_sees_an_unplug) {
    const size_t before = live_object_count();
    {
        device::Model model;
        std::optional<Client> early;
        device::FunctionDriver driver({.name = "fake", .matches = {"fake"}},
                                      [&](device::Bound& bound) -> Result<void> {
                                          const auto drm = TRY(Device::create(bound, mock()));
                                          TRY(drm->publish(bound));
                                          early.emplace(*drm);
                                          return Errno::Io;
                                      });
        ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
        const auto device = add_fake(model);
        EXPECT_FALSE(device->is_bound());
        ASSERT_TRUE(early->is_open());
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        EXPECT_EQ(early->ioctl(DRM_IOCTL_GET_CAP, cap), ENODEV);
        EXPECT_TRUE(early->events().is_hung_up());
        EXPECT_FALSE(find_device(model, NodeType::Primary, 0).has_value());
        early.reset();
        device->del();
        EXPECT_TRUE(model.platform_bus().remove_driver(driver).ok());
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmDevice, pulled_by_another_thread_during_its_probe_is_not_there_afterwards) {
    const size_t before = live_object_count();
    {
        device::Model model;
        std::future<void> pulled;
        device::FunctionDriver driver(
            {.name = "fake", .matches = {"fake"}}, [&](device::Bound& bound) -> Result<void> {
                const auto drm = TRY(Device::create(bound, mock()));
                device::Device& device = bound.device();
                pulled = std::async(std::launch::async, [&device] { device.del(); });
                while (!device.is_gone()) std::this_thread::yield();
                return drm->publish(bound);
            });
        ASSERT_TRUE(model.platform_bus().add_driver(driver).ok());
        const auto device = add_fake(model);
        pulled.get();
        EXPECT_FALSE(device->is_added());
        EXPECT_FALSE(device->is_bound());
        EXPECT_EQ(device->devres().size(), 0u);
        EXPECT_FALSE(find_device(model, NodeType::Primary, 0).has_value());
        EXPECT_TRUE(model.platform_bus().remove_driver(driver).ok());
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmDevice, pulled_and_unbound_by_several_threads_at_once_goes_once) {
    const size_t before = live_object_count();
    for (int round = 0; round < 20; round++) {
        Board board;
        Client client(board.drm());
        Recorder recorder(board.model);
        device::Device& device = board.drm().parent();
        std::thread second([&device] { device.del(); });
        std::thread third([&board] { (void)board.model.platform_bus().unbind("card", "fake"); });
        board.unplug();
        second.join();
        third.join();
        EXPECT_EQ(recorder.count("remove card0"), 1);
        EXPECT_EQ(recorder.count("remove card"), 1);
        EXPECT_TRUE(client.events().is_hung_up());
    }
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard::drm
