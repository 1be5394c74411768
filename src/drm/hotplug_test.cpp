// Screens that come, go and change, as a client sees it: status, EDID, modes, sizes and uevents.
#include "drm/hotplug.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/objects/connector_probe.h"
#include "tests/support/comes_true.h"
#include "tests/support/drm_client.h"
#include "tests/support/shown_connectors.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;
using Bytes = std::vector<std::byte>;
using Keys = std::map<std::string, std::string>;

Bytes edid_of(const std::string& name, uint32_t width, uint32_t height) {
    edid::Description description;
    description.name = name;
    description.width_mm = 600;
    description.height_mm = 340;
    description.timings = {*edid::timings_for(width, height, 60)};
    return *edid::build(description);
}

/// What stands at the connector.
class Wire {
  public:
    void plug(Bytes edid) {
        std::lock_guard lock(mutex_);
        edid_ = std::move(edid);
        connected_ = true;
    }
    void unplug() {
        std::lock_guard lock(mutex_);
        connected_ = false;
    }
    ConnectorInfo info() {
        ConnectorInfo info;
        info.type = DRM_MODE_CONNECTOR_DisplayPort;
        info.detect = [this] {
            std::lock_guard lock(mutex_);
            return connected_ ? ConnectorStatus::Connected : ConnectorStatus::Disconnected;
        };
        info.edid = [this] {
            std::lock_guard lock(mutex_);
            return edid_;
        };
        info.modes = [] { return std::vector<Mode>(); };
        return info;
    }

  private:
    std::mutex mutex_;
    Bytes edid_;
    bool connected_ = false;
};

/// The uevents of the card node.
class CardEvents final : public device::Watcher {
  public:
    explicit CardEvents(device::Model& model) : model_(model) { model_.add_watcher(*this); }
    ~CardEvents() { model_.remove_watcher(*this); }
    void uevent(const device::Device& device, const device::Uevent& event) override {
        if (device.name() != "card0" || event.action != "change") return;
        Keys keys;
        for (const auto& [key, value] : event.keys)
            if (key == "HOTPLUG" || key == "CONNECTOR" || key == "PROPERTY") keys[key] = value;
        std::lock_guard lock(mutex_);
        events_.push_back(std::move(keys));
    }
    std::vector<Keys> take() {
        std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }

  private:
    device::Model& model_;
    std::mutex mutex_;
    std::vector<Keys> events_;
};

class Hotplug : public testing::Test {
  protected:
    static tests::CardInfo card(Wire& wire) {
        tests::CardInfo info;
        info.screen = wire.info();
        return info;
    }
    void hotplug() {
        const std::array connectors{board_.screen()};
        handle_hotplug(board_.drm(), connectors);
    }
    void plug(Bytes edid) {
        wire_.plug(std::move(edid));
        hotplug();
    }
    /// GETCONNECTOR of the screen; 0 modes asked for: a probe.
    drm_mode_get_connector look(uint32_t count_modes = 0, uint64_t modes = 0) {
        drm_mode_get_connector found{};
        found.connector_id = raw(board_.screen()->id());
        found.count_modes = count_modes;
        found.modes_ptr = modes;
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, found), 0);
        return found;
    }
    std::vector<std::string> mode_names() {
        std::vector<drm_mode_modeinfo> modes(look().count_modes);
        look(static_cast<uint32_t>(modes.size()), reinterpret_cast<uintptr_t>(modes.data()));
        std::vector<std::string> names;
        for (const auto& mode : modes) names.emplace_back(mode.name);
        return names;
    }
    uint64_t property(const Property* wanted) {
        std::array<uint32_t, 16> ids{};
        std::array<uint64_t, 16> values{};
        drm_mode_obj_get_properties all{};
        all.obj_id = raw(board_.screen()->id());
        all.obj_type = DRM_MODE_OBJECT_CONNECTOR;
        all.count_props = ids.size();
        all.props_ptr = reinterpret_cast<uintptr_t>(ids.data());
        all.prop_values_ptr = reinterpret_cast<uintptr_t>(values.data());
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), 0);
        for (size_t i = 0; i < all.count_props; ++i)
            if (ids[i] == raw(wanted->id())) return values[i];
        ADD_FAILURE() << "no property " << wanted->name();
        return 0;
    }
    uint32_t edid_id() { return static_cast<uint32_t>(property(standard().edid)); }
    Bytes blob(uint32_t id) {
        Bytes bytes(512);
        drm_mode_get_blob get{.blob_id = id, .length = 0, .data = 0};
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), 0);
        get.data = reinterpret_cast<uintptr_t>(bytes.data());
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), 0);
        bytes.resize(get.length);
        return bytes;
    }
    const StandardProperties& standard() { return board_.drm().mode_config().properties; }
    Keys changed_screen() {
        return {{"HOTPLUG", "1"}, {"CONNECTOR", std::to_string(raw(board_.screen()->id()))}};
    }
    /// The screen's CRTC is on.
    void turn_on() {
        drm_mode_crtc set{};
        const uint32_t connector = raw(board_.screen()->id());
        const Mode mode = Mode::cvt(1024, 768, 60);
        set.set_connectors_ptr = reinterpret_cast<uintptr_t>(&connector);
        set.count_connectors = 1;
        set.crtc_id = raw(board_.crtc().id());
        set.fb_id = client_.add_fb();
        set.mode_valid = 1;
        set.mode = mode.to_user(AspectBits::Hide);
        ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_SETCRTC, set), 0) << client_.reason();
    }

    Wire wire_;
    Board board_{card(wire_)};
    Client client_{board_.drm()};
    CardEvents events_{board_.model};
};

