#include "base/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace plugboard {

std::variant<std::string, UnreadFile> read_plain_file(const std::string& file, size_t most) {
    // Else opening a pipe waits for who writes into it, and a terminal becomes that of a session
    // without one.
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (!fd.is_open() || fstat(fd.borrow(), &status) != 0) return UnreadFile::NotOpened;
    if (S_ISDIR(status.st_mode)) return UnreadFile::Folder;
    if (S_ISFIFO(status.st_mode)) return UnreadFile::Pipe;
    if (!S_ISREG(status.st_mode)) return UnreadFile::Device;
    std::string bytes;
    std::array<char, 65536> part{};
    for (;;) {
        const ssize_t count = read(fd.borrow(), part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return UnreadFile::NoData;
        if (count == 0) return bytes;
        bytes.append(part.data(), static_cast<size_t>(count));
        if (bytes.size() > most) return UnreadFile::TooLarge;
    }
}

}  // namespace plugboard
