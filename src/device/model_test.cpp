#include "device/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "device/test_support.h"
#include "device/uevent.h"
#include "tests/support/shortage.h"

namespace plugboard::device {
namespace {

using ::testing::ElementsAre;
using testing::Lines;
using testing::named;
using ::testing::Pair;
using testing::Trace;

/// Writes down every call.
class Everything final : public Watcher {
  public:
    Everything(Model& model, Trace& trace) : model_(model), trace_(trace) {
        model_.add_watcher(*this);
    }
    ~Everything() { model_.remove_watcher(*this); }
    void device_added(Device& device) override { trace_.add("added " + device.name()); }
    void device_removed(Device& device) override { trace_.add("removed " + device.name()); }
    void device_changed(Device& device) override { trace_.add("changed " + device.name()); }
    void uevent(const Device& device, const Uevent& event) override {
        trace_.add(event.action + "@" + event.devpath);
        EXPECT_EQ(event.devpath, device.sysfs_path());
        EXPECT_GT(event.seqnum, last.seqnum);
        last = event;
    }
    void notify(const char* event, Device&) override { trace_.add(event); }
    Uevent last;

  private:
    Model& model_;
    Trace& trace_;
};

struct ModelTest : ::testing::Test {
    Trace trace;
    Model model;
};

TEST_F(ModelTest, watcher_sees_a_life_in_order) {
    Everything watcher(model, trace);
    testing::TestDriver driver({.name = "d", .matches = {"one"}});
    testing::Registered registered(model.platform_bus(), driver);
    auto device = model.add_platform_device(named("one")).value();
    const std::string path = "@/devices/platform/one";
    EXPECT_EQ(trace.take(), (Lines{"added one", "ADD_DEVICE", "add" + path, "BIND_DRIVER",
                                   "changed one", "BOUND_DRIVER", "bind" + path}));
    device->del();
    EXPECT_EQ(trace.take(),
              (Lines{"DEL_DEVICE", "changed one", "UNBIND_DRIVER", "changed one", "UNBOUND_DRIVER",
                     "unbind" + path, "REMOVED_DEVICE", "removed one", "remove" + path}));
}

TEST_F(ModelTest, uevent_has_linuxs_keys_in_linuxs_order) {
    Everything watcher(model, trace);
    testing::TestDriver driver({.name = "d", .matches = {"one"}});
    testing::Registered registered(model.platform_bus(), driver);
    auto device = model.add_platform_device(named("one")).value();
    EXPECT_EQ(watcher.last.action, "bind");
    EXPECT_THAT(watcher.last.keys, ElementsAre(Pair("SUBSYSTEM", "platform"), Pair("DRIVER", "d"),
                                               Pair("MODALIAS", "platform:one")));
    DeviceInfo info = named("card0");
    info.parent = &*device;
    info.device_class = &model.add_class("drm");
    info.devtype = "drm_minor";
    info.node = DeviceNode{226, 0, "dri/card0"};
    info.uevent_keys = {{"OWN", "1"}};
    auto card = Device::create(model, info).value();
    ASSERT_TRUE(card->add().ok());
    card->send_uevent("change", {{"HOTPLUG", "1"}});
    EXPECT_EQ(watcher.last.action, "change");
    EXPECT_THAT(watcher.last.keys,
                ElementsAre(Pair("SUBSYSTEM", "drm"), Pair("HOTPLUG", "1"), Pair("MAJOR", "226"),
                            Pair("MINOR", "0"), Pair("DEVNAME", "dri/card0"),
                            Pair("DEVTYPE", "drm_minor"), Pair("OWN", "1")));
    card->del();
    card->send_uevent("change");  // nobody is there any more
    EXPECT_EQ(watcher.last.action, "remove");
    device->del();
}

TEST_F(ModelTest, device_without_bus_and_class_sends_no_uevents) {
    Everything watcher(model, trace);
    model.add_root_device("root").value()->del();
    EXPECT_EQ(trace.take(), (Lines{"added root", "changed root", "removed root"}));
}

TEST_F(ModelTest, uevent_file_sends_what_is_written) {
    Everything watcher(model, trace);
    auto device = model.add_platform_device(named("one")).value();
    for (const Attribute& file : device->all_attributes()) {
        if (file.name != "uevent") continue;
        EXPECT_TRUE(file.store("change\n").ok());
        EXPECT_EQ(file.store("chaneg").error(), Errno::Inval);
    }
    EXPECT_EQ(watcher.last.action, "change");
    EXPECT_THAT(watcher.last.keys,
                ElementsAre(Pair("SUBSYSTEM", "platform"), Pair("SYNTH_UUID", "0"),
                            Pair("MODALIAS", "platform:one")));
    device->del();
}

TEST(SyntheticUevent, is_an_action_a_uuid_and_arguments) {
    const std::string uuid = "01234567-89ab-cdef-0123-456789abcdef";
    const auto event = parse_synthetic_uevent("add " + uuid + " A=1 B=abc");
    ASSERT_TRUE(event.ok());
    EXPECT_EQ(event->action, "add");
    EXPECT_THAT(event->keys, ElementsAre(Pair("SYNTH_UUID", uuid), Pair("SYNTH_ARG_A", "1"),
                                         Pair("SYNTH_ARG_B", "abc")));
    for (const char* bad : {"", "added", "add x", "add 01234567-89ab-cdef-0123-456789abcdeg",
                            "add 01234567-89ab-cdef-0123-456789abcdef A",
                            "add 01234567-89ab-cdef-0123-456789abcdef A=\n=",
                            "add 01234567-89ab-cdef-0123-456789abcdef =1"})
        EXPECT_FALSE(parse_synthetic_uevent(bad).ok()) << bad;
}

TEST_F(ModelTest, uevent_sent_from_a_watcher_comes_after_the_one_it_was_sent_from) {
    struct Replying final : Watcher {
        void uevent(const Device& device, const Uevent& event) override {
            if (event.action == "add") const_cast<Device&>(device).send_uevent("change");
        }
    } replying;
    model.add_watcher(replying);
    {
        Everything watcher(model, trace);
        auto device = model.add_platform_device(named("one")).value();
        device->del();
    }
    const Lines lines = trace.take();
    EXPECT_THAT(lines, ::testing::Contains("change@/devices/platform/one"));
    EXPECT_LT(std::ranges::find(lines, "add@/devices/platform/one"),
              std::ranges::find(lines, "change@/devices/platform/one"));
    model.remove_watcher(replying);
}

TEST_F(ModelTest, watcher_may_remove_itself_and_delete_the_device_it_is_told_of) {
    struct Hostile final : Watcher {
        explicit Hostile(Model& m) : model(m) {}
        void device_added(Device& device) override {
            device.del();
            model.remove_watcher(*this);
        }
        Model& model;
    } hostile(model);
    model.add_watcher(hostile);
    auto device = model.add_platform_device(named("one")).value();
    model.flush();
    EXPECT_FALSE(device->is_added());
}

TEST_F(ModelTest, removed_watcher_is_not_called_any_more_by_other_threads) {
    struct Counter final : Watcher {
        void notify(const char*, Device&) override { (is_removed ? late : calls)++; }
        std::atomic<bool> is_removed = false;
        std::atomic<int> calls = 0, late = 0;
    };
    std::array<Counter, 200> counters;
    std::atomic<bool> stop = false;
    std::thread other([&] {
        while (!stop) model.add_platform_device(named("one")).value()->del();
    });
    for (Counter& counter : counters) {
        model.add_watcher(counter);
        while (counter.calls == 0) std::this_thread::yield();
        model.remove_watcher(counter);
        counter.is_removed = true;
    }
    stop = true;
    other.join();
    for (const Counter& counter : counters) EXPECT_EQ(counter.late, 0);
}

TEST_F(ModelTest, uevents_of_several_threads_come_in_order_of_their_numbers) {
    Everything watcher(model, trace);  // checks it
    auto device = model.add_platform_device(named("one")).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; i++) device->send_uevent("change");
        });
    }
    for (std::thread& thread : threads) thread.join();
    device->del();
    EXPECT_EQ(watcher.last.action, "remove");
    EXPECT_EQ(trace.take().size(), 800u + 8u);
}

