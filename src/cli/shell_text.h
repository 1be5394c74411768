// Words for a shell to evaluate.
#pragma once

#include <string>
#include <string_view>

namespace plugboard::cli {

enum class Shell { Sh, Fish };  // Sh: bash, dash, zsh too

/// A line that exports the variable to what the shell starts; an empty value removes it.
std::string export_line(Shell shell, std::string_view name, std::string_view value);

}  // namespace plugboard::cli
