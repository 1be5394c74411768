// Look-ups by key, in a short list that is walked and in a long one that has an index.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Trace;

constexpr char one_kind = 0, other_kind = 0;
constexpr char data_a = 0, data_b = 0;

class Noted final : public DevresEntry {
  public:
    Noted(Trace& trace, std::string name, DevresKey key)
        : DevresEntry(std::move(name), key), trace_(trace) {}
    ~Noted() override { trace_.add("end of " + name()); }

  private:
    void release() override { trace_.add("release " + name()); }
    Trace& trace_;
};

class DevresLookup : public ::testing::TestWithParam<int> {
  protected:
    DevresLookup() {
        for (int i = 0; i < GetParam(); i++)
            devres().add_action("filler", {[](void*) {}, nullptr}).value();
    }
    Devres& devres() { return device_->devres(); }
    DevresHandle add(const std::string& name, const DevresKey& key) {
        return devres().add(std::make_unique<Noted>(trace_, name, key)).value();
    }
    /// What goes until the device has gone.
    Lines rest() {
        device_->del();
        return trace_.take();
    }

    Trace trace_;
    Model model_;
    Ref<Device> device_ = Device::create(model_, named("mock")).value();
};

TEST_P(DevresLookup, finds_the_newest_of_a_key) {
    add("old", {&one_kind, &data_a});
    const DevresHandle newest = add("new", {&one_kind, &data_a});
    add("other data", {&one_kind, &data_b});
    add("other kind", {&other_kind, &data_a});
    EXPECT_EQ(devres().find({&one_kind, &data_a}), newest);
    EXPECT_EQ(devres().find({&other_kind, &data_b}), nullptr);
    EXPECT_EQ(devres().find({}), nullptr) << "no kind: is never found";
}

TEST_P(DevresLookup, finds_the_newest_of_a_kind_that_matches) {
    add("a", {&one_kind, &data_a});
    const DevresHandle second = add("b", {&one_kind, &data_b});
    add("c", {&one_kind, &data_a});
    add("d", {&other_kind, &data_a});
    const auto name_is = [](const char* name) {
        return [name](const DevresEntry& entry) { return entry.name() == name; };
    };
    EXPECT_EQ(devres().find_if(&one_kind, name_is("b")), second);
    EXPECT_EQ(devres().find_if(&one_kind, name_is("d")), nullptr);
    std::string order;
    devres().for_each(&one_kind, [&](const DevresEntry& entry) { order += entry.name(); });
    EXPECT_EQ(order, "cba");
}

TEST_P(DevresLookup, find_or_add_gives_what_is_there_and_ends_the_fresh_one) {
    const DevresKey key{&one_kind, &data_a};
    const DevresHandle there =
        devres().find_or_add(std::make_unique<Noted>(trace_, "first", key)).value();
    EXPECT_EQ(devres().find_or_add(std::make_unique<Noted>(trace_, "second", key)).value(), there);
    EXPECT_EQ(trace_.take(), Lines{"end of second"}) << "without its release";
    EXPECT_EQ(rest(), (Lines{"release first", "end of first"}));
}

TEST_P(DevresLookup, what_is_removed_is_the_callers) {
    add("old", {&one_kind, &data_a});
    add("new", {&one_kind, &data_a});
    std::unique_ptr<DevresEntry> mine = devres().remove(DevresKey{&one_kind, &data_a}).value();
    EXPECT_EQ(mine->name(), "new");
    EXPECT_EQ(devres().find({&one_kind, &data_a})->name(), "old");
    EXPECT_EQ(rest(), (Lines{"release old", "end of old"}));
    mine.reset();
    EXPECT_EQ(trace_.take(), Lines{"end of new"});
}

TEST_P(DevresLookup, what_is_removed_may_be_added_again) {
    add("thing", {&one_kind, &data_a});
    auto mine = devres().remove(DevresKey{&one_kind, &data_a}).value();
    ASSERT_TRUE(devres().add(std::move(mine)).ok());
    EXPECT_EQ(devres().find({&one_kind, &data_a})->name(), "thing");
    EXPECT_EQ(rest(), (Lines{"release thing", "end of thing"}));
}

TEST_P(DevresLookup, destroy_does_not_release_and_release_does_so_now) {
    add("destroyed", {&one_kind, &data_a});
    add("released", {&other_kind, &data_a});
    ASSERT_TRUE(devres().destroy({&one_kind, &data_a}).ok());
    EXPECT_EQ(trace_.take(), Lines{"end of destroyed"});
    ASSERT_TRUE(devres().release(DevresKey{&other_kind, &data_a}).ok());
    EXPECT_EQ(trace_.take(), (Lines{"release released", "end of released"}));
    EXPECT_EQ(rest(), Lines{});
}

TEST_P(DevresLookup, a_miss_is_noent) {
    const DevresKey key{&one_kind, &data_a};
    EXPECT_EQ(devres().remove(key).error(), Errno::NoEnt);
    EXPECT_EQ(devres().destroy(key).error(), Errno::NoEnt);
    EXPECT_EQ(devres().release(key).error(), Errno::NoEnt);
}

TEST_P(DevresLookup, a_doomed_entry_is_not_found_by_those_released_with_it) {
    add("doomed", {&one_kind, &data_a});
    Errno inner{};
    devres()
        .add_action("looks",
                    [&] {
                        inner = devres().destroy({&one_kind, &data_a}).error();
                    })
        .value();
    EXPECT_EQ(rest(), (Lines{"release doomed", "end of doomed"}));
    EXPECT_EQ(inner, Errno::NoEnt);
}

TEST_P(DevresLookup, an_object_is_found_by_its_type) {
    struct Number {
        int value;
    };
    EXPECT_EQ(devres().find<Number>(), nullptr);
    Number* first = devres().emplace<Number>(Number{1}).value();
    Number* second = devres().emplace<Number>(Number{2}).value();
    EXPECT_EQ(devres().find<Number>(), second);
    EXPECT_EQ(devres().find_or_emplace<Number>(Number{3}).value(), second);
    EXPECT_EQ(first->value, 1);
}

TEST_P(DevresLookup, what_a_group_releases_is_found_no_more) {
    const GroupId group = devres().open_group().value();
    add("inside", {&one_kind, &data_a});
    EXPECT_NE(devres().find({&one_kind, &data_a}), nullptr);
    EXPECT_EQ(devres().release_group(group).value(), 1u);
    EXPECT_EQ(devres().find({&one_kind, &data_a}), nullptr);
}

INSTANTIATE_TEST_SUITE_P(List, DevresLookup, ::testing::Values(0, 100),
                         [](const auto& of) { return of.param == 0 ? "short" : "long"; });

}  // namespace
}  // namespace plugboard::device