TEST_F(Hotplug, a_screen_that_comes_has_its_EDID_its_modes_and_its_size) {
    const Bytes edid = edid_of("First", 1920, 1080);
    EXPECT_EQ(look().connection, 2u);
    EXPECT_EQ(edid_id(), 0u);
    plug(edid);
    const auto found = look();
    EXPECT_EQ(found.connection, 1u);
    EXPECT_EQ(found.mm_width, 600u);
    EXPECT_EQ(found.mm_height, 340u);
    EXPECT_EQ(blob(edid_id()), edid);
    EXPECT_EQ(mode_names(),
              (std::vector<std::string>{"1920x1080", "1024x768", "800x600", "640x480"}));
}

TEST_F(Hotplug, one_connector_is_told_by_its_id_several_are_not) {
    plug(edid_of("First", 1920, 1080));
    EXPECT_EQ(events_.take(), std::vector{changed_screen()});
    const std::array two{board_.screen(), board_.writeback()};
    handle_hotplug(board_.drm(), two);
    EXPECT_EQ(events_.take(), (std::vector{Keys{{"HOTPLUG", "1"}}}));
    handle_hotplug(board_.drm(), {});
    EXPECT_TRUE(events_.take().empty());
}

TEST_F(Hotplug, the_property_has_the_same_id_until_the_EDID_is_another) {
    plug(edid_of("First", 1920, 1080));
    const uint32_t first = edid_id();
    look();
    hotplug();
    EXPECT_EQ(edid_id(), first);
    const Bytes second = edid_of("Second", 1280, 1024);
    plug(second);
    EXPECT_NE(edid_id(), first);
    EXPECT_EQ(blob(edid_id()), second);
    EXPECT_EQ(mode_names().front(), "1280x1024");
}

TEST_F(Hotplug, a_screen_that_goes_leaves_nothing_but_what_is_on) {
    plug(edid_of("First", 1920, 1080));
    turn_on();
    const uint32_t first = edid_id();
    wire_.unplug();
    hotplug();
    const auto found = look();
    EXPECT_EQ(found.connection, 2u);
    EXPECT_EQ(found.count_modes, 0u);
    EXPECT_EQ(found.mm_width, 0u);
    EXPECT_EQ(edid_id(), 0u);
    drm_mode_get_blob get{.blob_id = first, .length = 0, .data = 0};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), ENOENT);
    EXPECT_NE(found.encoder_id, 0u) << "the CRTC stays on until the client turns it off";
    drm_mode_crtc crtc{};
    crtc.crtc_id = raw(board_.crtc().id());
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETCRTC, crtc), 0);
    EXPECT_EQ(crtc.mode_valid, 1u);
}

TEST_F(Hotplug, a_bad_EDID_is_as_none) {
    Bytes bad = edid_of("Bad", 1920, 1080);
    bad[40] ^= std::byte{1};
    plug(bad);
    EXPECT_EQ(edid_id(), 0u);
    EXPECT_EQ(look().mm_width, 0u);
    EXPECT_EQ(mode_names().front(), "640x480") << "DisplayPort's fail-safe mode is preferred";
    EXPECT_EQ(mode_names()[1], "1024x768");
}

TEST_F(Hotplug, modes_that_the_device_cannot_show_are_left_out) {
    Bytes edid = edid_of("Fields", 1920, 1080);
    edid[35] = edid[36] = std::byte{0xff};  // among them 1024x768i
    board_.drm().mode_config().limits.max_width = 1100;
    unsigned sum = 0;
    for (size_t i = 0; i < 127; ++i) sum += static_cast<unsigned>(edid[i]);
    edid[127] = static_cast<std::byte>(256 - sum % 256);
    plug(edid);
    const auto names = mode_names();
    EXPECT_EQ(std::ranges::count(names, "1920x1080"), 0);
    EXPECT_EQ(std::ranges::count(names, "1024x768i"), 0);
    EXPECT_EQ(std::ranges::count(names, "1024x768"), 3);
}

