#include "base/ref_tracker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "base/stack_names.h"

namespace plugboard {
namespace {

class TrackedThing final : public Object {
  public:
    std::string label() const override { return "thing"; }
    void visit_refs(RefVisitor&) const override {}
};

using ref_tracker::Nanos;

Nanos test_time{};

class RefTracker : public testing::Test {
  protected:
    RefTracker() {
        test_time = Nanos(100);
        ref_tracker::switch_on([] { return test_time; });
    }
    ~RefTracker() override { ref_tracker::switch_off(); }

    static std::vector<ref_tracker::Record> records() {
        auto found = ref_tracker::snapshot().value().records;
        std::ranges::sort(found, {}, &ref_tracker::Record::when);
        return found;
    }
};

[[gnu::noinline]] Ref<TrackedThing> make_thing() {
    return make_ref<TrackedThing>();
}

TEST_F(RefTracker, writes_down_since_when_and_where_a_reference_is_held) {
    const Ref<TrackedThing> thing = make_thing();
    const auto found = records();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].ref, &thing);
    EXPECT_EQ(found[0].object, static_cast<const Object*>(&*thing));
    EXPECT_EQ(found[0].when, Nanos(100));
    const auto functions = telling_functions(found[0].stack(), 16);
    EXPECT_NE(std::ranges::find(functions, "make_thing"), functions.end())
        << testing::PrintToString(functions);
}

TEST_F(RefTracker, copy_is_a_record_of_its_own_and_goes_with_it) {
    const Ref<TrackedThing> first = make_ref<TrackedThing>();
    test_time = Nanos(200);
    {
        const Ref<TrackedThing> second = first;
        const Ref<const Object> third = second;
        const auto found = records();
        ASSERT_EQ(found.size(), 3u);
        EXPECT_EQ(found[0].ref, &first);
        EXPECT_EQ(found[0].when, Nanos(100));
        EXPECT_EQ(found[1].when, Nanos(200));
        EXPECT_EQ(found[2].object, found[0].object);
    }
    EXPECT_EQ(records().size(), 1u);
}

TEST_F(RefTracker, record_moves_with_its_reference) {
    Ref<TrackedThing> first = make_ref<TrackedThing>();
    test_time = Nanos(200);
    const Ref<TrackedThing> second = std::move(first);
    const auto moved = records();
    ASSERT_EQ(moved.size(), 1u);
    EXPECT_EQ(moved[0].ref, &second);
    EXPECT_EQ(moved[0].when, Nanos(100));
    Ref<TrackedThing> third = second;
    const Ref<const Object> converted = std::move(third);
    EXPECT_EQ(records().back().ref, &converted);
}

TEST_F(RefTracker, assignment_drops_the_old_reference_and_keeps_the_new_ones_time) {
    Ref<TrackedThing> kept = make_ref<TrackedThing>();
    test_time = Nanos(200);
    kept = make_ref<TrackedThing>();
    const auto found = records();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].ref, &kept);
    EXPECT_EQ(found[0].object, static_cast<const Object*>(&*kept));
    EXPECT_EQ(found[0].when, Nanos(200));
}

TEST_F(RefTracker, records_follow_the_references_of_a_container_that_grows) {
    std::vector<Ref<TrackedThing>> things;
    for (int i = 0; i < 100; i++) things.push_back(make_ref<TrackedThing>());
    const auto found = records();
    ASSERT_EQ(found.size(), 100u);
    for (const auto& record : found) {
        EXPECT_TRUE(std::ranges::any_of(things, [&](const Ref<TrackedThing>& thing) {
            return &thing == record.ref && record.object == &*thing;
        }));
    }
}

TEST_F(RefTracker, reference_that_is_given_away_has_no_record) {
    TrackedThing* const thing = make_ref<TrackedThing>().release();
    EXPECT_TRUE(records().empty());
    const auto again = Ref<TrackedThing>::adopt(*thing);
    EXPECT_EQ(records().size(), 1u);
}

TEST_F(RefTracker, writes_down_nothing_for_a_thread_that_asks_for_it) {
    const Ref<TrackedThing> thing = make_ref<TrackedThing>();
    {
        const ref_tracker::Unrecorded scope;
        const Ref<TrackedThing> copy = thing;
        EXPECT_EQ(records().size(), 1u);
    }
    const Ref<TrackedThing> copy = thing;
    EXPECT_EQ(records().size(), 2u);
}

TEST_F(RefTracker, forgets_all_when_it_is_switched_off) {
    {
        const Ref<TrackedThing> thing = make_ref<TrackedThing>();
        ref_tracker::switch_off();
        EXPECT_FALSE(ref_tracker::snapshot().has_value());
        ref_tracker::switch_on();
        EXPECT_TRUE(records().empty()) << "held since before tracking";
        const Ref<TrackedThing> copy = thing;
        EXPECT_EQ(records().size(), 1u);
    }
    EXPECT_TRUE(records().empty());
}

TEST_F(RefTracker, threads_that_pass_references_around_leave_no_record) {
    const Ref<TrackedThing> shared = make_ref<TrackedThing>();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&shared] {
            std::vector<Ref<TrackedThing>> own;
            for (int i = 0; i < 500; i++) {
                own.push_back(shared);
                own.front() = own.back();
                if (own.size() > 10) own.clear();
            }
        });
    }
    for (int i = 0; i < 50; i++) {
        for (const auto& record : records()) EXPECT_EQ(record.object, &*shared);
    }
    ref_tracker::switch_off();
    ref_tracker::switch_on();
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(records().empty());
}

/// A Ref and its object, by their addresses.
using Held = std::set<std::pair<uintptr_t, uintptr_t>>;

uintptr_t address(const void* what) {
    return reinterpret_cast<uintptr_t>(what);
}

/// One random step with the references in `slots`.
void do_something(std::vector<MaybeRef<TrackedThing>>& slots) {
    const auto slot = rc::gen::inRange<size_t>(0, slots.size());
    MaybeRef<TrackedThing>&a = slots[*slot], &b = slots[*slot];
    switch (*rc::gen::inRange(0, 6)) {
        case 0: a = make_ref<TrackedThing>(); break;
        case 1: a = b; break;
        case 2:
            if (&a == &b) break;
            a = std::move(b);
            b.reset();
            break;
        case 3: std::swap(a, b); break;
        case 4: a.reset(); break;
        case 5:
            if (a) a = Ref<TrackedThing>::adopt(*a->release());
            break;
    }
}

RC_GTEST_PROP(RefTrackerProperty, has_a_record_for_just_the_references_there_are, ()) {
    ref_tracker::switch_on();
    {
        std::vector<MaybeRef<TrackedThing>> slots(6);
        const int steps = *rc::gen::inRange(0, 40);
        for (int i = 0; i < steps; i++) {
            do_something(slots);
            Held there, recorded;
            for (const MaybeRef<TrackedThing>& one : slots)
                if (one) there.emplace(address(&*one), address(static_cast<const Object*>(&**one)));
            const auto snapshot = ref_tracker::snapshot().value();
            for (const auto& record : snapshot.records)
                recorded.emplace(address(record.ref), address(record.object));
            RC_ASSERT(recorded == there);
        }
    }
    RC_ASSERT(ref_tracker::snapshot().value().records.empty());
    ref_tracker::switch_off();
}

}  // namespace
}  // namespace plugboard
