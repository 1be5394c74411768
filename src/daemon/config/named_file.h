// A file that a person names, and what they are told when it cannot be read.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "base/plain_file.h"
#include "daemon/config/problem.h"

namespace plugboard::daemon {

/// What a file has at most, and what to do about one that has more.
struct FileLimit {
    size_t bytes;
    const char* remedy;
};
inline constexpr FileLimit config_file_limit{
    .bytes = 16 << 20, .remedy = "name a board's TOML, or JSON of vkmsctl or drm_info"};
/// 255 blocks: their hex fits into a line of control.
inline constexpr FileLimit edid_file_limit{.bytes = 32640, .remedy = "name a file with an EDID"};

/// Throws a Problem with the file.
inline std::string read_named_file(const std::string& file, const FileLimit& limit) {
    auto read = read_plain_file(file, limit.bytes);
    if (auto* bytes = std::get_if<std::string>(&read)) return std::move(*bytes);
    Problem problem{.message = "cannot be read", .remedy = {}, .key = {}, .file = file};
    switch (std::get<UnreadFile>(read)) {
        case UnreadFile::NotOpened: problem.remedy = "check the path and its permissions"; break;
        case UnreadFile::NoData: problem.remedy = "check the file system that it is on"; break;
        case UnreadFile::Folder:
            problem.message = "is a folder";
            problem.remedy = "name a file in it";
            break;
        case UnreadFile::Pipe:
            problem.message = "is a pipe";
            problem.remedy = "write what it gives into a file, and name that";
            break;
        case UnreadFile::Device:
            problem.message = "is no plain file";
            problem.remedy = "write what it gives into a file, and name that";
            break;
        case UnreadFile::TooLarge:
            problem.message = fmt::format("has over {} bytes", limit.bytes);
            problem.remedy = limit.remedy;
            break;
    }
    throw problem;
}

}  // namespace plugboard::daemon