TEST_F(Hotplug, a_headset_is_non_desktop) {
    EXPECT_EQ(property(standard().non_desktop), 0u);
    edid::Description headset;
    headset.timings = {*edid::timings_for(2880, 1600, 90)};
    headset.is_headset = true;
    plug(*edid::build(headset));
    EXPECT_EQ(property(standard().non_desktop), 1u);
    wire_.unplug();
    hotplug();
    EXPECT_EQ(property(standard().non_desktop), 0u);
}

TEST_F(Hotplug, a_bad_link_is_told_once_and_a_modeset_makes_it_good) {
    plug(edid_of("First", 1920, 1080));
    turn_on();
    events_.take();
    set_link_status(board_.drm(), *board_.screen(), LinkStatus::Bad);
    set_link_status(board_.drm(), *board_.screen(), LinkStatus::Bad);
    EXPECT_EQ(events_.take(), std::vector{changed_screen()});
    EXPECT_EQ(property(standard().link_status), 1u);
    look();
    EXPECT_EQ(property(standard().link_status), 1u) << "a probe changes nothing";
    turn_on();
    EXPECT_EQ(property(standard().link_status), 0u);
    EXPECT_TRUE(events_.take().empty());
}

TEST_F(Hotplug, a_property_that_the_driver_changes_is_told_by_its_id) {
    tell_property_change(board_.drm(), *board_.screen(), *standard().non_desktop);
    Keys keys = changed_screen();
    keys["PROPERTY"] = std::to_string(raw(standard().non_desktop->id()));
    EXPECT_EQ(events_.take(), std::vector{keys});
}

TEST_F(Hotplug, of_a_device_that_is_gone_is_nothing) {
    plug(edid_of("First", 1920, 1080));
    const Ref<Connector> screen = board_.screen();
    const Ref<Device> drm = board_.drm_ref();
    board_.unplug();
    events_.take();
    wire_.unplug();
    const std::array connectors{screen};
    handle_hotplug(*drm, connectors);
    set_link_status(*drm, *screen, LinkStatus::Bad);
    tell_property_change(*drm, *screen, *drm->mode_config().properties.non_desktop);
    EXPECT_TRUE(events_.take().empty());
    EXPECT_EQ(screen->state.link_status, 0u);
}

TEST_F(Hotplug, probes_of_clients_never_bring_an_older_screen_back) {
    const Bytes first = edid_of("First", 1920, 1080), second = edid_of("Second", 1280, 1024);
    const Ref<Connector> screen = board_.screen();
    std::atomic<bool> done = false;
    std::thread prober([&] {
        while (!done) probe_connector(board_.drm(), *screen);
    });
    for (int i = 0; i < 200; ++i) {
        plug(i % 2 == 0 ? first : second);
        MutexLock lock(board_.drm().mode_config().lock());
        EXPECT_EQ(screen->display.name, i % 2 == 0 ? "First" : "Second");
    }
    done = true;
    prober.join();
}

TEST_F(Hotplug, a_connector_may_come_while_the_card_runs_and_go) {
    Wire other;
    other.plug(edid_of("Other", 1280, 1024));
    ConnectorInfo info = other.info();
    info.encoders = board_.screen()->info().encoders;
    const auto made = add_connector(board_.drm(), info);
    ASSERT_TRUE(made.ok());
    const Ref<Connector> dock = *made;
    EXPECT_EQ(dock->name(), "DP-2");
    EXPECT_EQ(
        events_.take(),
        (std::vector{Keys{{"HOTPLUG", "1"}, {"CONNECTOR", std::to_string(raw(dock->id()))}}}));
    drm_mode_get_connector found{};
    found.connector_id = raw(dock->id());
    found.count_modes = 1;  // no probe: it has been probed before it was shown
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, found), 0);
    EXPECT_EQ(found.connection, 1u);
    EXPECT_EQ(found.connector_type_id, 2u);
    remove_connector(board_.drm(), dock);
    EXPECT_EQ(events_.take(), (std::vector{Keys{{"HOTPLUG", "1"}}}));
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, found), ENOENT);
    remove_connector(board_.drm(), dock);
    EXPECT_TRUE(events_.take().empty()) << "once";
}

TEST_F(Hotplug, a_connector_that_comes_has_properties_that_were_there_before) {
    ConnectorInfo info = wire_.info();
    info.options.vrr_capable = true;
    EXPECT_EQ(add_connector(board_.drm(), info).error(), Errno::Inval);
}

