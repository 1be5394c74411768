#include "embed/outside.h"

// Where the program has ThreadSanitizer.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): its names
[[gnu::weak]] void __tsan_ignore_thread_begin();
[[gnu::weak]] void __tsan_ignore_thread_end();
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
}

namespace plugboard::embed {
namespace {

// Each wrapper of libc asks, in signal handlers too: the other models may allocate at the first
// use.
[[gnu::tls_model("initial-exec")]] constinit thread_local bool outside = false;

/// ThreadSanitizer takes the board's descriptors for those of the program with the same numbers.
class UnseenByThreadSanitizer {
  public:
    UnseenByThreadSanitizer() {
        if (__tsan_ignore_thread_begin) __tsan_ignore_thread_begin();
    }
    ~UnseenByThreadSanitizer() {
        if (__tsan_ignore_thread_end) __tsan_ignore_thread_end();
    }
    UnseenByThreadSanitizer(const UnseenByThreadSanitizer&) = delete;
    UnseenByThreadSanitizer& operator=(const UnseenByThreadSanitizer&) = delete;
};

}  // namespace

void stay_outside() {
    outside = true;
    [[maybe_unused]] thread_local const UnseenByThreadSanitizer until_its_end;
}

bool is_outside() {
    return outside;
}

}  // namespace plugboard::embed
