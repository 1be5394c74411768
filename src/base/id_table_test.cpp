#include "base/id_table.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <map>

namespace plugboard {
namespace {

TEST(IdTable, gives_the_lowest_free_number) {
    IdTable<char> table;
    EXPECT_EQ(table.add('a'), 1u);
    EXPECT_EQ(table.add('b'), 2u);
    EXPECT_EQ(table.add('c'), 3u);
    EXPECT_EQ(table.remove(2), 'b');
    EXPECT_EQ(table.add('d'), 2u);
    EXPECT_EQ(table.add('e'), 4u);
}

TEST(IdTable, a_reserved_number_is_not_found) {
    IdTable<char> table;
    const uint32_t id = table.reserve();
    EXPECT_EQ(table.find(id), nullptr);
    EXPECT_NE(table.add('b'), id);
    table.put(id, 'a');
    EXPECT_EQ(*table.find(id), 'a');
}

TEST(IdTable, a_taken_number_stays_taken_until_it_is_freed) {
    IdTable<char> table;
    const uint32_t id = table.add('a');
    EXPECT_EQ(table.take(id), 'a');
    EXPECT_EQ(table.take(id), std::nullopt);
    EXPECT_NE(table.add('b'), id);
    table.free(id);
    EXPECT_EQ(table.add('c'), id);
}

RC_GTEST_PROP(IdTable, behaves_as_a_map_with_the_lowest_free_key, (std::vector<bool> adds)) {
    IdTable<int> table;
    std::map<uint32_t, int> model;
    int next = 0;
    for (const bool add : adds) {
        if (add || model.empty()) {
            uint32_t lowest = 1;
            while (model.contains(lowest)) lowest++;
            RC_ASSERT(table.add(next) == lowest);
            model[lowest] = next++;
        } else {
            const auto victim = *rc::gen::inRange<size_t>(0, model.size());
            const auto it = std::next(model.begin(), static_cast<long>(victim));
            RC_ASSERT(table.remove(it->first) == it->second);
            model.erase(it);
        }
        RC_ASSERT(table.size() == model.size());
    }
}

}  // namespace
}  // namespace plugboard
