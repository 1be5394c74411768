// What the headers of the C++ library call when one of their preconditions is broken. The library
// itself is not linked: it must not be loaded into programs that did not ask for it.
#include <cstdlib>

namespace plugboard::shim {

/// std::__throw_out_of_range_fmt, of string_view::substr. Hidden: a program's own one is not
/// replaced.
[[noreturn, gnu::visibility("hidden"), gnu::used]] void fail_out_of_range(const char*, ...) __asm__(
    "_ZSt24__throw_out_of_range_fmtPKcz");

void fail_out_of_range(const char*, ...) {
    std::abort();
}

}  // namespace plugboard::shim
