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

}  // namespace

Environment::Environment(char* const* entries) : entries_(entries) {
    const Board* mine = board();
    if (!mine || mine->library.empty()) return;
    size_t count = 0;
    for (; entries && entries[count]; count++) {
        std::string_view value;
        if (find_value(entries[count], board_variable, value)) has_board_ = true;
        if (!find_value(entries[count], preload_variable, value)) continue;
        has_library_ = value.find(mine->library.view()) != std::string_view::npos;
        if (!has_library_) other_preloads_ = value;
    }
    if (has_board_ && has_library_) return;
    room_ = (count + 3) * sizeof(char*);  // two more, and the null at the end
    if (!has_board_) room_ += board_variable.size() + 1 + mine->directory.size() + 1;
    if (!has_library_)
        room_ +=
            preload_variable.size() + 1 + mine->library.size() + 1 + other_preloads_.size() + 1;
}

char* const* Environment::fill(void* room) const {
    if (room_ == 0) return entries_;
    const Board* mine = board();
    auto** list = static_cast<char**>(room);
    size_t count = 0;
    for (char* const* entry = entries_; entry && *entry; entry++) {
        std::string_view value;
        if (!has_library_ && find_value(*entry, preload_variable, value)) continue;
        list[count++] = *entry;
    }
    const size_t added = (has_board_ ? 0 : 1) + (has_library_ ? 0 : 1);
    Writer writer(reinterpret_cast<char*>(list + count + added + 1));
    if (!has_board_) {
        list[count++] = writer.position();
        writer.add(board_variable);
        writer.add("=");
        writer.add(mine->directory.view());
        writer.end();
    }
    if (!has_library_) {
        list[count++] = writer.position();
        writer.add(preload_variable);
        writer.add("=");
        writer.add(mine->library.view());
        if (!other_preloads_.empty()) writer.add(":");
        writer.add(other_preloads_);
        writer.end();
    }
    list[count] = nullptr;
    return list;
}

}  // namespace plugboard::shim