TEST_F(Hotplug, no_connector_comes_beside_32_or_to_a_device_that_is_gone) {
    while (board_.drm().mode_config().connectors.size() < 32)
        ASSERT_TRUE(add_connector(board_.drm(), wire_.info()).ok());
    EXPECT_EQ(add_connector(board_.drm(), wire_.info()).error(), Errno::NoSpc);
    const Ref<Connector> last = board_.drm().mode_config().connectors.back();
    remove_connector(board_.drm(), last);
    client_.close();
    board_.unplug();
    EXPECT_EQ(add_connector(board_.drm(), wire_.info()).error(), Errno::NoDev);
    remove_connector(board_.drm(), board_.drm().mode_config().connectors.back());
}

TEST_F(Hotplug, connectors_that_come_at_once_have_numbers_of_their_own) {
    constexpr int rounds = 200, threads = 3;
    std::barrier together(threads);
    std::atomic<int> refused = 0;
    const auto come_and_go = [&] {
        for (int i = 0; i < rounds; ++i) {
            together.arrive_and_wait();
            const auto made = add_connector(board_.drm(), wire_.info());
            if (!made.ok()) refused++;
            together.arrive_and_wait();
            if (made.ok()) remove_connector(board_.drm(), *made);
        }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(come_and_go);
    come_and_go();
    for (std::thread& other : others) other.join();
    EXPECT_EQ(refused, 0);
    tests::expect_shown_as_listed(board_.drm());
}

TEST_F(Hotplug, of_two_connectors_that_come_beside_31_one_is_refused) {
    ModeConfig& config = board_.drm().mode_config();
    while (config.connectors.size() < 31)
        ASSERT_TRUE(add_connector(board_.drm(), wire_.info()).ok());
    for (int i = 0; i < 100; ++i) {
        std::barrier together(2);
        const auto come = [&] {
            together.arrive_and_wait();
            return add_connector(board_.drm(), wire_.info());
        };
        auto other = std::async(std::launch::async, come);
        const auto first = come(), second = other.get();
        ASSERT_NE(first.ok(), second.ok());
        EXPECT_EQ((first.ok() ? second : first).error(), Errno::NoSpc);
        remove_connector(board_.drm(), *(first.ok() ? first : second));
    }
}

TEST_F(Hotplug, a_connector_that_sysfs_has_no_room_for_leaves_nothing) {
    MaybeRef<device::Device> card;
    for (const auto& device : board_.model.devices())
        if (device->name() == "card0") card = device;
    ASSERT_TRUE(card);
    device::DeviceInfo info;
    info.name = "card0-DP-2";
    info.parent = &**card;
    info.device_class = (*card)->info().device_class;
    const auto first = device::Device::create(board_.model, std::move(info));
    ASSERT_TRUE(first.ok() && (*first)->add().ok());
    EXPECT_EQ(add_connector(board_.drm(), wire_.info()).error(), Errno::Exist);
    tests::expect_shown_as_listed(board_.drm());
    (*first)->del();
    ASSERT_TRUE(add_connector(board_.drm(), wire_.info()).ok());
    tests::expect_shown_as_listed(board_.drm());
}

TEST_F(Hotplug, a_card_pulled_while_a_connector_comes_leaves_nothing) {
    class Puller final : public device::Watcher {
      public:
        explicit Puller(Board& board) : board_(board) { board_.model.add_watcher(*this); }
        ~Puller() {
            board_.model.remove_watcher(*this);
            thread_.join();
        }
        void uevent(const device::Device& device, const device::Uevent& event) override {
            if (event.action != "add" || device.name() != "card0-DP-2") return;
            thread_ = std::thread([this] { board_.unplug(); });
            EXPECT_TRUE(tests::comes_true([this] { return !has_folder(); }));
        }

      private:
        bool has_folder() {
            MutexLock lock(board_.drm().state().nodes_mutex);
            return board_.drm().state().card.has_value();
        }
        Board& board_;
        std::thread thread_;
    };
    const Ref<Device> drm = board_.drm_ref();
    {
        Puller puller(board_);
        EXPECT_EQ(add_connector(*drm, wire_.info()).error(), Errno::NoDev);
    }
    board_.model.flush();
    EXPECT_TRUE(tests::sysfs_connectors(board_.model).empty());
    EXPECT_EQ(tests::kept_sysfs_connectors(*drm), 0u);
    EXPECT_EQ(tests::debugfs_connectors(*drm), tests::listed_connectors(*drm));
}

}  // namespace
}  // namespace plugboard::drm
