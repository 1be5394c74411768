// Connectors that come and go with what is plugged in at a dock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "drivers/vkms/ports.h"
#include "drivers/vkms/test_board.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/mode_config.h"
#include "tests/support/shown_connectors.h"
#include "tests/support/threads.h"

namespace plugboard::vkms {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::byte> monitor(uint32_t width, uint32_t height) {
    drm::edid::Description description;
    description.width_mm = 530;
    description.height_mm = 300;
    description.timings = {*drm::edid::timings_for(width, height, 60)};
    return *drm::edid::build(description);
}

ScreenConfig behind_dock(const char* port) {
    return {.connected = false,
            .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort,
                          .dock = DockPort{.parent_number = 1, .port = port}}};
}

/// DP-1, HDMI-A-1, and a dock at DP-1 with two ports: DP-2 and DP-3.
Config with_dock() {
    Config config = with_profile(Profile::Full);
    config.writeback = false;
    config.screens = {
        {.connected = false, .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 1}},
        {.edid = monitor(1024, 768), .connector = {.type = DRM_MODE_CONNECTOR_HDMIA}},
        behind_dock("1"),
        behind_dock("2-8"),
    };
    config.crtcs = 2;
    return config;
}

/// What the model tells of the card and of its connectors: "add card0-DP-2".
class Told final : public device::Watcher {
  public:
    explicit Told(device::Model& model) : model_(model) { model_.add_watcher(*this); }
    ~Told() { model_.remove_watcher(*this); }
    void uevent(const device::Device& device, const device::Uevent& event) override {
        std::string text = event.action + " " + device.name();
        for (const auto& [key, value] : event.keys)
            if (key == "HOTPLUG" || key == "CONNECTOR") text += " " + key + "=" + value;
        events_.push_back(std::move(text));
    }
    std::vector<std::string> take() { return std::exchange(events_, {}); }

  private:
    device::Model& model_;
    std::vector<std::string> events_;
};

/// Calls back once, when what sysfs says of the device is another.
class Changes final : public device::Watcher {
  public:
    Changes(device::Model& model, std::string name, std::function<void()> call)
        : model_(model), name_(std::move(name)), call_(std::move(call)) {
        model_.add_watcher(*this);
    }
    ~Changes() { model_.remove_watcher(*this); }
    void device_changed(device::Device& device) override {
        if (device.name() == name_ && !std::exchange(has_come_, true)) call_();
    }
    bool has_come() const { return has_come_; }

  private:
    device::Model& model_;
    const std::string name_;
    const std::function<void()> call_;
    bool has_come_ = false;
};

/// Calls back once the device is added.
class OnAdd final : public device::Watcher {
  public:
    OnAdd(device::Model& model, std::string name, std::function<void()> call)
        : model_(model), name_(std::move(name)), call_(std::move(call)) {
        model_.add_watcher(*this);
    }
    ~OnAdd() { model_.remove_watcher(*this); }
    void uevent(const device::Device& device, const device::Uevent& event) override {
        if (event.action == "add" && device.name() == name_) call_();
    }

  private:
    device::Model& model_;
    const std::string name_;
    const std::function<void()> call_;
};

/// The id of a CRTC's primary plane.
uint32_t primary_of(drm::Device& device, size_t crtc) {
    return raw(device.mode_config().crtcs.at(crtc)->info().primary->id());
}

class Docks : public testing::Test {
  protected:
    static constexpr size_t first = 2, second = 3;  // ports

