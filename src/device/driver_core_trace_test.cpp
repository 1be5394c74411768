// Plays the scenes that a Linux 6.1 driver core was traced in, and compares event by event.
// What is not compared: drvdata, which we do not have: a driver's state is what manage() made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::Thing;
using testing::Trace;
using testing::TraceWatcher;

constexpr const char* trace_path =
    PLUGBOARD_SOURCE_DIR "/tests/reference/linux-6.1/driver-core-trace.txt";

/// The scenes of the file by name, without drvdata.
std::map<std::string, Lines> linux_scenes() {
    std::map<std::string, Lines> scenes;
    std::ifstream file(trace_path);
    std::string line, scene;
    while (std::getline(file, line)) {
        if (line.starts_with("# ")) {
            scene = line.substr(2);
            scenes[scene];
            continue;
        }
        line = line.substr(2);
        scenes[scene].push_back(line.substr(0, line.find(" drvdata=")));
    }
    return scenes;
}

/// A group that says when it is made.
std::vector<AttributeGroup> traced_group(Trace& trace, const std::string& owner) {
    const Attribute file{.name = owner + " file",
                         .show = []() -> Result<std::string> { return std::string(); }};
    return {{.attributes = {file}, .is_visible = [&trace, owner](const Device&, const Attribute&) {
                 trace.add("attributes of " + owner + " created");
                 return 0444u;
             }}};
}

/// A bus on which a driver matches the devices that begin with its name.
class TraceBus final : public Bus {
  public:
    TraceBus(Model& model, Trace& trace) : Bus(model, "pbbus"), trace_(trace) {}
    bool match(const Device& device, const Driver& driver) const override {
        return device.name().starts_with(driver.name());
    }
    std::vector<AttributeGroup> device_groups(const Device&) const override {
        return traced_group(trace_, "bus->dev_groups");
    }

  private:
    Trace& trace_;
};

class TraceInterface final : public ClassInterface {
  public:
    explicit TraceInterface(Trace& trace) : trace_(trace) {}
    void device_added(Device& device) override {
        trace_.add("class interface add_dev " + device.name());
    }
    void device_removed(Device& device) override {
        trace_.add("class interface remove_dev " + device.name());
    }

  private:
    Trace& trace_;
};

class TraceDriver final : public Driver {
  public:
    TraceDriver(std::string name, Trace& trace)
        : Driver({.name = std::move(name), .matches = {}}), trace_(trace) {}

    /// 0: well, 1: -EINVAL, 2: deferred, 3: adds an action that adds an action.
    int mode = 0;
    bool fails = true;

    Result<void> probe(Bound& bound) override {
        trace_.add("probe " + bound.device().name() + " mode " + std::to_string(mode));
        action(bound, "first");
        action(bound, "second");
        if (mode == 1) return Errno::Inval;
        if (mode == 2 && fails) return Errno::ProbeDefer;
        if (mode == 3) add_late_adder(bound.device());
        action(bound, "third");
        return {};
    }
    void remove(const Bound& bound) override { trace_.add("remove " + bound.device().name()); }
    std::vector<AttributeGroup> device_groups(const Device&) const override {
        // The helper of the traced module has none.
        if (name() != "dev") return {};
        return traced_group(trace_, "driver->dev_groups");
    }

  private:
    void action(Bound& bound, const std::string& name) {
        bound.device()
            .devres()
            .add_action(name, [this, name] { trace_.add("devm action " + name); })
            .value();
    }
    void add_late_adder(Device& device) {
        const auto run = [this, &device] {
            const auto added = device.devres().add_action(
                "added-during-release", [this] { trace_.add("devm action added-during-release"); });
            trace_.add("devm action late-adder adds 'added-during-release': " +
                       std::to_string(added.ok() ? 0 : -static_cast<int>(added.error())));
        };
        device.devres().add_action("late-adder", run).value();
    }
    Trace& trace_;
};

struct DriverCoreTrace : ::testing::Test {
    explicit DriverCoreTrace(Settings settings = {}) : model(Clock::real(), settings) {
        bus.add_driver(driver).value();
    }
    ~DriverCoreTrace() override {
        (void)bus.remove_driver(driver);
        (void)bus.remove_driver(helper);
    }

