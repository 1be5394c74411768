// TOML that people write: read so that no text can break the parser.
#pragma once

#include <fmt/format.h>

// toml++ 3.3 asserts what it is about to check of its input ("[[["); clang would believe it.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_MAX_NESTED_VALUES 8  // a board's have 3
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <string>
#include <string_view>

#include "daemon/config/problem.h"

namespace plugboard::daemon {

inline constexpr int max_toml_dots = 256;  // in a line

/// toml++ follows the dots of a key on its stack, however many there are. The first line with too
/// many; 0: there is none.
inline int find_deep_toml_line(std::string_view text) {
    for (int number = 1; !text.empty(); number++) {
        const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, end);
        const size_t start = line.find_first_not_of(" \t");
        const bool is_comment = start != std::string_view::npos && line[start] == '#';
        if (!is_comment && std::ranges::count(line, '.') > max_toml_dots) return number;
        text.remove_prefix(end);
    }
    return 0;
}

inline int line_of(const toml::node& node) {
    return static_cast<int>(node.source().begin.line);
}

/// Throws a Problem with its line.
inline toml::table parse_toml_text(std::string_view text) {
    if (const int line = find_deep_toml_line(text)) {
        Problem problem{.message = fmt::format("the line has over {} dots", max_toml_dots),
                        .remedy = "break it up; no key has more than one dot"};
        problem.line = line;
        throw problem;
    }
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        Problem problem{.message = std::string(error.description()),
                        .remedy = "the file must be TOML: see https://toml.io"};
        problem.line = static_cast<int>(error.source().begin.line);
        throw problem;
    }
}

}  // namespace plugboard::daemon
