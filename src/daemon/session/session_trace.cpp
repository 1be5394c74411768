#include "daemon/session/session_trace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <utility>

#include "daemon/session/process_name.h"
#include "drm/descriptor_ioctls.h"
#include "drm/trace/value_text.h"
#include "uapi/ioctl_table.h"

namespace plugboard::daemon {
namespace {

using uapi::Word;

constexpr std::array open_words = {
    Word{O_NONBLOCK, "O_NONBLOCK"}, Word{O_EXCL, "O_EXCL"},         Word{O_CREAT, "O_CREAT"},
    Word{O_TRUNC, "O_TRUNC"},       Word{O_APPEND, "O_APPEND"},     Word{O_NOCTTY, "O_NOCTTY"},
    Word{O_CLOEXEC, "O_CLOEXEC"},   Word{O_NOFOLLOW, "O_NOFOLLOW"},
};
constexpr std::array protections = {Word{PROT_READ, "PROT_READ"}, Word{PROT_WRITE, "PROT_WRITE"},
                                    Word{PROT_EXEC, "PROT_EXEC"}};
constexpr std::array map_types = {Word{MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE"},
                                  Word{MAP_SHARED, "MAP_SHARED"}, Word{MAP_PRIVATE, "MAP_PRIVATE"}};

std::string ioctl_name(const drm::Request& request, uint32_t command) {
    if (request.has_row()) return std::string(request.row().name);
    for (const uapi::Ioctl& row : drm::descriptor_ioctls) {
        if (row.command == command) return std::string(row.name);
    }
    return fmt::format("ioctl_0x{:08x}", command);
}

/// What the opener said it is called is good for others of its process only.
std::string name_of_caller(const drm::Request& request, const drm::File& file) {
    if (request.caller().pid == file.info().opener.pid) return file.info().command;
    std::string name = process_name(request.caller().pid);
    return name.empty() ? file.info().command : name;
}

TracedCall ended(const drm::Request& request, uint32_t command, const Result<int>& result) {
    TracedCall call{.pid = request.caller().pid, .name = ioctl_name(request, command)};
    if (!result.ok()) call.error = result.error();
    call.reason = result.ok() ? "" : request.reason();
    call.kind = TracedCall::Kind::Ioctl;
    return call;
}

}  // namespace

TracedCall traced_ioctl(const drm::Request& request, const drm::File& file, uint32_t command,
                        drm::IoctlText text, const Result<int>& result) {
    TracedCall call = ended(request, command, result);
    call.command = name_of_caller(request, file);
    call.argument = std::move(text.argument);
    call.answer = std::move(text.answer);
    return call;
}

TracedCall traced_ioctl(const drm::Request& request, std::string node, uint32_t command,
                        const Result<int>& result) {
    TracedCall call = ended(request, command, result);
    call.command = process_name(call.pid);
    call.node = std::move(node);
    return call;
}

std::string open_flags_text(int flags) {
    constexpr std::array access = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    const std::string others =
        drm::flags_text(open_words, static_cast<uint32_t>(flags) & ~uint32_t{O_ACCMODE});
    return access[flags & O_ACCMODE] + (others == "0" ? "" : "|" + others);
}

std::string mmap_text(uint64_t offset, uint64_t length, int protection, int flags) {
    const auto other_flags = static_cast<uint32_t>(flags);
    return fmt::format("offset=0x{:x} length={} {} {}", offset, length,
                       drm::flags_text(protections, static_cast<uint32_t>(protection)),
                       drm::flags_text(map_types, other_flags));
}

}  // namespace plugboard::daemon