    Ref<Device> make(const std::string& name, Bus* on, Class* device_class = nullptr) {
        DeviceInfo info;
        info.name = name;
        info.bus = on;
        info.device_class = device_class;
        info.groups = traced_group(trace, "dev->groups");
        // The attribute goes with the device, and the note with the attribute.
        info.attributes.push_back(
            {.name = "note",
             .show = [note = make_ref<Thing>(name, &releases)]() -> Result<std::string> {
                 return std::string();
             }});
        return Device::create(model, std::move(info)).value();
    }
    /// device_add, as the trace's module does and reports it.
    void add(const Ref<Device>& device) {
        const auto added = device->add();
        trace.add("device_add = " +
                  std::to_string(added.ok() ? 0 : -static_cast<int>(added.error())));
    }
    void put(MaybeRef<Device>& device) {
        const std::string name = (*device)->name();
        device.reset();
        if (releases.take() == Lines{"end of " + name}) trace.add("release callback " + name);
    }
    void unregister(MaybeRef<Device>& device) {
        (*device)->del();
        put(device);
    }
    void attach(const std::string& device) {
        const auto bound = bus.bind(device, "dev");
        trace.add("device_attach = " +
                  std::to_string(bound.ok() ? 1 : -static_cast<int>(bound.error())));
    }
    void action(const Ref<Device>& device, const std::string& name) {
        device->devres()
            .add_action(name, [this, name] { trace.add("devm action " + name); })
            .value();
    }
    void release_group(const Ref<Device>& device, const char* name, GroupId id) {
        const size_t count = device->devres().release_group(id).value();
        trace.add(std::string("devres_release_group(") + name + ") = " + std::to_string(count));
    }
    /// What has happened since the last scene is what Linux did in this one.
    void expect_scene(const std::string& name) {
        ASSERT_TRUE(scenes.contains(name)) << name;
        EXPECT_EQ(trace.take(), scenes.at(name)) << "scene: " << name;
    }

    void play_one_life(MaybeRef<Device>& device) {
        device = make("dev0", &bus);
        add(*device);
        expect_scene("device_add, probe succeeds");
        bus.unbind("dev0", "dev").value();
        expect_scene("device_release_driver");
        attach("dev0");
        expect_scene("device_attach again");
        (*device)->del();
        expect_scene("device_del while bound");
    }

    const std::map<std::string, Lines> scenes = linux_scenes();
    Trace trace, releases;
    Model model;
    Bus& bus = model.add_bus(std::make_unique<TraceBus>(model, trace));
    TraceDriver driver{"dev", trace};
    TraceDriver helper{"helper", trace};
    TraceWatcher watcher{model, trace};
};

struct DriverCoreTraceBefore66 : DriverCoreTrace {
    DriverCoreTraceBefore66() : DriverCoreTrace({.release_only_at_last_put = true}) {}
};

TEST_F(DriverCoreTrace, file_has_scenes) {
    EXPECT_EQ(scenes.size(), 30u);
}

TEST_F(DriverCoreTrace, life_of_a_bound_device) {
    MaybeRef<Device> device;
    play_one_life(device);
    // Linux lets one add here, and runs it at the last put; we refuse.
    EXPECT_EQ((*device)->devres().add_action("after-del", [] {}).error(), Errno::NoDev);
    put(device);
    EXPECT_EQ(trace.take(), Lines{"release callback dev0"});
}

TEST_F(DriverCoreTraceBefore66, life_of_a_bound_device_and_an_action_added_after_del) {
    MaybeRef<Device> device;
    play_one_life(device);
    action(*device, "after-del");
    expect_scene("devm action added after device_del");
    put(device);
    expect_scene("put_device, last");
}

TEST_F(DriverCoreTrace, probe_that_fails) {
    driver.mode = 1;
    MaybeRef<Device> device = make("dev1", &bus);
    add(*device);
    expect_scene("device_add, probe fails with -EINVAL");
    unregister(device);
    expect_scene("device_unregister, no driver");
}

TEST_F(DriverCoreTrace, probe_that_defers) {
    driver.mode = 2;
    MaybeRef<Device> device = make("dev2", &bus);
    add(*device);
    expect_scene("device_add, probe defers");
    driver.fails = false;
    helper.mode = 2;
    helper.fails = false;
    bus.add_driver(helper).value();
    MaybeRef<Device> other = make("helper0", &bus);
    ASSERT_TRUE((*other)->add().ok());
    model.flush();
    expect_scene("another driver binds another device, deferred one is retried");
    bus.remove_driver(helper).value();
    expect_scene("driver_unregister of the helper driver");
    unregister(other);
    expect_scene("device_unregister helper0");
    unregister(device);
    expect_scene("device_unregister dev2");
}

