#include "cli/shell_text.h"

#include <fmt/format.h>

namespace plugboard::cli {
namespace {

/// In single quotes, as one word.
std::string quoted(Shell shell, std::string_view text) {
    std::string word = "'";
    for (const char c : text) {
        if (c == '\'') {
            word += shell == Shell::Fish ? "\\'" : "'\\''";
        } else if (c == '\\' && shell == Shell::Fish) {
            word += "\\\\";
        } else {
            word += c;
        }
    }
    return word + "'";
}

}  // namespace

std::string export_line(Shell shell, std::string_view name, std::string_view value) {
    if (shell == Shell::Fish) {
        if (value.empty()) return fmt::format("set -e {};\n", name);
        return fmt::format("set -gx {} {};\n", name, quoted(shell, value));
    }
    if (value.empty()) return fmt::format("unset {};\n", name);
    return fmt::format("export {}={};\n", name, quoted(shell, value));
}

}  // namespace plugboard::cli
