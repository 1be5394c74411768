#include "shim/environment.h"

#include <string_view>

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

}  // namespace

size_t Environment::room_for(char* const* entries) {
    size_t count = 0;
    while (entries && entries[count]) count++;
    return count + 3;  // two more and the null at the end
}

Environment::Environment(char* const* entries, char** room) : result_(entries) {
    const Board* mine = board();
    if (!mine || mine->library.empty()) return;

    bool has_board = false;
    bool has_library = false;
    std::string_view other_preloads;
    size_t count = 0;
    for (; entries && *entries; entries++) {
        std::string_view value;
        if (find_value(*entries, board_variable, value)) has_board = true;
        if (find_value(*entries, preload_variable, value)) {
            has_library = value.find(mine->library.view()) != std::string_view::npos;
            if (!has_library) {
                other_preloads = value;
                continue;
            }
        }
        room[count++] = *entries;
    }
    if (has_board && has_library) return;

    if (!has_board) {
        board_.append(board_variable);
        board_.append("=");
        board_.append(mine->directory.view());
        room[count++] = board_.data();
    }
    if (!has_library) {
        preload_.append(preload_variable);
        preload_.append("=");
        preload_.append(mine->library.view());
        if (!other_preloads.empty()) {
            preload_.append(":");
            preload_.append(other_preloads);
        }
        room[count++] = preload_.data();
    }
    room[count] = nullptr;
    result_ = room;
}

}  // namespace plugboard::shim
