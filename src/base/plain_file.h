// A plain file, read whole.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

namespace plugboard {

/// Why a file was not read.
enum class UnreadFile { NotOpened, NoData, Folder, Pipe, Device, TooLarge };

/// Its bytes, if there are at most so many. Waits for nothing, and so reads no pipe. NoData: its
/// file system does not give them.
std::variant<std::string, UnreadFile> read_plain_file(const std::string& file, size_t most);

}  // namespace plugboard
