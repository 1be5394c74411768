// The event log of a devres list; whoever reads it may use the list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Trace;

constexpr char kind = 0;

class Entry final : public DevresEntry {
  public:
    explicit Entry(std::string name) : DevresEntry(std::move(name), {.kind = &kind}, 7) {}

  private:
    void release() override {}
};

struct DevresLog : ::testing::Test {
    DevresLog() {
        old_mask = log::enabled_mask.exchange(static_cast<uint32_t>(log::Category::Devres));
        old_sink = log::set_sink([this](log::Category, std::string_view line) { note(line); });
    }
    ~DevresLog() override {
        log::set_sink(old_sink);
        log::enabled_mask = old_mask;
    }
    /// Without the entry's address.
    void note(std::string_view line) {
        (void)devres().size();  // waits for ever if the list's lock is held
        std::string text(line);
        if (const auto at = text.find("0x"); at != std::string::npos)
            text.erase(at, text.find(' ', at) - at + 1);
        lines.add(std::move(text));
    }
    Devres& devres() { return device->devres(); }

    Trace lines;
    log::Sink old_sink;
    uint32_t old_mask = 0;
    Model model;
    Ref<Device> device = Device::create(model, named("mock")).value();
};

TEST_F(DevresLog, has_each_addition_removal_and_release_with_its_size) {
    const Action up{[](void*) {}, nullptr};
    devres().add_action("up", up).value();
    devres().add(std::make_unique<Entry>("down")).value();
    ASSERT_TRUE(devres().remove_action(up).ok());
    device->del();
    EXPECT_EQ(lines.take(),
              (Lines{"mock: DEVRES ADD up (16 bytes)", "mock: DEVRES ADD down (7 bytes)",
                     "mock: DEVRES REM up (16 bytes)", "mock: DEVRES REL down (7 bytes)"}));
}

TEST_F(DevresLog, has_what_find_or_add_adds) {
    devres().find_or_add(std::make_unique<Entry>("first")).value();
    devres().find_or_add(std::make_unique<Entry>("second")).value();
    device->del();
    EXPECT_EQ(lines.take(),
              (Lines{"mock: DEVRES ADD first (7 bytes)", "mock: DEVRES REL first (7 bytes)"}));
}

TEST_F(DevresLog, has_no_addition_that_was_refused) {
    device->del();
    EXPECT_EQ(devres().find_or_add(std::make_unique<Entry>("late")).error(), Errno::NoDev);
    EXPECT_EQ(devres().add(std::make_unique<Entry>("late")).error(), Errno::NoDev);
    EXPECT_EQ(lines.take(), Lines{});
}

TEST_F(DevresLog, has_an_addition_before_anybody_can_release_it) {
    int additions = 0;
    log::set_sink([&](log::Category, std::string_view line) {
        if (line.find(" ADD ") == std::string_view::npos) return;
        additions++;
        EXPECT_EQ(devres().find({.kind = &kind}), nullptr) << line;
    });
    devres().find_or_add(std::make_unique<Entry>("one")).value();
    ASSERT_TRUE(devres().destroy({.kind = &kind}).ok());
    devres().add(std::make_unique<Entry>("two")).value();
    device->del();
    EXPECT_EQ(additions, 2);
}

TEST_F(DevresLog, has_the_removal_of_what_another_thread_was_faster_with) {
    bool is_first = true;
    log::set_sink([&](log::Category, std::string_view line) {
        note(line);
        if (std::exchange(is_first, false))
            devres().find_or_add(std::make_unique<Entry>("faster")).value();
    });
    const DevresHandle there = devres().find_or_add(std::make_unique<Entry>("slower")).value();
    EXPECT_EQ(there->name(), "faster");
    EXPECT_EQ(lines.take(),
              (Lines{"mock: DEVRES ADD slower (7 bytes)", "mock: DEVRES ADD faster (7 bytes)",
                     "mock: DEVRES REM slower (7 bytes)"}));
    device->del();
}

TEST_F(DevresLog, says_which_addition_failed_as_asked) {
    void* const bytes = devres().alloc(8).value();
    EXPECT_EQ(lines.take(), Lines{"mock: DEVRES ADD memory (8 bytes)"});
    model.fail_nth_step(1);
    EXPECT_FALSE(devres().add(std::make_unique<Entry>("one")).ok());
    model.fail_nth_step(1);
    EXPECT_FALSE(devres().find_or_add(std::make_unique<Entry>("two")).ok());
    model.fail_nth_step(1);
    EXPECT_FALSE(devres().realloc(bytes, 100'000).ok());
    model.fail_nth_step(1);
    EXPECT_FALSE(devres().open_group().ok());
    EXPECT_EQ(lines.take(),
              (Lines{"mock: adding one fails as asked", "mock: adding two fails as asked",
                     "mock: adding memory fails as asked", "mock: adding a group fails as asked"}));
}

}  // namespace
}  // namespace plugboard::device
