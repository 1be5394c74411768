#include "drm/objects/mode_object.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

struct Thing : ModeObject {
    Thing() : ModeObject(ObjectType::Blob) {}
};

bool knows(const ObjectIds& ids, ObjectId id, ObjectType type) {
    return ids.with(id, type, [](ModeObject* object) { return object != nullptr; });
}

TEST(ObjectIds, gives_the_lowest_free_id_from_1_on) {
    ObjectIds ids;
    Thing first;
    std::optional<Thing> second(std::in_place);
    ids.add(first);
    ids.add(*second);
    EXPECT_EQ(raw(first.id()), 1u);
    EXPECT_EQ(raw(second->id()), 2u);
    second.reset();
    EXPECT_FALSE(knows(ids, ObjectId{2}, ObjectType::Any));
    Thing third;
    ids.add(third);
    EXPECT_EQ(raw(third.id()), 2u);
    EXPECT_EQ(ids.all(), (std::vector<uint32_t>{1, 2}));
}

TEST(ObjectIds, finds_by_type_or_any) {
    ObjectIds ids;
    Thing blob;
    ids.add(blob);
    EXPECT_TRUE(knows(ids, blob.id(), ObjectType::Blob));
    EXPECT_TRUE(knows(ids, blob.id(), ObjectType::Any));
    EXPECT_FALSE(knows(ids, blob.id(), ObjectType::Crtc));
    EXPECT_FALSE(knows(ids, ObjectId::None, ObjectType::Any));
}

TEST(ObjectIds, an_object_may_outlive_its_device) {
    MaybeRef<Blob> blob;
    {
        tests::Board board;
        const uint32_t bytes = 5;
        blob = *Blob::create(board.drm(), std::as_bytes(std::span(&bytes, 1)));
    }
    EXPECT_EQ((*blob)->bytes().size(), 4u);
}

}  // namespace
}  // namespace plugboard::drm
