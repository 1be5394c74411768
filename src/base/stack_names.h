// Return addresses as names of functions, for people.
// Linux: lib/stacktrace.c, kernel/kallsyms.c
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plugboard {

/// A demangled name without arguments, template arguments and our own namespace:
/// "plugboard::drm::File::open(int) const" is "drm::File::open".
std::string short_function_name(std::string_view demangled);

/// The function that the call before this address is in: "drm::File::open". Also of functions that
/// no other file sees, if the program is not stripped; else "plugboard-daemon+0x1f3a".
std::string function_at(const void* return_address);

/// The functions of a stack, innermost first, without what handles references and what every stack
/// has: at most `most`.
std::vector<std::string> telling_functions(std::span<void* const> stack, size_t most);

}  // namespace plugboard