    Result<void> plug(size_t port = first) {
        return plug_screen(*drm_, port, {.edid = monitor(1024, 768)});
    }
    Result<void> unplug(size_t port = first) {
        return plug_screen(*drm_, port, {.connected = false});
    }
    MaybeRef<drm::Connector> connector(const std::string& name) {
        MutexLock lock(drm_->mode_config().lock());
        for (const auto& one : drm_->mode_config().connectors)
            if (one->name() == name) return one;
        return std::nullopt;
    }
    uint32_t id(const std::string& name) {
        const auto found = connector(name);
        return found ? raw((*found)->id()) : 0;
    }
    /// As a client lists them now.
    std::vector<std::string> names() {
        std::vector<std::string> names;
        MutexLock lock(drm_->mode_config().lock());
        for (const auto& one : drm_->mode_config().connectors) names.push_back(one->name());
        return names;
    }
    std::vector<uint32_t> listed() { return TestClient(*drm_).connectors; }
    int get(uint32_t connector) {
        drm_mode_get_connector found{};
        found.connector_id = connector;
        found.count_modes = 1;
        return client_->ioctl(DRM_IOCTL_MODE_GETCONNECTOR, &found);
    }
    /// The connector's screen on the first CRTC.
    int light(uint32_t connector) {
        const auto modes = client_->probe(connector);
        EXPECT_FALSE(modes.empty());
        if (modes.empty()) return -1;
        fb_ = client_
                  ->make_mapped_buffer(modes[0].hdisplay, modes[0].vdisplay, DRM_FORMAT_XRGB8888, 4)
                  .fb;
        return client_->turn_on(client_->crtcs[0], connector, modes[0], client_->planes[0], fb_);
    }
    bool is_crtc_on() {
        MutexLock lock(drm_->mode_config().lock());
        return drm_->mode_config().crtcs[0]->state.active;
    }
    std::vector<std::string> debug_paths() {
        std::vector<std::string> paths;
        for (const auto& file : drm_->debug_files()) paths.push_back(file.path);
        return paths;
    }

    TestBoard board_{with_dock()};
    Ref<drm::Device> drm_ = board_.drm();
    std::optional<TestClient> client_{std::in_place, *drm_};
    uint32_t fb_ = 0;
};

TEST_F(Docks, have_a_connector_while_something_is_plugged_in) {
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1"));
    const auto empty = empty_ports(*drm_);
    ASSERT_EQ(empty.size(), 2u);
    EXPECT_EQ(empty[0].name, "DP-2");
    EXPECT_EQ(empty[1].name, "DP-3");
    ASSERT_TRUE(plug(second).ok());
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1", "DP-3"));
    EXPECT_EQ(empty_ports(*drm_).size(), 1u);
    const uint32_t dock = id("DP-3");
    uint32_t status = 0;
    EXPECT_EQ(client_->probe(dock, &status).at(0).hdisplay, 1024);
    EXPECT_EQ(status, 1u);
    const auto path = client_->blob(client_->property(dock, "PATH").value);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(path.data())),
              "mst:" + std::to_string(id("DP-1")) + "-2-8");
    ASSERT_TRUE(unplug(second).ok());
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1"));
    EXPECT_EQ(get(dock), ENOENT);
}

TEST_F(Docks, tell_of_what_comes_and_goes) {
    Told told(board_.model);
    ASSERT_TRUE(plug().ok());
    EXPECT_THAT(told.take(), ElementsAre("add card0-DP-2", "change card0 HOTPLUG=1 CONNECTOR=" +
                                                               std::to_string(id("DP-2"))));
    EXPECT_THAT(debug_paths(), Contains("DP-2/force"));
    ASSERT_TRUE(unplug().ok());
    EXPECT_THAT(told.take(), ElementsAre("remove card0-DP-2", "change card0 HOTPLUG=1"));
    EXPECT_THAT(debug_paths(), Not(Contains("DP-2/force")));
    EXPECT_THAT(debug_paths(), Contains("DP-1/force"));
}

TEST_F(Docks, another_screen_at_the_same_port_is_the_same_connector) {
    ASSERT_TRUE(plug().ok());
    const uint32_t dock = id("DP-2");
    ASSERT_TRUE(plug_screen(*drm_, first, {.edid = monitor(1280, 1024)}).ok());
    EXPECT_EQ(id("DP-2"), dock);
    EXPECT_EQ(client_->probe(dock).at(0).hdisplay, 1280);
    ASSERT_TRUE(plug_screen(*drm_, *connector("DP-2"), {.connected = false}).ok());
    EXPECT_EQ(id("DP-2"), 0u);
}

