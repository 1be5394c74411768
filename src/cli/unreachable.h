// Why a program may not have seen the shim: the loader ignored it, or there is no loader.
#pragma once

#include <optional>
#include <string>

namespace plugboard::cli {

/// One sentence about the program that PATH finds, or that its #! line names; nothing when the shim
/// can reach it.
std::optional<std::string> why_unreachable(const std::string& program);

}  // namespace plugboard::cli
