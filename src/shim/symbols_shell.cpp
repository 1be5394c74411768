// The calls that start a shell inside libc, where no wrapper of exec sees it: after a program has
// cleared its own environment the shell is told the variables that lead to the board.
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <span>

#include "shim/environment.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::real;

namespace {

constexpr size_t longest_command = 8 << 10;  // quoted, on the stack; who needs more is rare

/// The entries of an environment that lead to the board: "NAME=value".
std::array<std::string_view, 2> board_entries(char* const* environment) {
    std::array<std::string_view, 2> entries{};
    for (; environment && *environment; environment++) {
        const std::string_view entry(*environment);
        const std::string_view name = entry.substr(0, entry.find('='));
        if (name == shim::board_variable) entries[0] = entry;
        if (name == shim::preload_variable) entries[1] = entry;
    }
    return entries;
}

/// Texts one behind the other, counted first and then written.
class Text {
  public:
    explicit Text(char* to) : to_(to) {}
    size_t size() const { return size_; }
    void add(std::string_view part) {
        if (to_) std::memcpy(to_ + size_, part.data(), part.size());
        size_ += part.size();
    }
    /// As a word of the shell.
    void add_quoted(std::string_view word) {
        add("'");
        for (const char c : word)
            add(c == '\'' ? std::string_view("'\\''") : std::string_view(&c, 1));
        add("'");
    }

  private:
    char* to_;
    size_t size_ = 0;
};

/// A shell that has the board starts the command in its place.
size_t write_command(char* to, std::span<const std::string_view> entries,
                     std::string_view command) {
    Text text(to);
    for (const std::string_view entry : entries) {
        if (entry.empty()) continue;
        text.add("export ");
        text.add_quoted(entry);
        text.add("\n");
    }
    text.add("exec /bin/sh -c ");
    text.add_quoted(command);
    text.add(std::string_view("\0", 1));
    return text.size();
}

/// Calls start(command); where the environment lacks the board, with one that leads to it first.
template <class Start>
auto start_shell(const char* command, Start start) {
    const shim::Environment environment(environ, {});
    const std::string_view given = command ? command : "";
    if (environment.room() == 0 || given.empty() || given.size() > longest_command)
        return start(command);
    const auto entries = board_entries(environment.fill(alloca(environment.room())));
    const size_t size = write_command(nullptr, entries, given);
    if (size > longest_command) return start(command);
    auto* text = static_cast<char*>(alloca(size));
    write_command(text, entries, given);
    return start(text);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int system(const char* command) {
    return start_shell(command,
                       [](const char* all) { return real<"system", decltype(::system)>()(all); });
}

FILE* popen(const char* command, const char* mode) {
    return start_shell(
        command, [mode](const char* all) { return real<"popen", decltype(::popen)>()(all, mode); });
}

}  // extern "C"
#pragma GCC visibility pop
