// A file that a person names: read whole, if it is a plain file of a size that one may have.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "daemon/config/problem.h"

namespace plugboard::daemon {

inline constexpr size_t longest_text_file = 16 << 20;  // bytes

/// Throws a Problem with the file. Waits for nothing.
inline std::string read_text_file(const std::string& file) {
    const auto fail = [&](std::string message, std::string remedy) {
        throw Problem{
            .message = std::move(message), .remedy = std::move(remedy), .key = {}, .file = file};
    };
    // Else opening a pipe waits for who writes into it.
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!fd.is_open() || fstat(fd.borrow(), &status) != 0)
        fail("cannot be read", "check the path and its permissions");
    if (S_ISDIR(status.st_mode)) fail("is a folder", "name a file in it");
    if (!S_ISREG(status.st_mode))
        fail("is no plain file", "write what it gives into a file, and name that");
    std::string text;
    std::array<char, 65536> bytes{};
    for (;;) {
        const ssize_t count = read(fd.borrow(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot be read", "check the file system that it is on");
        if (count == 0) return text;
        text.append(bytes.data(), static_cast<size_t>(count));
        if (text.size() > longest_text_file)
            fail(fmt::format("has over {} bytes", longest_text_file),
                 "name a board's TOML, or JSON of vkmsctl or drm_info");
    }
}

}  // namespace plugboard::daemon
