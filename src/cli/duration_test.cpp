#include "cli/duration.h"

#include <gtest/gtest.h>

namespace plugboard::cli {
namespace {

using std::chrono::milliseconds;

TEST(Duration, has_units_and_is_seconds_without_one) {
    EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(parse_duration("2s"), milliseconds(2000));
    EXPECT_EQ(parse_duration("2"), milliseconds(2000));
    EXPECT_EQ(parse_duration("0.5"), milliseconds(500));
    EXPECT_EQ(parse_duration("1.5m"), milliseconds(90000));
    EXPECT_EQ(parse_duration("1h"), milliseconds(3600000));
}

TEST(Duration, what_is_none_is_refused) {
    for (const char* text :
         {"", "s", "-1s", "0", "0.1ms", "1x", "1 s", "nan", "inf", "1e300h", "1s "})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

}  // namespace
}  // namespace plugboard::cli
