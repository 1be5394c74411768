#include "cli/output.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace plugboard::cli {
namespace {

const char* escape_of(Colour colour) {
    switch (colour) {
        case Colour::Red: return "\x1b[31m";
        case Colour::Yellow: return "\x1b[33m";
        case Colour::Green: return "\x1b[32m";
        case Colour::Bold: return "\x1b[1m";
        case Colour::Dim: return "\x1b[2m";
    }
    return "";
}

void print_with_remedy(std::string_view word, Colour colour, std::string_view message,
                       std::string_view remedy) {
    std::string text =
        fmt::format("plugboard: {}{}\n", coloured(word, colour, STDERR_FILENO), message);
    if (!remedy.empty()) text += fmt::format("  remedy: {}\n", remedy);
    fputs(text.c_str(), stderr);
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, int fd) {
    const char* no_color = getenv("NO_COLOR");
    if (text.empty() || (no_color != nullptr && *no_color != '\0') || isatty(fd) == 0)
        return std::string(text);
    return fmt::format("{}{}\x1b[0m", escape_of(colour), text);
}

void print_output(std::string_view text) {
    fwrite(text.data(), 1, text.size(), stdout);
}

bool flush_output() {
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}

void print_error(std::string_view message, std::string_view remedy) {
    print_with_remedy("error: ", Colour::Red, message, remedy);
}

void print_warning(std::string_view message, std::string_view remedy) {
    print_with_remedy("warning: ", Colour::Yellow, message, remedy);
}

void print_note(std::string_view line) {
    fputs(fmt::format("{}\n", line).c_str(), stderr);
}

std::string Table::text(int fd) const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows_) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i)
            line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
        line.erase(line.find_last_not_of(' ') + 1);
        text += &row == &rows_.front() ? coloured(line, Colour::Bold, fd) : line;
        text += '\n';
    }
    return text;
}

}  // namespace plugboard::cli
