#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "base/log.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Trace;

struct DevresMemory : ::testing::Test {
    DevresMemory()
        : old_sink(log::set_sink([this](log::Category category, std::string_view line) {
              if (category == log::Category::Error) trace.add(std::string(line));
          })) {}
    ~DevresMemory() override { log::set_sink(old_sink); }
    Devres& devres() { return device->devres(); }
    void action(const std::string& name) {
        devres().add_action(name, [this, name] { trace.add(name); }).value();
    }

    Trace trace;
    log::Sink old_sink;
    Model model;
    Ref<Device> device = Device::create(model, named("mock")).value();
};

TEST_F(DevresMemory, is_zero_at_first) {
    const auto* bytes = static_cast<char*>(devres().alloc(1000).value());
    EXPECT_EQ(std::string(bytes, 1000), std::string(1000, '\0'));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes) % alignof(std::max_align_t), 0u);
    EXPECT_EQ(devres().size(), 1u);
}

TEST_F(DevresMemory, of_no_bytes_is_nothing_that_is_kept) {
    EXPECT_EQ(devres().alloc(0).value(), Devres::no_bytes());
    EXPECT_EQ(devres().size(), 0u);
    EXPECT_TRUE(devres().free(Devres::no_bytes()).ok());
    EXPECT_TRUE(devres().free(nullptr).ok());
    EXPECT_NE(devres().realloc(Devres::no_bytes(), 8).value(), Devres::no_bytes());
}

TEST_F(DevresMemory, that_no_machine_has_is_nomem) {
    EXPECT_EQ(devres().alloc(SIZE_MAX - 4096).error(), Errno::NoMem);
    EXPECT_EQ(devres().alloc_array(SIZE_MAX / 2, 3).error(), Errno::NoMem);
    EXPECT_NE(devres().alloc_array(3, 5).value(), nullptr);
}

TEST_F(DevresMemory, keeps_its_content_when_it_moves) {
    auto* bytes = static_cast<char*>(devres().alloc(8).value());
    std::memcpy(bytes, "content", 8);
    auto* larger = static_cast<char*>(devres().realloc(bytes, 100'000).value());
    EXPECT_STREQ(larger, "content");
    EXPECT_EQ(std::string(larger + 8, 99'992), std::string(99'992, '\0'));
    EXPECT_TRUE(devres().free(larger).ok()) << "is known by its new place";
    EXPECT_EQ(devres().size(), 0u);
}

TEST_F(DevresMemory, stays_where_it_is_if_it_fits) {
    void* bytes = devres().alloc(20).value();
    EXPECT_EQ(devres().realloc(bytes, 32).value(), bytes);
    EXPECT_EQ(devres().realloc(bytes, 1).value(), bytes);
}

TEST_F(DevresMemory, that_shrank_and_grew_is_zero_in_its_new_part) {
    auto* bytes = static_cast<char*>(devres().alloc(8).value());
    std::memset(bytes, 'x', 8);
    ASSERT_EQ(devres().realloc(bytes, 2).value(), bytes);
    ASSERT_EQ(devres().realloc(bytes, 8).value(), bytes);
    EXPECT_EQ(std::string(bytes, 8), std::string("xx") + std::string(6, '\0'));
}

TEST_F(DevresMemory, keeps_its_place_in_the_order_of_release) {
    action("older");
    void* bytes = devres().alloc(8).value();
    action("newer");
    const GroupId group = devres().open_group().value();
    bytes = devres().realloc(bytes, 100'000).value();
    EXPECT_EQ(devres().release_group(group).value(), 0u) << "is not in the newer group";
    EXPECT_TRUE(devres().free(bytes).ok());
}

TEST_F(DevresMemory, of_another_device_is_a_miss_and_a_line_in_the_log) {
    const auto other = Device::create(model, named("other")).value();
    void* bytes = other->devres().alloc(8).value();
    EXPECT_EQ(devres().realloc(bytes, 16).error(), Errno::Inval);
    EXPECT_EQ(devres().free(bytes).error(), Errno::NoEnt);
    EXPECT_EQ(trace.take(), (Lines{"mock: devres: the memory to resize is not of this device",
                                   "mock: devres: the memory to free is not of this device"}));
    EXPECT_TRUE(other->devres().free(bytes).ok());
}

TEST_F(DevresMemory, of_size_0_after_realloc_is_freed) {
    void* bytes = devres().alloc(8).value();
    EXPECT_EQ(devres().realloc(bytes, 0).value(), Devres::no_bytes());
    EXPECT_EQ(devres().size(), 0u);
}

TEST_F(DevresMemory, copies_bytes_and_text_and_prints) {
    const char bytes[] = {1, 0, 2};
    EXPECT_EQ(std::memcmp(devres().dup(bytes, sizeof bytes).value(), bytes, sizeof bytes), 0);
    EXPECT_STREQ(devres().dup(std::string_view("text and more", 4)).value(), "text");
    EXPECT_STREQ(devres().printf("%s-%d", "card", 7).value(), "card-7");
    EXPECT_EQ(devres().size(), 3u);
    device->del();
    EXPECT_EQ(devres().size(), 0u);
}

TEST_F(DevresMemory, copies_a_text_that_is_nowhere) {
    EXPECT_STREQ(devres().dup(std::string_view()).value(), "");
    EXPECT_EQ(devres().dup(nullptr, 0).value(), Devres::no_bytes());
}

TEST_F(DevresMemory, after_del_there_is_none) {
    device->del();
    EXPECT_EQ(devres().alloc(8).error(), Errno::NoDev);
    EXPECT_EQ(devres().dup("text").error(), Errno::NoDev);
}

TEST_F(DevresMemory, fails_when_a_test_asks_for_it_and_is_as_before) {
    auto* bytes = static_cast<char*>(devres().dup("as it was").value());
    model.fail_nth_step(1);
    EXPECT_EQ(devres().realloc(bytes, 100'000).error(), Errno::NoMem);
    EXPECT_STREQ(bytes, "as it was");
    EXPECT_TRUE(devres().free(bytes).ok());
}

}  // namespace
}  // namespace plugboard::device
