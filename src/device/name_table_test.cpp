#include "device/name_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>

namespace plugboard::device {
namespace {

struct Owner {
    std::string name;
};

RC_GTEST_PROP(NameTable, does_what_a_map_does, ()) {
    NameTable<Owner> table;
    std::map<std::string, std::unique_ptr<Owner>> map;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(0, 60)));
    for (const auto& [what, number] : steps) {
        const std::string name = std::to_string(number);
        if (what < 2) {
            auto owner = std::make_unique<Owner>(Owner{name});
            const bool is_free = !map.contains(name);
            RC_ASSERT(table.insert(owner->name, *owner) == is_free);
            if (is_free) map[name] = std::move(owner);
        } else {
            table.erase(name);
            map.erase(name);
        }
        RC_ASSERT(table.size() == map.size());
    }
    for (int i = 0; i < 60; i++) {
        const auto found = map.find(std::to_string(i));
        RC_ASSERT(table.find(std::to_string(i)) ==
                  (found == map.end() ? nullptr : found->second.get()));
    }
}

}  // namespace
}  // namespace plugboard::device
