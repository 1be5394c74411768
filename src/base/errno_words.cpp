#include "base/errno_words.h"

namespace plugboard {
namespace {

constexpr int last_errno = 133;  // Linux: include/uapi/asm-generic/errno.h, EHWPOISON
constexpr std::string_view nameless = "E?";

}  // namespace

std::optional<Errno> find_errno(std::string_view name) {
    if (name == nameless) return std::nullopt;
    for (int number = 1; number <= last_errno; ++number) {
        const auto error = static_cast<Errno>(number);
        if (name == errno_name(error)) return error;
    }
    return std::nullopt;
}

}  // namespace plugboard