TEST_F(DriverCoreTrace, action_added_during_release_stays_and_forbids_the_next_bind) {
    driver.mode = 3;
    MaybeRef<Device> device = make("dev3", &bus);
    ASSERT_TRUE((*device)->add().ok());
    bus.unbind("dev3", "dev").value();
    expect_scene("action that adds an action during release: unbind");
    attach("dev3");
    expect_scene("bind again with the leftover on the list");
    unregister(device);
    expect_scene("device_unregister dev3");
}

TEST_F(DriverCoreTrace, device_without_a_driver) {
    MaybeRef<Device> device = make("nodrv0", &bus);
    ASSERT_TRUE((*device)->add().ok());
    action(*device, "no-driver");
    (*device)->del();
    expect_scene("device without driver: devm action, device_del");
    put(device);
    expect_scene("put");
}

TEST_F(DriverCoreTrace, class_device) {
    Class& pbclass = model.add_class("pbclass");
    TraceInterface interface(trace);
    pbclass.add_interface(interface);
    MaybeRef<Device> device = make("cdev0", nullptr, &pbclass);
    ASSERT_TRUE((*device)->add().ok());
    action(*device, "class-dev");
    unregister(device);
    expect_scene("class device");
    pbclass.remove_interface(interface);
}

TEST_F(DriverCoreTrace, duplicate_name) {
    MaybeRef<Device> first = make("dup", &bus), second = make("dup", &bus);
    ASSERT_TRUE((*first)->add().ok());
    add(*second);
    put(second);
    unregister(first);
    expect_scene("duplicate name");
}

TEST_F(DriverCoreTrace, driver_unregister_with_a_bound_device_then_groups) {
    MaybeRef<Device> device = make("dev4", &bus);
    ASSERT_TRUE((*device)->add().ok());
    bus.remove_driver(driver).value();
    unregister(device);
    device = make("grp", &bus);
    ASSERT_TRUE((*device)->add().ok());
    expect_scene("bus with a bound device: driver_unregister");

    const int tag_1 = 1, tag_2 = 2;
    Devres& devres = (*device)->devres();
    action(*device, "A");
    ASSERT_TRUE(devres.open_group(&tag_1).ok());
    action(*device, "B");
    ASSERT_TRUE(devres.open_group(&tag_2).ok());
    action(*device, "C");
    ASSERT_TRUE(devres.close_group(&tag_1).ok());
    action(*device, "D");
    ASSERT_TRUE(devres.close_group(&tag_2).ok());
    action(*device, "E");
    release_group(*device, "1", &tag_1);
    release_group(*device, "2", &tag_2);
    expect_scene("group: A [ B ( C ] D ) E, release outer id 1: overlap");

    ASSERT_TRUE(devres.open_group(&tag_1).ok());
    action(*device, "F");
    ASSERT_TRUE(devres.open_group(&tag_2).ok());
    action(*device, "G");
    ASSERT_TRUE(devres.close_group(&tag_2).ok());
    action(*device, "H");
    ASSERT_TRUE(devres.close_group(&tag_1).ok());
    release_group(*device, "1", &tag_1);
    expect_scene("group: nested, release outer; then inner is gone");

    ASSERT_TRUE(devres.open_group().ok());
    action(*device, "I");
    action(*device, "J");
    release_group(*device, "NULL", nullptr);
    expect_scene("group: open group, NULL id, swallows what follows");

    ASSERT_TRUE(devres.open_group(&tag_1).ok());
    action(*device, "K");
    ASSERT_TRUE(devres.close_group(&tag_1).ok());
    ASSERT_TRUE(devres.remove_group(&tag_1).ok());
    expect_scene("group: remove_group keeps resources");

    struct Note {
        Trace& trace;
        const char* text;
    };
    Note older{trace, "twice"}, newer{trace, "twice"};
    const auto run = [](void* data) {
        auto* note = static_cast<Note*>(data);
        note->trace.add(std::string("devm action ") + note->text);
    };
    devres.add_action("twice", {run, &older}).value();
    action(*device, "between");
    devres.add_action("twice", {run, &older}).value();
    devres.add_action("twice", {run, &newer}).value();
    ASSERT_TRUE(devres.release_action({run, &older}).ok());
    expect_scene("same action added twice, devm_release_action once");

    action(*device, "last");
    void* bytes = devres.alloc(16).value();
    action(*device, "newer-than-p");
    if (devres.realloc(bytes, 100'000).ok()) trace.add("krealloc ok");
    expect_scene("krealloc keeps its place");
    unregister(device);
    expect_scene("device_unregister grp: the rest, newest first");
}

}  // namespace
}  // namespace plugboard::device