TEST_F(ModelTest, work_is_done_later_in_order) {
    for (int i = 0; i < 10; i++) model.run_later([&, i] { trace.add(std::to_string(i)); });
    model.flush();
    EXPECT_EQ(trace.take(), (Lines{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
}

TEST_F(ModelTest, work_that_finds_no_thread_is_done_by_who_waits_for_it) {
    const tests::NoThreads none;
    for (int i = 0; i < 3; i++) model.run_later([&, i] { trace.add(std::to_string(i)); });
    EXPECT_EQ(trace.take(), Lines{});
    model.flush();
    EXPECT_EQ(trace.take(), (Lines{"0", "1", "2"}));
}

/// Leaves work behind that needs all of the model.
struct LateService {
    explicit LateService(Model& owner) : model(owner) {}
    ~LateService() {
        model.run_later([model = &model] {
            const auto late = model->add_faux_device(named("late")).value();
            EXPECT_EQ(late->sysfs_path(), "/devices/faux/late");
            EXPECT_TRUE(late->is_bound());
            late->del();
            ran++;
        });
    }
    Model& model;
    static inline std::atomic<int> ran{0};
};

TEST(ModelEnd, work_that_a_service_leaves_finds_a_whole_model) {
    LateService::ran = 0;
    { Model().service<LateService>(); }
    EXPECT_EQ(LateService::ran, 1);
}

/// Keeps a device alive beyond its end.
struct LeakingService {
    explicit LeakingService(Model& owner) : model(owner) {}
    ~LeakingService() {
        model.run_later([model = &model] { kept = Device::create(*model, named("leak")).value(); });
    }
    Model& model;
    static inline MaybeRef<Device> kept;
};

#ifndef NDEBUG
TEST(ModelEnd, device_that_late_work_leaves_is_noticed) {
    const auto leak = [] { Model().service<LeakingService>(); };
    EXPECT_DEATH(leak(), "alive: device leak");
}
#endif

TEST_F(ModelTest, device_is_added_only_with_the_thread_that_may_have_to_remove_it) {
    {
        const tests::NoThreads none;
        EXPECT_EQ(model.add_platform_device(named("late")).error(), Errno::Again);
        EXPECT_FALSE(model.platform_bus().find_device("late"));
        DeviceInfo info = named("late");
        info.device_class = &model.add_class("late");
        EXPECT_EQ(Device::create(model, std::move(info)).value()->add().error(), Errno::Again);
        EXPECT_EQ(model.add_root_device("late").error(), Errno::Again);
    }
    const auto device = model.add_platform_device(named("late"));
    ASSERT_TRUE(device.ok());
    const tests::NoThreads none;
    bool is_removed = false;
    model.run_later([&] {
        (*device)->del();
        is_removed = true;
    });
    model.flush();
    EXPECT_TRUE(is_removed);
}

TEST_F(ModelTest, bus_is_found_by_its_name) {
    Bus& bus = model.add_bus("own");
    EXPECT_EQ(model.find_bus("own"), &bus);
    EXPECT_EQ(model.find_bus("platform"), &model.platform_bus());
    EXPECT_EQ(model.find_bus("none"), nullptr);
}

#ifndef NDEBUG
TEST_F(ModelTest, device_that_outlives_its_model_is_noticed) {
    const auto outlive = [] {
        std::optional<Model> short_lived;
        short_lived.emplace();
        auto device = Device::create(*short_lived, named("one")).value();
        short_lived.reset();
    };
    EXPECT_DEATH(outlive(), "alive: device one, 1 references");
}

TEST_F(ModelTest, flush_inside_a_device_is_noticed) {
    const auto device = model.add_faux_device(named("one")).value();
    const auto in_its_gate = [&] {
        const Entered inside = device->enter();
        model.flush();
    };
    EXPECT_DEATH(in_its_gate(), "Remedy: end the Entered first");
    const auto in_its_probe = [&] {
        testing::TestDriver driver({.name = "d", .matches = {"two"}}, [&](Bound&) -> Result<void> {
            model.flush();
            return {};
        });
        (void)model.platform_bus().add_driver(driver);
        (void)model.add_platform_device(named("two"));
    };
    EXPECT_DEATH(in_its_probe(), "do not flush in probe");
    device->del();
}
#endif

}  // namespace
}  // namespace plugboard::device
