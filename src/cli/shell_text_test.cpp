#include "cli/shell_text.h"

#include <gtest/gtest.h>

#include "tests/support/run.h"

namespace plugboard::cli {
namespace {

const std::string awkward = "a b'c\"$HOME\\`id`;#\n*'";

TEST(ShellText, means_the_same_to_a_shell_whatever_is_in_it) {
    for (const char* shell : {"sh", "bash"}) {
        const auto result = tests::run(
            {.command = {shell, "-c",
                         export_line(Shell::Sh, "WORD", awkward) + "exec printenv WORD"}});
        EXPECT_EQ(result.out, awkward + "\n") << shell << result.err;
    }
}

TEST(ShellText, takes_an_empty_variable_away) {
    const auto result = tests::run(
        {.command = {"sh", "-c", export_line(Shell::Sh, "WORD", "") + "exec printenv WORD"},
         .environment = {{"WORD", "there"}}});
    EXPECT_EQ(result.status, 1) << "printenv finds none";
    EXPECT_EQ(result.out, "");
}

TEST(ShellText, of_fish_escapes_what_its_single_quotes_do_not_hide) {
    EXPECT_EQ(export_line(Shell::Fish, "WORD", "a'b\\c$d"), "set -gx WORD 'a\\'b\\\\c$d';\n");
    EXPECT_EQ(export_line(Shell::Fish, "WORD", ""), "set -e WORD;\n");
}

}  // namespace
}  // namespace plugboard::cli
