#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace plugboard {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return Errno::Inval;
    return number / 2;
}

Result<std::string> quarter(int number) {
    const int once = TRY(half(number));
    return std::to_string(TRY(half(once)));
}

TEST(Result, try_gives_the_value) {
    EXPECT_EQ(quarter(12).value(), "3");
}

TEST(Result, try_passes_the_error_on) {
    EXPECT_EQ(quarter(6).error(), Errno::Inval);
}

TEST(Result, holds_what_cannot_be_copied) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(4);
    EXPECT_EQ(*std::move(result).value(), 4);
}

TEST(Errno, has_the_kernels_numbers_and_names) {
    EXPECT_EQ(static_cast<int>(Errno::NoDev), 19);
    EXPECT_STREQ(errno_name(Errno::NoDev), "ENODEV");
    EXPECT_STREQ(errno_name(static_cast<Errno>(4095)), "E?");
}

}  // namespace
}  // namespace plugboard