TEST_F(Docks, leave_the_CRTC_on_until_the_client_turns_it_off) {
    ASSERT_TRUE(plug().ok());
    const uint32_t dock = id("DP-2"), crtc = client_->crtcs[0], plane = client_->planes[0];
    ASSERT_EQ(light(dock), 0) << client_->reason();
    ASSERT_TRUE(unplug().ok());
    EXPECT_TRUE(is_crtc_on());
    EXPECT_THAT(listed(), Contains(dock)) << "a state holds it";
    uint32_t status = 0;
    EXPECT_TRUE(client_->probe(dock, &status).empty());
    EXPECT_EQ(status, 2u);
    EXPECT_EQ(client_->property(dock, "EDID").value, 0u);
    // Pictures go on, a modeset does not.
    EXPECT_EQ(client_->atomic({{plane, "FB_ID", fb_}}, 0), 0) << client_->reason();
    EXPECT_EQ(client_->atomic({{dock, "max bpc", 8}}, DRM_MODE_ATOMIC_ALLOW_MODESET), EINVAL);
    EXPECT_THAT(client_->reason(), HasSubstr("removed"));
    EXPECT_EQ(client_->turn_off(crtc, dock, plane), 0) << client_->reason();
    EXPECT_FALSE(is_crtc_on());
    EXPECT_EQ(get(dock), ENOENT);
    EXPECT_THAT(listed(), Not(Contains(dock)));
}

TEST_F(Docks, a_removed_connector_can_be_left_by_ACTIVE_0_but_not_lit_again) {
    ASSERT_TRUE(plug().ok());
    const uint32_t dock = id("DP-2"), crtc = client_->crtcs[0];
    ASSERT_EQ(light(dock), 0) << client_->reason();
    ASSERT_TRUE(unplug().ok());
    EXPECT_EQ(client_->atomic({{dock, "CRTC_ID", crtc}, {crtc, "ACTIVE", 0}},
                              DRM_MODE_ATOMIC_ALLOW_MODESET),
              0)
        << client_->reason();
    EXPECT_FALSE(is_crtc_on());
    EXPECT_EQ(client_->atomic({{dock, "CRTC_ID", crtc}, {crtc, "ACTIVE", 1}},
                              DRM_MODE_ATOMIC_ALLOW_MODESET),
              EINVAL);
    EXPECT_EQ(get(dock), 0) << "the CRTC is on it, though not active";
}

TEST_F(Docks, number_the_next_connector_anew_while_the_last_is_still_on) {
    ASSERT_TRUE(plug().ok());
    const uint32_t old = id("DP-2");
    ASSERT_EQ(light(old), 0) << client_->reason();
    ASSERT_TRUE(unplug().ok());
    ASSERT_TRUE(plug().ok());
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1", "DP-2", "DP-3"));
    EXPECT_NE(id("DP-3"), old);
    EXPECT_EQ(client_->turn_off(client_->crtcs[0], old, client_->planes[0]), 0);
    ASSERT_TRUE(unplug().ok());
    ASSERT_TRUE(plug().ok());
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1", "DP-2"));
}

TEST_F(Docks, whose_plug_fails_can_be_plugged_again) {
    Config config = with_dock();
    config.screens = {
        {.connected = false, .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort, .number = 1}}};
    while (config.screens.size() < 31) {
        config.screens.push_back(behind_dock(std::to_string(config.screens.size()).c_str()));
        config.screens.back().connected = true;
        config.screens.back().edid = monitor(1024, 768);
    }
    TestBoard board(config);
    const Ref<drm::Device> drm = board.drm();
    TestClient client(*drm);
    const auto light = [&](size_t index) {
        const auto mode = client.probe(client.connectors.at(index)).at(0);
        const uint32_t fb =
            client.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
        return client.turn_on(client.crtcs.at(index - 1), client.connectors[index], mode,
                              primary_of(*drm, index - 1), fb);
    };
    ASSERT_EQ(light(1), 0) << client.reason();
    ASSERT_EQ(light(2), 0) << client.reason();
    const auto unplugged = ScreenConfig{.connected = false}, plugged = config.screens[1];
    for (const size_t port : {1U, 2U}) ASSERT_TRUE(plug_screen(*drm, port, unplugged).ok());
    ASSERT_TRUE(plug_screen(*drm, 1, plugged).ok());
    // 32 are listed: two of them for the CRTCs that are on them still.
    for (int i = 0; i < 2; ++i) EXPECT_EQ(plug_screen(*drm, 2, plugged).error(), Errno::NoSpc);
    EXPECT_EQ(empty_ports(*drm).size(), 1u);
    EXPECT_FALSE(empty_ports(*drm).at(0).screen.connected);
    tests::expect_shown_as_listed(*drm);
    ASSERT_EQ(client.turn_off(client.crtcs[1], client.connectors[2], primary_of(*drm, 1)), 0);
    EXPECT_TRUE(plug_screen(*drm, 2, plugged).ok());
    EXPECT_TRUE(empty_ports(*drm).empty());
    tests::expect_shown_as_listed(*drm);
}

