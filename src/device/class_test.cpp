#include "device/class.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Quiet;
using testing::Registered;
using testing::TestDriver;
using testing::Trace;

class Told final : public ClassInterface {
  public:
    explicit Told(Trace& trace) : trace_(trace) {}
    void device_added(Device& device) override { trace_.add("added " + device.name()); }
    void device_removed(Device& device) override { trace_.add("removed " + device.name()); }

  private:
    Trace& trace_;
};

struct ClassTest : ::testing::Test {
    Ref<Device> add(const std::string& name, Bus* bus = nullptr) {
        DeviceInfo info = named(name);
        info.device_class = &input;
        info.bus = bus;
        auto device = Device::create(model, info).value();
        device->add().value();
        return device;
    }

    Trace trace;
    Model model;
    Class& input = model.add_class("input");
    Told told{trace};
};

TEST_F(ClassTest, interface_is_told_of_those_that_are_there_and_those_that_come) {
    const auto there = add("there");
    input.add_interface(told);
    const auto later = add("later");
    EXPECT_EQ(trace.take(), (Lines{"added there", "added later"}));
    there->del();
    EXPECT_EQ(trace.take(), Lines{"removed there"});
    input.remove_interface(told);
    EXPECT_EQ(trace.take(), Lines{"removed later"});
    later->del();
    EXPECT_EQ(trace.take(), Lines{});
}

TEST_F(ClassTest, interface_is_told_after_probe_and_before_unbind) {
    TestDriver driver(
        {.name = "d", .matches = {"one"}},
        [&](Bound&) -> Result<void> {
            trace.add("probe");
            return {};
        },
        [&](const Bound&) { trace.add("remove"); });
    Registered registered(model.platform_bus(), driver);
    input.add_interface(told);
    const auto one = add("one", &model.platform_bus());
    one->del();
    EXPECT_EQ(trace.take(), (Lines{"probe", "added one", "removed one", "remove"}));
    input.remove_interface(told);
}

TEST_F(ClassTest, device_is_found_while_it_is_added) {
    const auto one = add("one");
    EXPECT_EQ(input.find_device("one"), one);
    EXPECT_FALSE(input.find_device("two"));
    one->del();
    EXPECT_FALSE(input.find_device("one"));
}

TEST_F(ClassTest, its_files_and_keys_are_its_devices) {
    class Block final : public Class {
      public:
        explicit Block(Model& model) : Class(model, "block") {}
        std::vector<AttributeGroup> device_groups(const Device&) const override {
            return {{.attributes = {{.name = "size", .show = []() -> Result<std::string> {
                                         return std::string("8\n");
                                     }}}}};
        }
        void add_uevent_keys(
            const Device&, std::vector<std::pair<std::string, std::string>>& keys) const override {
            keys.emplace_back("DISKSEQ", "1");
        }
    };
    DeviceInfo info = named("sda");
    info.device_class = &model.add_class(std::make_unique<Block>(model));
    const auto disk = Device::create(model, info).value();
    disk->add().value();
    std::string names;
    for (const Attribute& file : disk->all_attributes()) {
        names += file.name + " ";
        if (file.name == "uevent") {
            EXPECT_EQ(file.show().value(), "DISKSEQ=1\n");
        }
    }
    EXPECT_NE(names.find("size "), std::string::npos) << names;
    disk->del();
}

TEST_F(ClassTest, with_devices_it_cannot_be_removed) {
    const Quiet quiet;
    MaybeRef<Device> one = add("one");
    EXPECT_EQ(model.remove_class(input).error(), Errno::Busy);
    (*one)->del();
    EXPECT_EQ(model.remove_class(input).error(), Errno::Busy)
        << "somebody may ask it for its class";
    one.reset();
    EXPECT_TRUE(model.remove_class(input).ok());
    EXPECT_EQ(model.find_class("input"), nullptr);
}

TEST_F(ClassTest, interface_hears_of_each_device_once_from_any_thread) {
    struct Counts final : ClassInterface {
        void device_added(Device&) override { ++added; }
        void device_removed(Device&) override { ++removed; }
        std::atomic<int> added{0}, removed{0};
    };
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (const char* name : {"a", "b"}) {
        threads.emplace_back([&, name] {
            while (!stop) add(name)->del();
        });
    }
    for (int i = 0; i < 300; i++) {
        Counts counts;
        input.add_interface(counts);
        input.remove_interface(counts);
        ASSERT_EQ(counts.added, counts.removed);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace plugboard::device
