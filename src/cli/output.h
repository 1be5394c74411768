// What the command says to people: errors with a remedy, warnings, tables; colour on a tty only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plugboard::cli {

enum class Colour { Red, Yellow, Green, Bold, Dim };

/// The text in that colour if `fd` is a terminal and NO_COLOR is not set.
std::string coloured(std::string_view text, Colour colour, int fd);

/// On stdout; a failure shows in flush_output().
void print_output(std::string_view text);
/// False: something that was printed did not get out. Once, at the end.
bool flush_output();

/// On stderr: "plugboard: <message>", then the remedy on a line of its own.
void print_error(std::string_view message, std::string_view remedy = {});
void print_warning(std::string_view message, std::string_view remedy = {});
/// On stderr as it is, with a newline.
void print_note(std::string_view line);

/// Rows under a heading, columns as wide as their widest cell.
class Table {
  public:
    explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    /// Lines with a newline each; the heading bold on a terminal.
    std::string text(int fd) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace plugboard::cli