TEST_F(Docks, are_there_when_a_second_thread_plugs_the_same) {
    std::future<Result<void>> second_plug;
    bool was_early = false;
    OnAdd on_add(board_.model, "card0-DP-2", [&] {
        second_plug = std::async(std::launch::async, [&] { return plug(); });
        tests::wait_until_others_sleep();
        was_early = tests::is_ready(second_plug);
    });
    ASSERT_TRUE(plug().ok());
    EXPECT_TRUE(second_plug.get().ok());
    EXPECT_FALSE(was_early);
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1", "DP-2"));
}

TEST_F(Docks, take_no_change_from_who_hears_of_one) {
    Result<void> unplugged, other;
    OnAdd on_add(board_.model, "card0-DP-2", [&] {
        unplugged = unplug(first);
        other = plug(second);
    });
    ASSERT_TRUE(plug(first).ok());
    EXPECT_EQ(unplugged.error(), Errno::Busy);
    EXPECT_TRUE(other.ok());
    tests::expect_shown_as_listed(*drm_);
}

TEST_F(Docks, refuse_what_is_no_port_of_theirs) {
    EXPECT_EQ(plug_screen(*drm_, size_t{0}, {}).error(), Errno::Inval);
    EXPECT_EQ(plug_screen(*drm_, size_t{9}, {}).error(), Errno::Inval);
    client_.reset();
    board_.unplug();
    EXPECT_EQ(plug().error(), Errno::NoDev);
    EXPECT_TRUE(empty_ports(*drm_).empty());
}

/// Connectors of both ports come and go 100 times, while others probe them, light them and turn
/// them off again.
class DockStorm : public Docks {
  protected:
    void SetUp() override {
        ASSERT_TRUE(plug(first).ok());
        ASSERT_TRUE(plug(second).ok());
        mode_ = client_->probe(id("DP-2")).at(0);
        fb_ =
            client_->make_mapped_buffer(mode_.hdisplay, mode_.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
    }
    /// Calls in_between(i) 100 times.
    void run(const std::function<void(int)>& in_between) {
        std::atomic<bool> is_over = false;
        std::thread prober([&] {
            TestClient other(*drm_);
            while (!is_over) probe_all(other);
        });
        std::thread lighter([&] {
            for (size_t i = 0; !is_over; ++i) {
                const auto one = connector(i % 2 == 0 ? "DP-2" : "DP-3");
                set_crtc(i % 2, one ? raw((*one)->id()) : 0);
                if (i % 3 == 0) set_crtc(i % 2, 0);
            }
        });
        std::thread plugger([&] {
            for (int i = 0; i < 100; ++i) (void)(i % 2 == 0 ? plug(first) : unplug(first));
        });
        for (int i = 0; i < 100; ++i) {
            (void)plug(first);
            (void)(i % 2 == 0 ? unplug(second) : plug(second));
            in_between(i);
            (void)unplug(first);
        }
        plugger.join();
        is_over = true;
        prober.join();
        lighter.join();
    }
    /// 0: off. It may have gone.
    void set_crtc(size_t crtc, uint32_t connector) {
        drm_mode_crtc set{};
        set.crtc_id = client_->crtcs.at(crtc);
        if (connector != 0) {
            set.set_connectors_ptr = reinterpret_cast<uint64_t>(&connector);
            set.count_connectors = 1;
            set.fb_id = fb_;
            set.mode = mode_;
            set.mode_valid = 1;
        }
        (void)client_->ioctl(DRM_IOCTL_MODE_SETCRTC, &set);
    }

  private:
    void probe_all(TestClient& other) {
        drm_mode_card_res all{};
        std::vector<uint32_t> ids(32);
        all.count_connectors = 32;
        all.connector_id_ptr = reinterpret_cast<uint64_t>(ids.data());
        if (other.ioctl(DRM_IOCTL_MODE_GETRESOURCES, &all) != 0) return;
        for (const auto& one : {connector("DP-2"), connector("DP-3")})
            if (one) drm::probe_connector(*drm_, **one);
        for (uint32_t i = 0; i < std::min(all.count_connectors, 32U); ++i) {
            drm_mode_get_connector found{};
            found.connector_id = ids[i];
            (void)other.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, &found);
        }
    }
    drm_mode_modeinfo mode_{};
};

