#include "drivers/mock/card.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "drm/minors.h"
#include "tests/support/drm_client.h"

namespace plugboard::mock {
namespace {

const Card::SetUp publish = [](device::Bound& bound, drm::Device& drm) {
    return drm.publish(bound);
};

TEST(MockCard, is_there_in_one_line) {
    Card card;
    EXPECT_EQ(card.drm().info().name, "mock");
    EXPECT_FALSE(card.drm().is_published());
    EXPECT_TRUE(card.enter());
}

TEST(MockCard, is_opened_once_it_is_published) {
    Card card(publish);
    tests::Client client(card.drm());
    EXPECT_TRUE(client.is_open());
}

TEST(MockCard, leaves_nothing) {
    Card card(publish);
    { tests::Client client(card.drm()); }
    EXPECT_EQ(card.finish(), "");
}

TEST(MockCard, names_the_file_that_is_left_open) {
    Card card(publish);
    auto client = std::make_unique<tests::Client>(card.drm());
    const std::string left = card.finish();
    EXPECT_NE(left.find("  card0 (mock): 1 reference\n    file "), std::string::npos) << left;
    client.reset();
    EXPECT_EQ(card.finish(), "");
}

// Linux: drivers/gpu/drm/tests/drm_managed_test.c

TEST(DrmManaged, drm_test_managed_release_action) {
    int runs = 0;
    Card card;
    auto& action = card.drm().manage<drm::ManagedList::Action>([&runs] { runs++; });
    EXPECT_EQ(runs, 0);
    card.drm().managed().release(action);
    EXPECT_EQ(runs, 1) << "at once";
    EXPECT_EQ(card.finish(), "");
    EXPECT_EQ(runs, 1) << "and not again";
}

TEST(DrmManaged, drm_test_managed_run_action) {
    int runs = 0;
    Card card(publish);
    card.drm().manage<drm::ManagedList::Action>([&runs] { runs++; });
    EXPECT_EQ(runs, 0);
    EXPECT_EQ(card.finish(), "");
    EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace plugboard::mock
