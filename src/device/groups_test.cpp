// Attribute groups of device, bus and driver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Registered;
using testing::Trace;

Attribute file(const std::string& name) {
    return {.name = name, .show = []() -> Result<std::string> { return std::string(); }};
}

std::optional<Attribute> find_file(const Device& device, const std::string& name) {
    for (Attribute& one : device.all_attributes()) {
        if (one.name == name) return std::move(one);
    }
    return std::nullopt;
}

bool has_file(const Device& device, const std::string& name) {
    return find_file(device, name).has_value();
}

class GroupDriver final : public Driver {
  public:
    GroupDriver(std::string file_name, Trace& trace)
        : Driver({.name = "d", .matches = {"one"}}),
          file_name_(std::move(file_name)),
          trace_(trace) {}
    Result<void> probe(Bound& bound) override {
        trace_.add(has_file(bound.device(), file_name_) ? "probe, file" : "probe");
        bound.device().devres().add_action("devm", [this] { trace_.add("devm"); }).value();
        return {};
    }
    void remove(const Bound& bound) override {
        EXPECT_FALSE(bound.device().enter()) << "nobody is inside any more";
        trace_.add(has_file(bound.device(), file_name_) ? "remove, file" : "remove");
    }
    std::vector<AttributeGroup> device_groups(const Device&) const override {
        return {{.attributes = {file(file_name_)}}};
    }

  private:
    const std::string file_name_;
    Trace& trace_;
};

struct Groups : ::testing::Test {
    Trace trace;
    Model model;
};

TEST_F(Groups, a_file_may_be_left_out_or_have_other_bits) {
    DeviceInfo info = named("one");
    info.groups = {{.folder = "stats",
                    .attributes = {file("shown"), file("hidden")},
                    .is_visible = [](const Device&, const Attribute& of) {
                        return of.name == "hidden" ? 0u : 0400u;
                    }}};
    const auto one = model.add_platform_device(info).value();
    EXPECT_TRUE(has_file(*one, "stats/shown"));
    EXPECT_FALSE(has_file(*one, "stats/hidden"));
    for (const Attribute& of : one->all_attributes()) {
        if (of.name == "stats/shown") {
            EXPECT_EQ(of.mode, 0400u);
        }
    }
    one->del();
}

TEST_F(Groups, none_is_there_before_add_and_after_del) {
    DeviceInfo info = named("one");
    info.groups = {{.attributes = {file("own")}}};
    const auto one = Device::create(model, info).value();
    EXPECT_TRUE(one->all_attributes().empty());
    one->add().value();
    EXPECT_TRUE(has_file(*one, "own"));
    EXPECT_TRUE(one->all_links().empty()) << "neither bus nor class";
    one->del();
    EXPECT_TRUE(one->all_attributes().empty());
}

TEST_F(Groups, two_files_of_a_name_are_refused_and_nothing_is_left) {
    DeviceInfo info = named("one");
    info.groups = {{.attributes = {file("same"), file("same")}}};
    const auto one = Device::create(model, info).value();
    info.bus = &model.platform_bus();
    info.groups = {{.attributes = {file("modalias")}}};  // which the bus has, too
    const auto two = Device::create(model, info).value();
    for (const auto& device : {one, two}) {
        EXPECT_EQ(device->add().error(), Errno::Exist);
        EXPECT_FALSE(device->is_added());
        EXPECT_EQ(device->ref_count(), 2u) << "ours and the list's";
    }
    EXPECT_FALSE(model.platform_bus().find_device("one"));
    EXPECT_TRUE(model.add_platform_device(named("one")).ok()) << "the name is free";
    (*model.platform_bus().find_device("one"))->del();
}

TEST_F(Groups, those_of_a_driver_are_there_while_it_is_bound) {
    GroupDriver driver("bound", trace);
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    EXPECT_TRUE(has_file(*one, "bound"));
    model.platform_bus().unbind("one", "d").value();
    EXPECT_FALSE(has_file(*one, "bound"));
    EXPECT_EQ(trace.take(), (Lines{"probe", "remove", "devm"}));
    one->del();
}

TEST_F(Groups, those_of_a_driver_that_cannot_be_made_undo_a_good_probe) {
    GroupDriver driver("driver_override", trace);  // which a platform device has
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    EXPECT_FALSE(one->is_bound());
    EXPECT_EQ(trace.take(), (Lines{"probe, file", "remove, file", "devm"}));
    EXPECT_TRUE(has_file(*one, "driver_override")) << "the bus's own stays";
    one->del();
}

/// Its file says how often there has been a probe.
class CountingDriver final : public Driver {
  public:
    CountingDriver() : Driver({.name = "d", .matches = {"one"}}) {}
    Result<void> probe(Bound&) override {
        probes_++;
        return {};
    }
    std::vector<AttributeGroup> device_groups(const Device&) const override {
        Attribute count{.name = "count", .mode = 0644, .show = {}};
        count.show = [text = std::to_string(probes_)]() -> Result<std::string> { return text; };
        count.store = [](std::string_view) -> Result<void> { return {}; };
        return {{.attributes = {std::move(count)}}};
    }

  private:
    int probes_ = 0;
};

TEST_F(Groups, a_drivers_file_that_was_taken_before_unbind_is_nodev_for_ever) {
    CountingDriver driver;
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    const Attribute old = find_file(*one, "count").value();
    EXPECT_EQ(old.show().value(), "1");
    EXPECT_TRUE(old.store("0").ok());
    model.platform_bus().unbind("one", "d").value();
    EXPECT_EQ(old.show().error(), Errno::NoDev);
    EXPECT_EQ(old.store("0").error(), Errno::NoDev);
    model.platform_bus().bind("one", "d").value();
    EXPECT_EQ(old.show().error(), Errno::NoDev) << "bound again";
    EXPECT_EQ(old.store("0").error(), Errno::NoDev);
    EXPECT_EQ(find_file(*one, "count")->show().value(), "2");
    one->del();
}

TEST_F(Groups, a_drivers_file_that_is_only_written_or_read_stays_so) {
    GroupDriver driver("bound", trace);
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    const Attribute bound = find_file(*one, "bound").value();
    EXPECT_TRUE(bound.show);
    EXPECT_FALSE(bound.store);
    one->del();
}

/// Looks at a file while the first of two probes is undone: its driver's files are there still.
class Looker final : public Watcher {
  public:
    explicit Looker(Model& model) : model_(model) { model_.add_watcher(*this); }
    ~Looker() { model_.remove_watcher(*this); }
    void device_removed(Device& child) override {
        if (!seen) seen = find_file(*child.parent(), "bound");
    }
    std::optional<Attribute> seen;

  private:
    Model& model_;
};

/// Has a child and a file.
class ParentDriver final : public Driver {
  public:
    ParentDriver() : Driver({.name = "d", .matches = {"one"}}) {}
    Result<void> probe(Bound& bound) override {
        DeviceInfo info = named("child");
        info.parent = &bound.device();
        const auto child = TRY(Device::create(bound.device().model(), info));
        return child->add();
    }
    std::vector<AttributeGroup> device_groups(const Device&) const override {
        return {{.attributes = {file("bound")}}};
    }
};

TEST(GroupsOfADebugSetting, a_drivers_file_of_a_probe_that_is_undone_is_nodev_after_the_next) {
    Model model(Clock::real(), {.test_driver_remove = true});
    Looker looker(model);
    ParentDriver driver;
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    ASSERT_TRUE(looker.seen);
    EXPECT_EQ(looker.seen->show().error(), Errno::NoDev);
    EXPECT_TRUE(find_file(*one, "bound")->show().ok());
    one->del();
}

/// Its file is read for as long as the device is there.
class SlowDriver final : public Driver {
  public:
    explicit SlowDriver(Trace& trace) : Driver({.name = "d", .matches = {"one"}}), trace_(trace) {}
    Result<void> probe(Bound& bound) override {
        TRY(bound.device().devres().add_action("devm", [this] { trace_.add("devm"); }));
        return {};
    }
    void remove(const Bound&) override { trace_.add("remove"); }
    std::vector<AttributeGroup> device_groups(const Device& device) const override {
        Attribute slow{.name = "slow", .show = {}};
        slow.show = [this, &device]() -> Result<std::string> {
            is_reading = true;
            while (!device.is_gone()) std::this_thread::yield();
            trace_.add("read");
            return std::string();
        };
        return {{.attributes = {std::move(slow)}}};
    }
    mutable std::atomic<bool> is_reading{false};

  private:
    Trace& trace_;
};

TEST_F(Groups, unbind_waits_for_who_reads_a_drivers_file) {
    SlowDriver driver(trace);
    Registered registered(model.platform_bus(), driver);
    const auto one = model.add_platform_device(named("one")).value();
    std::thread reader([slow = find_file(*one, "slow").value()] { EXPECT_TRUE(slow.show().ok()); });
    while (!driver.is_reading) std::this_thread::yield();
    one->del();
    reader.join();
    EXPECT_EQ(trace.take(), (Lines{"read", "remove", "devm"}));
}

TEST_F(Groups, those_of_a_faux_devices_driver_are_there_while_it_is_bound) {
    GroupDriver driver("bound", trace);
    const auto faux = model.add_faux_device(named("f"), &driver).value();
    EXPECT_TRUE(has_file(*faux, "bound"));
    faux->del();
    EXPECT_EQ(trace.take(), (Lines{"probe", "remove", "devm"}));
}

TEST_F(Groups, those_of_a_faux_device_come_after_its_probe_and_go_before_its_remove) {
    const auto look = [this](const char* where, const Device& device) {
        trace.add(std::string(where) + (has_file(device, "own") ? ", file" : ""));
    };
    testing::TestDriver driver(
        {.name = "d", .matches = {}},
        [&](Bound& bound) -> Result<void> {
            look("probe", bound.device());
            return {};
        },
        [&](const Bound& bound) { look("remove", bound.device()); });
    DeviceInfo info = named("f");
    info.groups = {{.attributes = {file("own")}}};
    const auto faux = model.add_faux_device(info, &driver).value();
    look("bound", *faux);
    faux->del();
    EXPECT_EQ(trace.take(), (Lines{"probe", "bound, file", "remove"}));
}

TEST_F(Groups, those_of_a_faux_device_that_cannot_be_made_undo_its_probe) {
    GroupDriver driver("same", trace);
    DeviceInfo info = named("f");
    info.groups = {{.attributes = {file("same")}}};
    EXPECT_EQ(model.add_faux_device(info, &driver).error(), Errno::NoDev);
    EXPECT_EQ(trace.take(), (Lines{"probe", "remove", "devm"}));
    EXPECT_FALSE(model.faux_bus().find_device("f"));
}

}  // namespace
}  // namespace plugboard::device
