#include "base/ref.h"

#include <gtest/gtest.h>

#include <thread>

namespace plugboard {
namespace {

class Thing final : public Object {
  public:
    explicit Thing(bool& gone) : gone_(gone) {}
    ~Thing() override { gone_ = true; }
    std::string label() const override { return "thing"; }
    void visit_refs(RefVisitor& visitor) const override {
        if (other) visitor.edge(*other, "other");
    }
    MaybeRef<Thing> other;

  private:
    bool& gone_;
};

TEST(Ref, the_last_one_frees) {
    bool gone = false;
    {
        Ref<Thing> first = make_ref<Thing>(gone);
        EXPECT_EQ(first->ref_count(), 1u);
        const Ref<Thing> second = first;
        EXPECT_EQ(first->ref_count(), 2u);
        const Ref<Object> base = std::move(first);
        EXPECT_EQ(base->ref_count(), 2u);
        EXPECT_FALSE(gone);
    }
    EXPECT_TRUE(gone);
}

TEST(Ref, try_share_fails_on_an_object_that_is_dying) {
    struct Watcher final : Object {
        explicit Watcher(bool& alive) : alive_(alive) {}
        ~Watcher() override { alive_ = Ref<Watcher>::try_share(*this).has_value(); }
        std::string label() const override { return "watcher"; }
        void visit_refs(RefVisitor&) const override {}
        bool& alive_;
    };
    bool alive = true;
    make_ref<Watcher>(alive);
    EXPECT_FALSE(alive);
}

TEST(ObjectRegistry, lists_what_is_alive) {
    const size_t before = live_object_count();
    bool gone = false;
    {
        const Ref<Thing> thing = make_ref<Thing>(gone);
        EXPECT_EQ(live_object_count(), before + 1);
        size_t found = 0;
        for (const auto& object : live_objects()) found += object->label() == "thing";
        EXPECT_EQ(found, 1u);
        EXPECT_EQ(thing->ref_count(), 1u);
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(ObjectRegistry, may_be_walked_while_objects_come_and_go) {
    const size_t before = live_object_count();
    std::thread churn([] {
        // Of its own: whoever walks the list may be the last to let go of one.
        struct Brief final : Object {
            std::string label() const override { return "brief"; }
            void visit_refs(RefVisitor&) const override {}
        };
        for (int i = 0; i < 2000; i++) make_ref<Brief>();
    });
    // Whoever is on the list is alive while the list holds it.
    for (int i = 0; i < 200; i++) {
        for (const auto& object : live_objects()) ASSERT_GE(object->ref_count(), 1u);
    }
    churn.join();
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard
