#include "uapi/ioctl_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace plugboard::uapi {
namespace {

TEST(IoctlTable, every_row_is_found_by_its_number) {
    size_t rows = 0;
    for (auto row = ioctls_begin(); row != ioctls_end(); ++row) {
        if (row->command == 0) continue;
        rows++;
        EXPECT_EQ(_IOC_TYPE(row->command), type_byte) << row->name;
        EXPECT_EQ(find_ioctl(row->number()), &*row) << row->name;
        EXPECT_TRUE(row->number() < driver_first || row->number() >= driver_end) << row->name;
    }
    EXPECT_EQ(rows, 77u);
}

TEST(IoctlTable, numbers_without_a_row_are_not_found) {
    for (const uint32_t number : {0x03u, 0x08u, 0x14u, 0x40u, 0x9fu, 0xd3u, 0xffu})
        EXPECT_EQ(find_ioctl(number), nullptr) << number;
}

TEST(IoctlTable, no_name_stands_twice) {
    std::set<std::string> names;
    for (auto row = ioctls_begin(); row != ioctls_end(); ++row) {
        if (row->command == 0) continue;
        EXPECT_TRUE(names.insert(std::string(row->name)).second) << row->name;
    }
}

TEST(IoctlTable, every_row_says_since_when_and_names_its_struct_if_it_has_one) {
    for (auto row = ioctls_begin(); row != ioctls_end(); ++row) {
        if (row->command == 0) continue;
        EXPECT_FALSE(row->since.empty()) << row->name;
        EXPECT_EQ(row->argument.empty(), row->size() == 0) << row->name;
    }
}

TEST(IoctlTable, arrays_lie_within_their_struct) {
    for (auto row = ioctls_begin(); row != ioctls_end(); ++row) {
        for (const UserArray& array : row->reads) {
            if (array.count_bytes == 0) continue;
            EXPECT_LE(array.pointer_offset + 8u, row->size()) << row->name;
            EXPECT_LE(array.count_offset + array.count_bytes, row->size()) << row->name;
            EXPECT_GT(array.element_bytes, 0) << row->name;
        }
    }
}

TEST(IoctlTable, only_these_waits_end_with_eintr_under_sa_restart) {
    for (auto row = ioctls_begin(); row != ioctls_end(); ++row) {
        if (row->command == 0) continue;
        EXPECT_EQ(row->interruption == Interruption::Eintr, row->name == "WAIT_VBLANK")
            << row->name;
    }
}

}  // namespace
}  // namespace plugboard::uapi
