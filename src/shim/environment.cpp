#include "shim/environment.h"

#include <cstring>

#include "shim/board.h"

namespace plugboard::shim {
namespace {

/// The value in "NAME=value", or nothing.
bool find_value(const char* entry, std::string_view name, std::string_view& value) {
    const std::string_view text(entry);
    if (!text.starts_with(name) || !text.substr(name.size()).starts_with('=')) return false;
    value = text.substr(name.size() + 1);
    return true;
}

/// Writes texts one behind the other.
class Writer {
  public:
    explicit Writer(char* to) : to_(to) {}
    char* position() const { return to_; }
    void add(std::string_view text) {
        std::memcpy(to_, text.data(), text.size());
        to_ += text.size();
    }
    void end() { *to_++ = '\0'; }

  private:
    char* to_;
};

/// Cuts `list`, whose words stand between blanks and colons, at the word: false when it is not
/// there.
bool cut_at_word(std::string_view list, std::string_view word, std::string_view& before,
                 std::string_view& after) {
    constexpr std::string_view separators = ": ";
    const auto separates = [&](size_t at) {
        return at >= list.size() || separators.find(list[at]) != std::string_view::npos;
    };
    for (size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
        const size_t end = at + word.size();
        if ((at > 0 && !separates(at - 1)) || !separates(end)) continue;
        before = list.substr(0, at > 0 ? at - 1 : 0);
        after = list.substr(end < list.size() ? end + 1 : end);
        return true;
    }
    return false;
}

}  // namespace

Environment::Environment(char* const* entries, const Preload& wanted) : entries_(entries) {
    const Board* mine = board();
    if (!mine || mine->library.empty()) return;
    size_t count = 0;
    std::string_view preload;
    for (; entries && entries[count]; count++) {
        std::string_view value;
        if (find_value(entries[count], board_variable, value)) has_board_ = true;
        if (find_value(entries[count], preload_variable, value)) preload = value;
    }
    find_words(preload, wanted, mine->library.view());
    if (has_board_ && keeps_preload_) return;
    room_ = (count + 3) * sizeof(char*);  // two more, and the null at the end
    room_ += board_variable.size() + 1 + mine->directory.size() + 1;
    room_ += preload_variable.size() + 1;
    for (const std::string_view word : words_) room_ += word.size() + 1;
}

void Environment::find_words(std::string_view preload, const Preload& wanted,
                             std::string_view library) {
    std::string_view before, after;
    const bool has_library = cut_at_word(preload, library, before, after);
    const bool has_sanitizer =
        wanted.sanitizer.empty() || preload.find(wanted.sanitizer) != std::string_view::npos;
    keeps_preload_ = has_library == wanted.library && has_sanitizer;
    if (!has_sanitizer) words_[0] = wanted.sanitizer;
    if (wanted.library) words_[1] = library;
    words_[2] = has_library ? before : preload;
    words_[3] = after;
}

char* const* Environment::fill(void* room) const {
    if (room_ == 0) return entries_;
    auto** list = static_cast<char**>(room);
    size_t count = 0, given = 0;
    for (char* const* entry = entries_; entry && *entry; entry++, given++) {
        std::string_view value;
        if (!keeps_preload_ && find_value(*entry, preload_variable, value)) continue;
        list[count++] = *entry;
    }
    Writer writer(reinterpret_cast<char*>(list + given + 3));
    if (!has_board_) {
        list[count++] = writer.position();
        writer.add(board_variable);
        writer.add("=");
        writer.add(board()->directory.view());
        writer.end();
    }
    if (!keeps_preload_) {
        list[count++] = writer.position();
        writer.add(preload_variable);
        std::string_view separator = "=";
        for (const std::string_view word : words_) {
            if (word.empty()) continue;
            writer.add(separator);
            writer.add(word);
            separator = ":";
        }
        if (separator == "=") count--;  // none is left
        writer.end();
    }
    list[count] = nullptr;
    return list;
}

}  // namespace plugboard::shim