TEST_F(DockStorm, leaves_in_sysfs_and_debugfs_what_is_listed) {
    run([](int) {});
    tests::expect_shown_as_listed(*drm_);
    ASSERT_TRUE(unplug(second).ok());
    for (const size_t crtc : {0U, 1U}) set_crtc(crtc, 0);
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1"));
    tests::expect_shown_as_listed(*drm_);
}

TEST_F(DockStorm, leaves_nothing_of_a_card_that_is_pulled) {
    run([this](int i) {
        if (i == 90) board_.unplug();
    });
    EXPECT_EQ(plug().error(), Errno::NoDev);
    EXPECT_TRUE(tests::sysfs_connectors(board_.model).empty());
    EXPECT_EQ(tests::kept_sysfs_connectors(*drm_), 0u);
}

TEST_F(Docks, the_id_of_one_that_goes_is_no_others_until_it_is_hidden) {
    uint32_t byte = 0;
    drm_mode_create_blob blob{};
    blob.data = reinterpret_cast<uint64_t>(&byte);
    blob.length = sizeof(byte);
    ASSERT_EQ(client_->ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, &blob), 0);
    ASSERT_TRUE(plug(first).ok());
    const uint32_t dock = id("DP-2");
    ASSERT_EQ(light(dock), 0) << client_->reason();
    Changes changes(board_.model, "card0-DP-2", [&] {
        EXPECT_EQ(client_->turn_off(client_->crtcs[0], dock, client_->planes[0]), 0);
        // Lower than that of the connector: for the PATH of the next.
        drm_mode_destroy_blob destroy{.blob_id = blob.blob_id};
        EXPECT_EQ(client_->ioctl(DRM_IOCTL_MODE_DESTROYPROPBLOB, &destroy), 0);
        EXPECT_TRUE(plug(second).ok());
        EXPECT_NE(id("DP-3"), dock);
    });
    ASSERT_TRUE(unplug(first).ok());
    EXPECT_TRUE(changes.has_come());
    EXPECT_EQ(get(dock), ENOENT);
    tests::expect_shown_as_listed(*drm_);
    ASSERT_TRUE(unplug(second).ok());
    tests::expect_shown_as_listed(*drm_);
}

TEST_F(Docks, at_the_end_have_what_is_plugged_in_after_two_threads_did) {
    std::thread other([&] {
        for (int i = 0; i < 50; ++i) (void)(i % 2 == 0 ? plug() : unplug());
    });
    for (int i = 0; i < 50; ++i) (void)(i % 2 == 0 ? plug() : unplug());
    other.join();
    ASSERT_TRUE(plug().ok());
    EXPECT_NE(id("DP-2"), 0u);
    ASSERT_TRUE(unplug().ok());
    EXPECT_THAT(names(), ElementsAre("DP-1", "HDMI-A-1"));
    tests::expect_shown_as_listed(*drm_);
}

TEST(DockConfig, names_a_connector_of_the_card_and_a_port) {
    Config config = with_dock();
    EXPECT_TRUE(validate(config).empty());
    const auto message = [&](auto change) {
        Config bad = with_dock();
        change(bad.screens[2].connector);
        const auto errors = validate(bad);
        return errors.empty() ? "" : errors.front().key + ": " + errors.front().message;
    };
    EXPECT_EQ(message([](auto& c) { c.dock->parent_number = 7; }),
              "screens[2].path: the card has no DP-7");
    EXPECT_EQ(message([](auto& c) { c.dock->parent_number = 3; }),
              "screens[2].path: the card has no DP-3")
        << "which is a dock's itself";
    EXPECT_EQ(message([](auto& c) { c.dock->port = "1--2"; }),
              "screens[2].path: \"1--2\" is no port of a dock");
    EXPECT_EQ(message([](auto& c) { c.type = DRM_MODE_CONNECTOR_HDMIA; }),
              "screens[2].path: only DP connectors are a dock's");
}

}  // namespace
}  // namespace plugboard::vkms
