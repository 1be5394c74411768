#include "base/numbered_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace plugboard {
namespace {

std::vector<int> all_of(NumberedList<int>& list) {
    std::vector<int> all;
    list.take_all([&all](int value) { all.push_back(value); });
    return all;
}

TEST(NumberedList, keeps_the_order_of_adding_around_what_is_taken) {
    NumberedList<int> list;
    std::vector<uint64_t> numbers;
    for (int i = 0; i < 10; i++) numbers.push_back(list.add(i));
    for (const size_t taken : {0u, 9u, 4u, 5u})
        EXPECT_EQ(list.take(numbers[taken]), static_cast<int>(taken));
    list.add(10);
    EXPECT_EQ(list.size(), 7u);
    EXPECT_EQ(all_of(list), (std::vector{1, 2, 3, 6, 7, 8, 10}));
    EXPECT_EQ(list.size(), 0u);
}

TEST(NumberedList, gives_each_entry_once) {
    NumberedList<int> list;
    const uint64_t first = list.add(1), second = list.add(2), third = list.add(3);
    EXPECT_EQ(list.take(first), 1);
    EXPECT_EQ(list.take(first), std::nullopt);
    EXPECT_EQ(list.take(second), 2);  // most are holes now
    EXPECT_EQ(list.take(first), std::nullopt);
    EXPECT_EQ(list.take(second), std::nullopt);
    EXPECT_EQ(list.take(third), 3);
    EXPECT_EQ(list.take(third), std::nullopt);
    EXPECT_TRUE(all_of(list).empty());
}

TEST(NumberedList, knows_no_number_that_it_has_not_given) {
    NumberedList<int> list;
    EXPECT_EQ(list.take(0), std::nullopt);
    EXPECT_EQ(list.take(1), std::nullopt);
    const uint64_t only = list.add(1);
    EXPECT_EQ(list.take(0), std::nullopt);
    EXPECT_EQ(list.take(only + 1), std::nullopt);
    EXPECT_EQ(list.size(), 1u);
}

TEST(NumberedList, uses_no_number_again) {
    NumberedList<int> list;
    const uint64_t taken = list.add(1);
    list.take(taken);
    const uint64_t told = list.add(2);
    all_of(list);
    const uint64_t last = list.add(3);
    EXPECT_LT(taken, told);
    EXPECT_LT(told, last);
    EXPECT_EQ(list.take(told), std::nullopt);
}

/// Counts how often one is moved.
struct Moved {
    explicit Moved(size_t& moves) : moves_(&moves) {}
    Moved(Moved&& other) noexcept : moves_(other.moves_) { ++*moves_; }
    Moved& operator=(Moved&& other) noexcept {
        moves_ = other.moves_;
        ++*moves_;
        return *this;
    }
    ~Moved() = default;

  private:
    size_t* moves_;
};

/// Each taken one moves some others, but all together move each only a few times.
void expect_few_moves(const std::vector<size_t>& order) {
    size_t moves = 0;
    NumberedList<Moved> list;
    std::vector<uint64_t> numbers;
    for (size_t i = 0; i < order.size(); i++) numbers.push_back(list.add(Moved(moves)));
    moves = 0;
    for (const size_t index : order) EXPECT_TRUE(list.take(numbers[index]));
    EXPECT_LE(moves, 10 * order.size());
}

TEST(NumberedList, moves_few_others_in_whatever_order_they_are_taken) {
    std::vector<size_t> order(4096);
    std::iota(order.begin(), order.end(), size_t{0});
    expect_few_moves(order);
    std::ranges::reverse(order);
    expect_few_moves(order);
    std::ranges::shuffle(order, std::mt19937(1));
    expect_few_moves(order);
}

}  // namespace
}  // namespace plugboard
