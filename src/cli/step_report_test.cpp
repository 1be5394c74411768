#include "cli/step_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plugboard::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Verdict = StepResult::Verdict;

const StepResult good{.name = "unplug DP-1", .place = "s.toml:1", .took = milliseconds(12)};
const StepResult bad{.name = "flips=1 on DP-1 within 500ms",
                     .place = "s.toml:3",
                     .verdict = Verdict::Failed,
                     .took = milliseconds(500),
                     .problem = "there is: 0 of 1 flips, \"off\"",
                     .remedy = "look"};
const StepResult skipped{.name = "plug DP-1",
                         .place = "s.toml:5",
                         .verdict = Verdict::Skipped,
                         .problem = "step 2 has failed"};

TEST(Tap, begins_with_version_and_plan) {
    EXPECT_EQ(tap_plan(3), "TAP version 13\n1..3\n");
}

TEST(Tap, has_a_line_a_step_and_a_block_for_one_that_failed) {
    EXPECT_EQ(tap_result(1, good), "ok 1 - unplug DP-1 (12 ms)\n");
    EXPECT_EQ(tap_result(2, bad),
              "not ok 2 - flips=1 on DP-1 within 500ms\n"
              "  ---\n"
              "  message: \"there is: 0 of 1 flips, \\\"off\\\"\"\n"
              "  remedy: \"look\"\n"
              "  at: \"s.toml:3\"\n"
              "  duration_ms: 500\n"
              "  ...\n");
    EXPECT_EQ(tap_result(3, skipped), "ok 3 - plug DP-1 # SKIP step 2 has failed\n");
}

TEST(Tap, a_name_makes_no_directive_and_no_line) {
    StepResult result = good;
    result.name = "screen equals a # TODO\nb\\.png";
    EXPECT_EQ(tap_result(1, result), "ok 1 - screen equals a \\# TODO b\\\\.png (12 ms)\n");
}

TEST(JUnit, counts_and_tells_each_step) {
    const std::string text = junit_document("s.toml", {good, bad, skipped});
    EXPECT_THAT(text, HasSubstr("<testsuite name=\"s.toml\" tests=\"3\" failures=\"1\" "
                                "errors=\"0\" skipped=\"1\" time=\"0.512\">"));
    EXPECT_THAT(text, HasSubstr("name=\"unplug DP-1\" time=\"0.012\"/>"));
    EXPECT_THAT(text, HasSubstr("<failure message=\"there is: 0 of 1 flips, &quot;off&quot;\">"));
    EXPECT_THAT(text, HasSubstr("<skipped message=\"step 2 has failed\"/>"));
}

TEST(JUnit, has_nothing_that_is_no_XML) {
    StepResult result = bad;
    result.name = "a<b>&\x01\xff";
    const std::string text = junit_document("s", {result});
    EXPECT_THAT(text, HasSubstr("name=\"a&lt;b&gt;&amp;?\xEF\xBF\xBD\""));
}

}  // namespace
}  // namespace plugboard::cli
